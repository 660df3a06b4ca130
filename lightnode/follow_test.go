package lightnode

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// logged keeps what is logged. It is safe for concurrent use.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A node in good order has nothing to warn of, and does not pretend to have sampled a block
// that has no cells.
func TestAHealthyNodeLogsNoWarning(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	blocks.grow(emptyBlock)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	log := &logged{}
	config.Log = slog.New(slog.NewTextHandler(log, nil))
	n, stop := start(t, config)
	awaitVerdict(t, n, 1, sampling.Available)
	awaitVerdict(t, n, 2, sampling.Available)
	stop()
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			t.Errorf("logged %s", line)
		}
		if strings.Contains(line, "msg=verdict height=2") && (!strings.Contains(line, "the block is empty") || strings.Contains(line, "verified=")) {
			t.Errorf("of the empty block: %s", line)
		}
	}
	if !strings.Contains(log.String(), "msg=verdict height=1 verdict=available confidence=0.99") || !strings.Contains(log.String(), "msg=verdict height=2") {
		t.Errorf("no verdicts in %s", log)
	}
}

func TestALackOfPeersIsAWarningAfterAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logged{}
		n := &Node{config: &Config{Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now}, started: time.Now()}
		warned := func() int { return strings.Count(log.String(), "level=WARN") }
		n.noteHeadError(p2p.ErrNoPeer)
		if warned() != 0 || text(n.headError.Load()) == "" {
			t.Errorf("at its start: %s", log)
		}
		time.Sleep(connectGrace)
		n.noteHeadError(p2p.ErrNoPeer)
		n.noteHeadError(p2p.ErrNoPeer)
		if warned() != 1 {
			t.Errorf("a while later: %s", log)
		}
		n.noteHeadError(p2p.ErrRemote)
		if warned() != 2 {
			t.Errorf("for another reason: %s", log)
		}
	})
}

// A node that was told the wrong chain id says which chain its peer is of, at once.
func TestAWrongChainIDIsExplained(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 1)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.ChainID = "light-tset"
	log := &logged{}
	config.Log = slog.New(slog.NewTextHandler(log, nil))
	n, _ := start(t, config)
	rig.Await(t, "the status names both chains", func() bool {
		return strings.Contains(status(t, n).HeadError, `serves chain "light-test", not "light-tset"`)
	})
	rig.Await(t, "it is a warning", func() bool { return strings.Contains(log.String(), "level=WARN") })
}

// Of what a node does not know yet it relays nothing: those who do know hold a lie against who relayed it.
func TestOnlyWhatIsKnownIsRelayed(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	_, host := blocks.serve(t)
	n := open(t, testConfig(t, blocks, host))
	header := blocks.at(3).header
	r := newRecord(header)
	said := func(hash, root byte) p2p.Verdict {
		head := p2p.Head{Height: 3, Hash: r.BlockHash, DataRoot: [32]byte{7}}
		head.Hash[0] ^= hash
		head.DataRoot[0] ^= root
		return n.checkHead(t.Context(), p2p.Announcement{Head: head})
	}
	if got := said(0, 0); got != p2p.Ignore {
		t.Errorf("of a height that is not verified: %v", got)
	}
	if err := n.heights.put(r); err != nil {
		t.Fatal(err)
	}
	if has, another := said(0, 0), said(1, 0); has != p2p.Ignore || another != p2p.Reject {
		t.Errorf("before its data root is known: %v, of another hash %v", has, another)
	}
	r.Session, r.DataRoot = []byte{1}, [32]byte{7}
	if err := n.heights.put(r); err != nil {
		t.Fatal(err)
	}
	if has, another, lie := said(0, 0), said(1, 0), said(0, 1); has != p2p.Accept || another != p2p.Reject || lie != p2p.Reject {
		t.Errorf("once it is known: %v, of another hash %v, of another data root %v", has, another, lie)
	}
}
