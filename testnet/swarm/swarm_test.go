package swarm

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/transport"

	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/links"
)

var loadSetup = sync.OnceValues(kzg.NewSetup)

func fromEnvironment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text, set := os.LookupEnv(name)
	if !set {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q: want a number above 0", name, text)
	}
	return n
}

// world is a network of simulated links and who is on it.
type world struct {
	t     *testing.T
	setup *kzg.Setup
	links *links.Network
	chain *chain
	hosts int
	log   *slog.Logger
}

// newHost starts a host until the test ends.
func (w *world) newHost(change func(*p2p.Config)) *p2p.Host {
	w.t.Helper()
	key, err := p2p.LoadOrCreateKey(filepath.Join(w.t.TempDir(), "key"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.hosts++
	config := p2p.Config{
		ChainID: chainID, Key: key, Listen: []string{links.Address(w.hosts)}, Log: w.log,
		Transports: []func(p2p.Parts) (transport.Transport, error){w.links.Transport},
	}
	change(&config)
	host, err := p2p.New(w.t.Context(), config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.run(host.Run)
	return host
}

// run runs something until the test ends.
func (w *world) run(do func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- do(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("run: %v", err)
		}
	})
}

// newLightNode starts a light node until the test ends.
func (w *world) newLightNode(peers []string) *lightnode.Node {
	w.t.Helper()
	w.hosts++
	node, err := lightnode.New(w.t.Context(), lightnode.Config{
		Home: w.t.TempDir(), ChainID: chainID, Trust: &lightnode.Trust{Height: 1, Hash: w.chain.hash(1)},
		Listen: []string{links.Address(w.hosts)}, Peers: peers, Setup: w.setup, Log: w.log,
		Transports: []func(p2p.Parts) (transport.Transport, error){w.links.Transport},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.run(node.Run)
	return node
}

// inWorld runs a test in a bubble of virtual time, on a network of links of 40 ms and 2 MiB/s.
func inWorld(t *testing.T, k int, test func(w *world)) {
	t.Helper()
	setup, err := loadSetup()
	if err != nil {
		t.Fatal(err)
	}
	block, matrix, err := newBlock(setup, k)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		test(&world{
			t: t, setup: setup, links: links.New(40*time.Millisecond, 2<<20),
			chain: newChain(t, block, matrix), log: slog.New(slog.DiscardHandler),
		})
	})
}

// newFullNode starts a full node that holds the block.
func (w *world) newFullNode() (*fullNode, *p2p.Host) {
	w.t.Helper()
	f := &fullNode{chain: w.chain}
	return f, w.newHost(func(c *p2p.Config) { c.Headers, c.Squares, c.Holdings, c.Serve = f, f, f, true })
}

// rebuilder is what a node with this host rebuilds with.
func (w *world) rebuilder(host *p2p.Host, patience time.Duration) *rebuild.Rebuilder {
	w.t.Helper()
	r, err := rebuild.New(rebuild.Config{Host: host, Setup: w.setup, Patience: patience, Log: w.log})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// rebuild rebuilds the block as a node with this host.
func (w *world) rebuild(host *p2p.Host, patience time.Duration) (*rebuild.Block, error) {
	w.t.Helper()
	return w.rebuilder(host, patience).Rebuild(w.t.Context(), height, w.chain.hash(height))
}

// SWARM_K and SWARM_NODES choose another block and other numbers than 8 rows and 200 nodes.
func TestFullNodeRebuildsFromLightNodesAlone(t *testing.T) {
	k, nodes := fromEnvironment(t, "SWARM_K", 8), fromEnvironment(t, "SWARM_NODES", 200)
	inWorld(t, k, func(w *world) {
		full, addresses := make([]*fullNode, 5), make([]string, 5)
		for i := range full {
			f, host := w.newFullNode()
			full[i], addresses[i] = f, host.Addresses()[0]
		}
		lost := w.newHost(func(c *p2p.Config) { c.Serve, c.Peers = true, addresses })
		lights := make([]*lightnode.Node, nodes)
		for i := range lights {
			lights[i] = w.newLightNode([]string{addresses[i%5], addresses[(i+1)%5], lost.Addresses()[0]})
		}
		for _, light := range lights {
			w.await(light)
		}
		for _, f := range full {
			f.silent.Store(true)
		}
		liars := w.newLiars((nodes+8)/9, lost) // a tenth of all
		got, err := w.rebuild(lost, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Logf("k = %d: %+v", k, got.Report)
		w.requireBlock(got)
		w.requireStored(got)
		requireBans(w.t, lost, liars, got)
	})
}

// requireBlock holds a rebuilt block against the chain's, byte for byte.
func (w *world) requireBlock(got *rebuild.Block) {
	w.t.Helper()
	if !slices.EqualFunc(got.Parsed.Txs, w.chain.block.Txs, bytes.Equal) {
		w.t.Error("the transactions are others")
	}
	for i, row := range w.chain.block.Square.Rows {
		if *got.Parsed.Square.Rows[i] != *row || !slices.Equal(got.Parsed.Proofs[i], w.chain.block.Proofs[i]) {
			w.t.Errorf("row %d, or its proofs, are others", i)
		}
	}
}

// requireStored stores a rebuilt block as a full node does, and holds what it then serves
// against the extended matrix.
func (w *world) requireStored(got *rebuild.Block) {
	w.t.Helper()
	squares, err := store.Open(w.t.Context(), store.Config{Dir: w.t.TempDir(), Setup: w.setup, Log: w.log})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := squares.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	if err := squares.Put(w.t.Context(), &store.Block{
		Height: height, Time: got.Header.Time(), Hash: [32]byte(got.Header.Hash()), Proof: got.Header.Proof(),
		Index: got.Parsed.Square.Index, Rows: got.Parsed.Square.Rows, Proofs: got.Parsed.Proofs,
	}); err != nil {
		w.t.Fatal(err)
	}
	for row := range 2 * w.chain.matrix.K() {
		for column := range kzg.Columns {
			at := erasure.Coord{Row: row, Column: column}
			sample, err := squares.Cell(w.t.Context(), height, at)
			proof, _ := w.chain.matrix.Proof(at)
			if err != nil || *sample.Cell != *w.chain.matrix.Cell(at) || sample.Proof != proof {
				w.t.Fatalf("cell %v: another, or %v", at, err)
			}
		}
	}
}

// liar says that it holds cells, and serves false ones.
type liar struct {
	*fullNode
	held []erasure.Coord
	host *p2p.Host
}

// Held implements p2p.HoldingSource.
func (l *liar) Held(context.Context, uint64) ([]erasure.Coord, error) { return l.held, nil }

// Cells implements p2p.SquareSource. Who is silent never answers.
func (l *liar) Cells(ctx context.Context, h uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	cells, err := l.fullNode.Cells(ctx, h, coords)
	for _, cell := range cells {
		cell.Cell[kzg.CellSize-1] ^= 1
	}
	return cells, err
}

// newLiars starts liars that know a host. Half of them claim all cells, half of them some; every
// third keeps askers waiting instead.
func (w *world) newLiars(n int, known *p2p.Host) []*liar {
	w.t.Helper()
	all, err := (&fullNode{chain: w.chain}).Held(w.t.Context(), height)
	if err != nil {
		w.t.Fatal(err)
	}
	liars := make([]*liar, n)
	for i := range liars {
		l := &liar{fullNode: &fullNode{chain: w.chain}, held: all}
		if i%2 == 1 {
			l.held = all[len(all)/(i+1):][:30]
		}
		l.silent.Store(i%3 == 2)
		l.host = w.newHost(func(c *p2p.Config) { c.Squares, c.Holdings, c.Peers = l, l, known.Addresses() })
		liars[i] = l
	}
	time.Sleep(time.Minute) // they connect
	return liars
}

// newHolders starts hosts that hold so many of the cells each, as light nodes do, and know a
// host. They are silent for a while.
func (w *world) newHolders(cells []erasure.Coord, each int, known *p2p.Host, until time.Duration) {
	w.t.Helper()
	for some := range slices.Chunk(cells, each) {
		f := &fullNode{chain: w.chain, withheld: make(map[erasure.Coord]bool)}
		all, err := f.Held(w.t.Context(), height)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, at := range all {
			f.withheld[at] = !slices.Contains(some, at)
		}
		f.silent.Store(true)
		time.AfterFunc(until, func() { f.silent.Store(false) })
		w.newHost(func(c *p2p.Config) { c.Squares, c.Holdings, c.Peers = f, f, known.Addresses() })
	}
}

// Those who tell the truth lack one cell less between them than would be too many, they are slow,
// and as many lie.
func TestRebuildAmongLiars(t *testing.T) {
	t.Parallel()
	inWorld(t, 3, func(w *world) {
		lost := w.newHost(func(*p2p.Config) {})
		w.newHost(func(c *p2p.Config) { c.Headers, c.Peers = &fullNode{chain: w.chain}, lost.Addresses() })
		all, err := (&fullNode{chain: w.chain}).Held(w.t.Context(), height)
		if err != nil {
			w.t.Fatal(err)
		}
		withheld := erasure.Withholding(3)[1:]
		held := slices.DeleteFunc(all, func(at erasure.Coord) bool { return slices.Contains(withheld, at) })
		w.newHolders(held, 30, lost, 2*time.Minute)
		liars := w.newLiars(len(held)/30, lost)
		got, err := w.rebuild(lost, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		w.requireBlock(got)
		requireBans(w.t, lost, liars, got)
		for i, l := range liars { // all were asked before anybody else answered
			if loud := !l.silent.Load(); loud && l.asked.Load() >= 3 != lost.Banned(l.host.ID()) {
				w.t.Errorf("liar %d of %d served %d false cells and is banned: %v; %+v", i, len(liars), l.asked.Load(), lost.Banned(l.host.ID()), got.Report)
			}
		}
	})
}

// requireBans checks that no more liars are banned than the report knows, whose answers came in
// time, and nobody who was not asked. A ban takes three false cells.
func requireBans(t *testing.T, by *p2p.Host, liars []*liar, got *rebuild.Block) {
	t.Helper()
	banned := 0
	for i, l := range liars {
		if !by.Banned(l.host.ID()) {
			continue
		}
		if banned++; l.asked.Load() == 0 {
			t.Errorf("liar %d is banned and was never asked", i)
		}
	}
	if got.Report.Liars < banned || got.Report.Garbled < 3*banned {
		t.Errorf("%d of %d liars are banned, the report says %+v", banned, len(liars), got.Report)
	}
	t.Logf("%d of %d liars are banned", banned, len(liars))
}

func TestRebuildUpToTheSmallestWithholding(t *testing.T) {
	t.Parallel()
	inWorld(t, 3, func(w *world) {
		f, host := w.newFullNode()
		f.withheld = make(map[erasure.Coord]bool)
		withheld := erasure.Withholding(3)
		for _, at := range withheld {
			f.withheld[at] = true
		}
		lost := w.newHost(func(c *p2p.Config) { c.Peers = host.Addresses() })
		time.Sleep(time.Minute)
		r, served := w.rebuilder(lost, time.Minute), 2*3*kzg.Columns-len(withheld)
		got, err := r.Rebuild(w.t.Context(), height, w.chain.hash(height))
		if !errors.Is(err, rebuild.ErrTooFew) || got.Report.Holders != 1 || got.Report.Verified != served {
			w.t.Errorf("%+v, %v; want the %d cells that are served, which are too few", got.Report, err, served)
		}
		delete(f.withheld, withheld[70])
		if got, err = r.Rebuild(w.t.Context(), height, w.chain.hash(height)); err != nil {
			w.t.Fatal(err)
		}
		w.requireBlock(got)
		if got.Report.Kept != served || got.Report.Verified != 1 || f.asked.Load() != int64(served)+1 {
			w.t.Errorf("%+v, %d cells asked for; want %d kept and one more", got.Report, f.asked.Load(), served)
		}
	})
}

func TestRebuildingIsPatient(t *testing.T) {
	t.Parallel()
	inWorld(t, 2, func(w *world) {
		f, host := w.newFullNode()
		f.silent.Store(true)
		lost := w.newHost(func(c *p2p.Config) { c.Peers = host.Addresses() })
		time.AfterFunc(3*time.Minute, func() { f.silent.Store(false) })
		began := time.Now()
		got, err := w.rebuild(lost, 5*time.Minute)
		if err != nil {
			w.t.Fatal(err)
		}
		w.requireBlock(got)
		if took := time.Since(began); took < 3*time.Minute || took != got.Report.Took {
			w.t.Errorf("it took %v, the report says %v", took, got.Report.Took)
		}
	})
}

// Three of four validators may sign a DataHash that is not of the square's transactions. Light
// nodes cannot see it; whoever rebuilds the square does.
func TestASquareThatIsNotTheBlocksIsExposed(t *testing.T) {
	t.Parallel()
	inWorld(t, 2, func(w *world) {
		lie := *w.chain.block
		lie.Txs = append(slices.Clone(lie.Txs), []byte("a transaction that is not in the square"))
		w.chain = newChain(t, &lie, w.chain.matrix)
		_, host := w.newFullNode()
		lost := w.newHost(func(c *p2p.Config) { c.Peers = host.Addresses() })
		light := w.newLightNode(host.Addresses())
		w.await(light)
		got, err := w.rebuild(lost, time.Minute)
		if !errors.Is(err, rebuild.ErrContradiction) || got.Parsed != nil || got.Header != nil {
			w.t.Errorf("%+v, %v; want ErrContradiction and no block", got, err)
		}
	})
}

// await waits until a light node has found the block available.
func (w *world) await(light *lightnode.Node) {
	w.t.Helper()
	for range 600 {
		report, err := light.Availability(w.t.Context(), height)
		if err == nil && report.Verdict == sampling.Available {
			return
		}
		time.Sleep(time.Second)
	}
	w.t.Fatal("a light node does not find the block available")
}
