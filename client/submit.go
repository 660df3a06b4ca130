package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// contentKey identifies what is posted: namespaces, encodings and bytes, in order.
type contentKey [sha256.Size]byte

func keyOf(infos []da.BlobInfo) contentKey {
	h := sha256.New()
	for i := range infos {
		info := &infos[i]
		h.Write(info.Namespace[:])
		h.Write([]byte{byte(info.Encoding)})
		h.Write(binary.BigEndian.AppendUint64(nil, info.Size))
		h.Write(info.Keccak256[:])
	}
	return contentKey(h.Sum(nil))
}

// Submit begins to post blobs, which take 16 rows at most together, in one transaction. It
// returns once their ids are known and the journal, if there is one, has them on disk; no
// node is asked before. What becomes of them the submission tells, whatever happens to ctx
// later.
//
// It is idempotent: the same blobs in the same order are the same submission while that is on
// its way, and as long as this client remembers it, for the next thousand others. To post
// them once more, Forget them.
func (c *Client) Submit(ctx context.Context, blobs ...da.Blob) (*Submission, error) {
	if err := c.canSubmit(); err != nil {
		return nil, err
	}
	own := make([]da.Blob, len(blobs))
	for i := range blobs {
		if err := blobs[i].Check(); err != nil {
			return nil, fmt.Errorf("blob %d: %w", i, err)
		}
		own[i] = blobs[i]
		own[i].Data = bytes.Clone(blobs[i].Data)
	}
	key := keyOf(da.DescribeBlobs(own, noCommitments(len(own))))
	return c.known.claim(ctx, key, func() (*Submission, error) {
		setup, err := c.setup()
		if err != nil {
			return nil, err
		}
		prepared, err := Prepare(setup, own)
		if err != nil {
			return nil, err
		}
		return c.begin(key, prepared)
	})
}

// Forget has blobs that are final at the height or below it posted once more when they are submitted again, as for what the chain
// will prune. What is on its way, or final above, stays known.
func (c *Client) Forget(height uint64, blobs ...da.Blob) {
	c.known.renew(keyOf(da.DescribeBlobs(blobs, noCommitments(len(blobs)))), height)
}

// noCommitments describes blobs before their commitments are known.
func noCommitments(n int) [][]kzg.Commitment { return make([][]kzg.Commitment, n) }

// SubmitPrepared is Submit for blobs whose commitments and proofs are known. Their bytes must
// not change any more.
func (c *Client) SubmitPrepared(ctx context.Context, prepared *Prepared) (*Submission, error) {
	if err := c.canSubmit(); err != nil {
		return nil, err
	}
	key := keyOf(prepared.infos)
	return c.known.claim(ctx, key, func() (*Submission, error) { return c.begin(key, prepared) })
}

func (c *Client) canSubmit() error {
	if c.signer == nil {
		return errors.New("this client has no signer: give it one, or post blobs one by one for the node to pay")
	}
	if c.life.Err() != nil {
		return errClosed
	}
	return nil
}

// begin writes a submission down and hands it to a lane.
func (c *Client) begin(key contentKey, prepared *Prepared) (*Submission, error) {
	if err := prepared.checkSize(); err != nil {
		return nil, err
	}
	if err := c.journal.content(key, prepared); err != nil {
		return nil, err
	}
	f := &flight{sub: newSubmission(key, prepared.infos), prepared: prepared}
	f.sub.client = c
	l := c.leastBusy()
	if prior := c.known.prior(key); prior != nil {
		f.take(prior)
		var err error
		if l, err = c.laneOf(prior.address); err != nil {
			return nil, err
		}
	}
	l.enqueue(f)
	return f.sub, nil
}

// leastBusy returns the lane with the fewest bytes on their way.
func (c *Client) leastBusy() *lane {
	best := c.lanes[0]
	for _, l := range c.lanes[1:] {
		if l.load() < best.load() {
			best = l
		}
	}
	return best
}

// laneOf returns the lane of an account: one of those in use, or one that was when there were
// more lanes, or fewer.
func (c *Client) laneOf(address string) (*lane, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range slices.Concat(c.lanes, c.former) {
		if l.signer.address == address {
			return l, nil
		}
	}
	if c.signer.address == address {
		c.former = append(c.former, newLane(c, c.signer, ""))
		return c.former[len(c.former)-1], nil
	}
	for i := range maxLanes {
		signer, err := c.signer.Lane(i)
		if err != nil {
			return nil, err
		}
		if signer.address == address {
			c.former = append(c.former, newLane(c, signer, c.signer.address))
			return c.former[len(c.former)-1], nil
		}
	}
	return nil, fmt.Errorf("%w: account %s is no lane of %s", ErrJournal, address, c.signer.address)
}

// remembered bounds the submissions that are known after they ended.
const remembered = 1024

// register knows submissions by content. It is safe for concurrent use.
type register struct {
	mu    sync.Mutex
	known map[contentKey]*claim // guarded by mu
	ended []contentKey          // of known, oldest first; guarded by mu
	// failed are the transactions of submissions that failed after one was signed; guarded by mu.
	failed map[contentKey]*signedTx
}

// claim is a submission, or one in the making.
type claim struct {
	ready chan struct{} // closed once sub or err is set
	sub   *Submission
	err   error
}

func newRegister() *register {
	return &register{known: make(map[contentKey]*claim), failed: make(map[contentKey]*signedTx)}
}

// claim returns the submission of a content, and makes it if there is none. While one
// goroutine makes it, others of the same content wait.
func (r *register) claim(ctx context.Context, key contentKey, begin func() (*Submission, error)) (*Submission, error) {
	r.mu.Lock()
	other := r.known[key]
	if other != nil {
		r.mu.Unlock()
		select {
		case <-other.ready:
			return other.sub, other.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	mine := &claim{ready: make(chan struct{})}
	r.known[key] = mine
	r.mu.Unlock()
	mine.sub, mine.err = begin()
	if mine.err != nil {
		r.forget(key)
	}
	close(mine.ready)
	return mine.sub, mine.err
}

// add notes a submission that a journal told of.
func (r *register) add(sub *Submission) {
	ready := make(chan struct{})
	close(ready)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[sub.key] = &claim{ready: ready, sub: sub}
}

func (r *register) forget(key contentKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, key)
}

// final notes that a submission is final, and forgets the oldest of too many.
func (r *register) final(key contentKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.failed, key)
	r.ended = append(r.ended, key)
	if len(r.ended) > remembered {
		delete(r.known, r.ended[0])
		r.ended = r.ended[1:]
	}
}

// renew forgets a submission that is final at the height or below it.
func (r *register) renew(key contentKey, height uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.Index(r.ended, key)
	if at < 0 || r.known[key].sub.State().Height > height {
		return
	}
	delete(r.known, key)
	r.ended = slices.Delete(r.ended, at, at+1)
}

// fail notes that a submission failed, so that it can be submitted again: on the same
// sequence, as long as the transaction that was signed might be included after all.
func (r *register) fail(key contentKey, signed *signedTx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, key)
	if signed != nil {
		r.failed[key] = signed
	}
}

// prior returns the transaction of an earlier submission of the same content that failed.
func (r *register) prior(key contentKey) *signedTx {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed[key]
}

// abandon fails what is not final.
func (r *register) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.known {
		select {
		case <-c.ready:
			if c.err == nil {
				c.sub.note(Update{State: Failed, Err: errClosed})
			}
		default:
		}
	}
}
