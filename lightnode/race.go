package lightnode

import (
	"context"
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// impatience is how long peers may take for a header before more are asked for it.
	impatience = time.Second
	// mostAsked is how many peers are asked for one header before it is given up for a while.
	mostAsked = 24
	// tooEarly is how many peers have to say that they have not got a height yet until it is
	// taken to be early for all.
	tooEarly = 2
)

// answerOf is what a peer answered, or why it did not.
type answerOf[T any] struct {
	value T
	err   error
}

// firstOf asks peers, as draw names them, until one gives an answer: another one whenever
// one has failed, and as many again whenever all are silent for a while, so that a few
// that answer nothing cost no more than seconds. Requests that are still under way then end.
func firstOf[T any](ctx context.Context, draw func(not []peer.ID) (peer.ID, error), ask func(context.Context, peer.ID) (T, error)) (none T, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answerOf[T], mostAsked)
	var asked []peer.ID
	failures, underWay, early := errors.New("nobody delivered it"), 0, 0
	for more := 1; early < tooEarly; {
		for range min(more, mostAsked-len(asked)) {
			id, err := draw(asked)
			if err != nil && len(asked) == 0 {
				return none, err
			}
			if err != nil {
				break
			}
			asked, underWay = append(asked, id), underWay+1
			go func() {
				value, err := ask(ctx, id)
				answers <- answerOf[T]{value, err}
			}()
		}
		if underWay == 0 {
			return none, failures
		}
		select {
		case answer := <-answers:
			if answer.err == nil {
				return answer.value, nil
			}
			failures, underWay, more = errors.Join(failures, answer.err), underWay-1, 1
			if errors.Is(answer.err, da.ErrFutureHeight) {
				early++
			}
		case <-time.After(impatience):
			more = len(asked)
		case <-ctx.Done():
			return none, errors.Join(failures, ctx.Err())
		}
	}
	return none, failures
}
