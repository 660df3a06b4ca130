package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/proto/wire"
)

// Head names a block that its announcer serves.
type Head struct {
	Height   uint64
	Hash     [32]byte // of the chain header
	DataRoot [32]byte
}

// Announcement is a Head as a peer announced it, signed by that peer and by nobody else:
// a hint where to ask, no more.
type Announcement struct {
	From peer.ID
	Head Head
}

// Verdict is what something gossiped is worth.
type Verdict int

// The verdicts of Config.CheckHead and Config.CheckAttested.
const (
	// Ignore means neither known to be right nor to be wrong, or no news: it is not relayed.
	Ignore Verdict = iota
	// Accept means right: it is relayed.
	Accept
	// Reject means wrong: who relayed it loses standing.
	Reject
)

// result is the verdict as the router takes it, label as metrics do.
func (v Verdict) result() (result pubsub.ValidationResult, label string) {
	switch v {
	case Accept:
		return pubsub.ValidationAccept, "accepted"
	case Reject:
		return pubsub.ValidationReject, "rejected"
	default:
		return pubsub.ValidationIgnore, "ignored"
	}
}

const (
	maxGossip     = 16 << 10 // of a whole gossip packet; an announcement takes 300 bytes
	hintQueue     = 64
	announcers    = 4096 // whose latest heights are remembered
	gossipWorkers = 4
)

var headShape = shape{1: number(), 2: data(32), 3: data(32)}

// gossip is the host's membership of its topics.
type gossip struct {
	heads    membership
	attested membership // none without Config.CheckAttested
	hints    chan Announcement

	mu     sync.Mutex
	latest map[peer.ID]uint64 // the height each announced last; guarded by mu
}

// membership is that of one topic.
type membership struct {
	topic *pubsub.Topic
	sub   *pubsub.Subscription
}

// joinGossip joins the topics for as long as lifetime.
func (h *Host) joinGossip(lifetime context.Context) (*gossip, error) {
	heads, attested := protocolRoot+h.config.ChainID+"/heads/1", protocolRoot+h.config.ChainID+"/attestations/1"
	router, err := pubsub.NewGossipSub(lifetime, h.host,
		pubsub.WithMaxMessageSize(maxGossip),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithSubscriptionFilter(pubsub.WrapLimitSubscriptionFilter(pubsub.NewAllowlistSubscriptionFilter(heads, attested), 4)),
		pubsub.WithValidateQueueSize(256),
		pubsub.WithPeerScore(gossipScores(h.scores, heads, attested), gossipThresholds()),
	)
	if err != nil {
		return nil, fmt.Errorf("p2p: gossip: %w", err)
	}
	g := &gossip{hints: make(chan Announcement, hintQueue), latest: make(map[peer.ID]uint64)}
	if g.heads, err = join(router, heads, h.checkGossip(g)); err != nil {
		return nil, err
	}
	if h.config.CheckAttested != nil {
		g.attested, err = join(router, attested, h.checkAttested)
	}
	return g, err
}

// join joins a topic, whose messages check decides on.
func join(router *pubsub.PubSub, name string, check pubsub.ValidatorEx) (m membership, err error) {
	if err = router.RegisterTopicValidator(name, check, pubsub.WithValidatorConcurrency(gossipWorkers)); err != nil {
		return m, fmt.Errorf("p2p: gossip: %w", err)
	}
	if m.topic, err = router.Join(name); err != nil {
		return m, fmt.Errorf("p2p: gossip: %w", err)
	}
	if m.sub, err = m.topic.Subscribe(); err != nil {
		return m, fmt.Errorf("p2p: gossip: %w", err)
	}
	return m, nil
}

// Announce tells the network that this host serves a block.
func (h *Host) Announce(ctx context.Context, head Head) error {
	if h.gossip == nil {
		return errors.New("p2p: a deaf host announces nothing")
	}
	m := &wire.Head{Height: head.Height, Hash: head.Hash[:], DataRoot: head.DataRoot[:]}
	encoded, err := m.Marshal()
	if err != nil {
		return fmt.Errorf("p2p: announcing height %d: %w", head.Height, err)
	}
	if err := h.gossip.heads.topic.Publish(ctx, encoded); err != nil {
		return fmt.Errorf("p2p: announcing height %d: %w", head.Height, err)
	}
	return nil
}

// Heads returns announcements as they come in, whether they are relayed or not, each
// announcer's heights ascending. Who reads too slowly misses some. It is never closed; a deaf
// host's is nil.
func (h *Host) Heads() <-chan Announcement {
	if h.gossip == nil {
		return nil
	}
	return h.gossip.hints
}

// checkGossip returns what decides on a message before it is relayed.
func (h *Host) checkGossip(g *gossip) pubsub.ValidatorEx {
	return func(ctx context.Context, _ peer.ID, message *pubsub.Message) pubsub.ValidationResult {
		if message.GetFrom() == h.ID() {
			return pubsub.ValidationAccept
		}
		announcement, err := decodeAnnouncement(message)
		verdict := Reject
		if err == nil {
			verdict = h.judge(ctx, g, announcement)
		}
		result, label := verdict.result()
		h.metrics.heads.WithLabelValues(label).Inc()
		return result
	}
}

// judge notes what an announcement says and asks the Config what it is worth.
func (h *Host) judge(ctx context.Context, g *gossip, a Announcement) Verdict {
	if h.scores.banned(a.From) || !g.advance(a.From, a.Head.Height) {
		return Ignore
	}
	verdict := Ignore
	if h.config.CheckHead != nil {
		verdict = h.config.CheckHead(ctx, a)
	}
	if verdict == Reject {
		return verdict
	}
	h.scores.update(a.From, func(s *score) { s.newest = max(s.newest, a.Head.Height) })
	select {
	case g.hints <- a:
	default: // the reader is behind, and later heights tell it as much
	}
	return verdict
}

func decodeAnnouncement(message *pubsub.Message) (Announcement, error) {
	head, err := decodeHead(message.GetData())
	return Announcement{From: message.GetFrom(), Head: head}, err
}

func decodeHead(encoded []byte) (head Head, err error) {
	var m wire.Head
	if err := decode(encoded, headShape, &m); err != nil {
		return head, err
	}
	if m.Height == 0 || len(m.Hash) != len(head.Hash) || len(m.DataRoot) != len(head.DataRoot) {
		return head, fmt.Errorf("%w: head of height %d", errShape, m.Height)
	}
	return Head{Height: m.Height, Hash: [32]byte(m.Hash), DataRoot: [32]byte(m.DataRoot)}, nil
}

// advance notes an announcer's height, and tells whether it is news.
func (g *gossip) advance(from peer.ID, height uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	before, known := g.latest[from]
	if known && height <= before {
		return false
	}
	if !known && len(g.latest) >= announcers {
		for id := range g.latest { // any: it may then repeat itself once
			delete(g.latest, id)
			break
		}
	}
	g.latest[from] = height
	return true
}

// drain empties the subscription, without which nothing would be relayed; what matters
// was seen by the validator.
func (m membership) drain(ctx context.Context) error {
	if m.sub == nil {
		return nil
	}
	for {
		_, err := m.sub.Next(ctx)
		switch {
		case ctx.Err() != nil, errors.Is(err, pubsub.ErrSubscriptionCancelled):
			return nil
		case err != nil:
			return fmt.Errorf("p2p: gossip: %w", err)
		}
	}
}
