package lightnode

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// childNode is the variable that turns a run of this test binary into a node, by its home, the
// address of its peer and the header to begin with.
const childNode = "ASHLAR_TEST_CHILD_NODE"

// TestChildNode is no test: it is the process that TestKilledAtTheFirstRequest kills.
func TestChildNode(t *testing.T) {
	home, rest, child := strings.Cut(os.Getenv(childNode), "|")
	if !child {
		t.Skip("only as a child of another test")
	}
	peer, trusted, _ := strings.Cut(rest, "|")
	trust, err := ParseTrust(trusted)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(t.Context(), Config{Home: home, ChainID: testChain, Trust: &trust, Peers: []string{peer}, Log: testLog(t), Poll: DefaultPoll})
	if err != nil {
		t.Fatal(err)
	}
	t.Error(n.Run(t.Context()))
}

// killer serves a chain, and kills a process as soon as it asks for a cell.
type killer struct {
	*testSource

	once   sync.Once
	kill   func()
	height uint64          // that was asked about; written before killed is closed, like coords
	coords []erasure.Coord // that were asked for
	killed chan struct{}
}

func (k *killer) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	k.once.Do(func() {
		k.kill()
		k.height, k.coords = height, slices.Clone(coords)
		close(k.killed)
	})
	return nil, errors.New("whoever asked is dead")
}

// TestKilledAtTheFirstRequest kills a process with SIGKILL when it has asked for its first cells
// and got none: what it drew is on disk by then, and is what it asks for when it is started again.
// Otherwise who withholds could have a node restarted until it draws what is there.
func TestKilledAtTheFirstRequest(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	var child *exec.Cmd
	started := make(chan struct{})
	kill := func() { <-started; _ = child.Process.Kill() } // SIGKILL
	k := &killer{testSource: &testSource{blocks: blocks}, kill: kill, killed: make(chan struct{})}
	host := startHostWith(t, func(c *p2p.Config) { c.Headers, c.Squares = k, k })
	home := t.TempDir()
	child = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildNode$")
	child.Env = append(os.Environ(), childNode+"="+strings.Join([]string{home, host.Addresses()[0], blocks.trust(1).String()}, "|"))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	var exited *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exited) || exited.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	<-k.killed

	source, honest := blocks.serve(t)
	config := testConfig(t, blocks, honest)
	config.Home = home
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	before, err := n.Availability(t.Context(), k.height)
	if err != nil || before.Verdict != sampling.Pending || len(before.Coordinates) != 30 {
		t.Fatalf("what the dead node left of height %d is %+v (%v); want 30 coordinates, pending", k.height, before, err)
	}
	for _, coord := range k.coords {
		if !slices.Contains(before.Coordinates, [2]int{coord.Row, coord.Column}) {
			t.Errorf("cell %v was asked for before it was on disk", coord)
		}
	}
	rig.RunUntilCleanup(t, n.Run)
	awaitVerdict(t, n, k.height, sampling.Available)
	after, err := n.Availability(t.Context(), k.height)
	if err != nil || !slices.Equal(after.Coordinates, before.Coordinates) {
		t.Errorf("coordinates %v became %v (%v)", before.Coordinates, after.Coordinates, err)
	}
	for _, coord := range source.askedFor() {
		if !slices.Contains(before.Coordinates, [2]int{coord.Row, coord.Column}) {
			t.Errorf("cell %v was asked for; it was not drawn before the kill", coord)
		}
	}
}
