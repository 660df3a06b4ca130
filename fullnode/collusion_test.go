package fullnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/adversary"
)

// plot is what colluding validators have agreed on: how the next block with blobs is spoilt,
// and what it was before, by which they go on.
type plot struct {
	mu sync.Mutex
	// spoil returns what is proposed instead of a block's transactions, and those whose square is
	// served, nil if none is. Nil: nothing is spoilt. Guarded by mu.
	spoil  func(txs [][]byte) (proposed, served [][]byte, err error)
	spoilt map[[da.HashSize]byte]*spoiltBlock // by DataHash; guarded by mu
	done   chan uint64                        // heights that were finalised spoilt
}

type spoiltBlock struct{ honest, proposed, served [][]byte }

func newPlot() *plot {
	return &plot{spoilt: make(map[[da.HashSize]byte]*spoiltBlock), done: make(chan uint64, 16)}
}

// set agrees on how to spoil the next block.
func (p *plot) set(spoil func(txs [][]byte) (proposed, served [][]byte, err error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil = spoil
}

// propose returns what is proposed instead of a block's transactions.
func (p *plot) propose(txs [][]byte) ([][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spoil == nil || len(txs) <= 2 {
		return txs, nil
	}
	s := &spoiltBlock{honest: slices.Clone(txs)}
	var err error
	if s.proposed, s.served, err = p.spoil(txs); err != nil {
		return nil, err
	}
	p.spoilt[da.DataHash(s.proposed)] = s
	return s.proposed, nil
}

// find returns what a block is that was spoilt, nil if it was not.
func (p *plot) find(txs [][]byte) *spoiltBlock {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spoilt[da.DataHash(txs)]
}

// colluder is the application of a validator that is in a plot: it votes for anything, executes
// spoilt blocks as if they were not, and keeps the square that is to be served.
type colluder struct {
	abci.Application
	plot  *plot
	store func() *store.Store
	tells bool // says which heights were finalised spoilt
}

func (c *colluder) PrepareProposal(ctx context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	response, err := c.Application.PrepareProposal(ctx, req)
	if err == nil {
		response.Txs, err = c.plot.propose(response.Txs)
	}
	return response, err
}

func (*colluder) ProcessProposal(context.Context, *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

func (c *colluder) FinalizeBlock(ctx context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	spoilt := c.plot.find(req.Txs)
	if spoilt == nil {
		return c.Application.FinalizeBlock(ctx, req)
	}
	if err := c.keep(ctx, req, spoilt); err != nil {
		return nil, err
	}
	req.Txs = spoilt.honest
	response, err := c.Application.FinalizeBlock(ctx, req)
	if err == nil && c.tells {
		c.plot.set(nil)
		c.plot.done <- uint64(req.Height)
	}
	return response, err
}

// keep stores the DA header that was finalised, with the square that is said to lie behind it.
func (c *colluder) keep(ctx context.Context, req *abci.RequestFinalizeBlock, spoilt *spoiltBlock) error {
	proof, err := da.ProveHeader(spoilt.proposed)
	if err != nil {
		return err
	}
	kept := &store.Block{Height: uint64(req.Height), Time: req.Time, Hash: [da.HashSize]byte(req.Hash), Proof: *proof}
	if spoilt.served != nil {
		served, err := da.ParseBlock(da.Limits{MaxRows: da.HardMaxRows, MaxTxRows: da.HardMaxRows, MaxSharedRows: da.HardMaxRows}, spoilt.served)
		if err != nil {
			return err
		}
		kept.Rows, kept.Proofs = served.Square.Rows, served.Proofs
	}
	return c.store().Put(ctx, kept)
}

// conspiracy is a chain three of whose four validators collude, with real consensus.
type conspiracy struct {
	plot      *plot
	colluders []*runningNode
	honest    *runningNode
}

func newConspiracy(t *testing.T) *conspiracy {
	t.Helper()
	configs := []Config{newValidator(t)}
	for _, home := range []string{t.TempDir(), t.TempDir(), outlasting(t)} {
		configs = append(configs, newAccomplice(t, configs[0], home))
	}
	configs[3].Log = slog.New(slog.DiscardHandler)
	c := &conspiracy{plot: newPlot()}
	for i, cfg := range configs {
		if i > 0 {
			copyFile(t, configs[0].Comet.GenesisFile(), cfg.Comet.GenesisFile())
			cfg.Comet.P2P.PersistentPeers = c.colluders[0].cometAddress()
		}
		if i == 3 {
			c.honest = startNode(t, cfg)
			break
		}
		var node *runningNode
		cfg.wrap = func(inner abci.Application) abci.Application {
			return &colluder{inner, c.plot, func() *store.Store { return node.store }, i == 0}
		}
		node = startNode(t, cfg)
		c.colluders = append(c.colluders, node)
	}
	c.colluders[0].waitStored(t, 2)
	return c
}

// finalise has the colluders finalise a spoilt block, whoever's turn it is before it is theirs,
// and returns its height.
func (c *conspiracy) finalise(t *testing.T, spoil func(txs [][]byte) (proposed, served [][]byte, err error)) uint64 {
	t.Helper()
	c.plot.set(spoil)
	for seed := byte(1); ; seed++ {
		if _, err := (submitter{c.colluders[0].Node}).PostBlob(t.Context(), testBlob(t, seed, 1000)); err != nil {
			t.Fatal(err)
		}
		select {
		case height := <-c.plot.done:
			c.colluders[0].waitStored(t, height+1)
			return height
		case <-time.After(5 * time.Second): // an honest proposer had the blob
		case <-t.Context().Done():
			t.Fatal("nothing was finalised")
		}
	}
}

// light starts a light node that knows the colluders alone.
func (c *conspiracy) light(t *testing.T, follow *lightnode.Follow) *lightnode.Node {
	t.Helper()
	var peers []string
	for _, node := range c.colluders {
		peers = append(peers, node.Addresses()[0])
	}
	first := c.colluders[0].comet.BlockStore().LoadBlockMeta(1)
	n, err := lightnode.New(t.Context(), lightnode.Config{
		Home: t.TempDir(), ChainID: testChain, Trust: &lightnode.Trust{Height: 1, Hash: [32]byte(first.BlockID.Hash)}, Peers: peers,
		Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Metrics: prometheus.NewRegistry(), CommitEvery: 1, Poll: 100 * time.Millisecond,
		Deadline: 5 * time.Second, Follow: follow, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return n
}

// reportOf returns what a light node knows of a height, nil before it knows anything.
func reportOf(t *testing.T, n *lightnode.Node, height uint64) *lightnode.AvailabilityReport {
	t.Helper()
	report, err := n.Availability(t.Context(), height)
	if errors.Is(err, da.ErrNotFound) || errors.Is(err, da.ErrFutureHeight) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// rebuilds has a full node that knows one colluder rebuild a height from what that serves.
func (c *conspiracy) rebuilds(t *testing.T, height uint64) error {
	t.Helper()
	host, _ := newInformer(t, c.colluders[0])
	setup, err := kzg.NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	with, err := rebuild.New(rebuild.Config{Host: host, Setup: setup, Patience: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	hash := c.colluders[0].comet.BlockStore().LoadBlockMeta(int64(height)).BlockID.Hash
	_, err = with.Rebuild(t.Context(), height, [da.HashSize]byte(hash))
	return err
}

// TestThreeOfFourFinaliseWhatIsWrong has three of four validators run a chain by real consensus and
// finalise, one after the other, an index and transaction rows that DataHash contradicts, a block that they
// withhold and a wrong commitment. The fourth halts at the first. Light nodes that know the colluders alone
// find the first two available, which they are: a node that rebuilds their squares exposes them, and a follower
// that recomputes the index refuses it. The others are available to nobody.
func TestThreeOfFourFinaliseWhatIsWrong(t *testing.T) {
	t.Parallel()
	c := newConspiracy(t)
	same := func(change func(txs [][]byte) ([][]byte, error)) func([][]byte) ([][]byte, [][]byte, error) {
		return func(txs [][]byte) ([][]byte, [][]byte, error) {
			proposed, err := change(txs)
			return proposed, slices.Clone(txs), err
		}
	}
	index := c.finalise(t, same(adversary.WrongIndex))
	haltsAt(t, c.honest, index)
	rows := c.finalise(t, func(txs [][]byte) ([][]byte, [][]byte, error) {
		setup, err := kzg.NewSetup()
		if err != nil {
			return nil, nil, err
		}
		other, err := da.BuildBlock(setup, da.DefaultLimits(), [][]byte{[]byte("a transaction that the block does not have")})
		if err != nil {
			return nil, nil, err
		}
		proposed, err := adversary.WrongRows(txs, other.Txs)
		return proposed, other.Txs, err
	})
	for name, height := range map[string]uint64{"the index": index, "the transaction rows": rows} {
		if err := c.rebuilds(t, height); !errors.Is(err, rebuild.ErrContradiction) {
			t.Errorf("%s: a node that rebuilds the square finds %v, want %v", name, err, rebuild.ErrContradiction)
		}
	}
	follower := c.light(t, &lightnode.Follow{Namespace: testBlob(t, 1, 1).Namespace, Out: t.TempDir(), From: index, VerifyIndex: true})
	for name, height := range map[string]uint64{"the index": index, "the transaction rows": rows} {
		await(t, name+": the square is available", func() bool {
			report := reportOf(t, follower, height)
			return report != nil && report.Verdict == sampling.Available
		})
	}
	await(t, "the follower refuses the index", func() bool {
		status, err := follower.Status(t.Context())
		return err == nil && strings.Contains(status.Alarm, fmt.Sprintf("is delivered from height %d on", index)) && strings.Contains(status.Alarm, "contradicts itself")
	})

	withheld := c.finalise(t, func(txs [][]byte) ([][]byte, [][]byte, error) { return slices.Clone(txs), nil, nil })
	neverAvailable(t, "what is withheld", follower, withheld)
	commitment := c.finalise(t, same(adversary.WrongCommitment))
	neverAvailable(t, "the wrong commitment", c.light(t, nil), commitment)
}

// neverAvailable waits until a height was sampled up to the deadline.
func neverAvailable(t *testing.T, what string, n *lightnode.Node, height uint64) {
	t.Helper()
	await(t, what+" was sampled up to its deadline", func() bool {
		report := reportOf(t, n, height)
		return report != nil && report.Checked != nil
	})
	if verdict := reportOf(t, n, height).Verdict; verdict == sampling.Available {
		t.Errorf("%s is %v", what, verdict)
	}
}

// haltsAt waits until a node halts at a block that contradicts itself.
func haltsAt(t *testing.T, node *runningNode, height uint64) {
	t.Helper()
	select {
	case <-node.done:
	case <-time.After(patience):
		t.Fatal("the honest validator did not halt")
	}
	if err := node.stop(); !errors.Is(err, ErrHalted) || !strings.Contains(err.Error(), fmt.Sprintf("block %d ", height)) {
		t.Errorf("the honest validator ended with %v, want that it halted at block %d", err, height)
	}
	if head := node.store.Head(); head >= height {
		t.Errorf("the honest validator serves up to height %d, and block %d is bad", head, height)
	}
}
