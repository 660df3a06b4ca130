package lightnode

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// followConfig is a Config of a node that delivers from height 1 on.
func followConfig(t *testing.T, chain *blobChain, hosts ...*p2p.Host) Config {
	t.Helper()
	config := testConfig(t, chain.testBlocks, hosts...)
	config.Follow = &Follow{Namespace: followedSpace, Out: t.TempDir(), From: 1}
	return config
}

// awaitNext waits until all heights below one are delivered.
func awaitNext(t *testing.T, n *Node, next uint64) {
	t.Helper()
	rig.Await(t, "heights below "+strconv.FormatUint(next, 10)+" are delivered", func() bool { return n.following.folder.at().Next >= next })
}

// checkFolder holds a folder against the chain: what each height up to one has, and nothing else.
func checkFolder(t *testing.T, dir string, chain *blobChain, upTo int) {
	t.Helper()
	want := []string{cursorFile}
	for i, s := range chain.squares[:upTo] {
		if s != nil && len(s.blobs) > 0 {
			want = append(want, strconv.Itoa(i+1))
			checkHeight(t, filepath.Join(dir, strconv.Itoa(i+1)), s)
		}
	}
	var have []string
	for _, file := range must(os.ReadDir(dir)) {
		have = append(have, file.Name())
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the folder holds %v, want %v", have, want)
	}
}

func checkHeight(t *testing.T, dir string, s *square) {
	t.Helper()
	encoded, err := os.ReadFile(filepath.Join(dir, blockFile))
	if err != nil {
		t.Error(err)
		return
	}
	var about Delivered
	if err := json.Unmarshal(encoded, &about); err != nil {
		t.Error(err)
		return
	}
	if len(about.Files) != len(s.blobs) || len(about.Entries) != len(s.blobs) || len(must(os.ReadDir(dir))) != len(s.blobs)+1 {
		t.Errorf("%s has files %v, want %d", dir, about.Files, len(s.blobs))
		return
	}
	for i, want := range s.blobs {
		have, err := os.ReadFile(filepath.Join(dir, about.Files[i]))
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s: blob %d is not what was posted (%v)", dir, i, err)
		}
	}
}

// TestNamespaceIsDelivered follows a namespace through blocks that have it, do not have it, and are
// empty, by proofs and by the transaction rows, and goes on as the chain does.
func TestNamespaceIsDelivered(t *testing.T) {
	t.Parallel()
	for name, verify := range map[string]bool{"by proofs": false, "by transaction rows": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testSquares(t)
			chain := newBlobChain(t, s.rich, nil, s.foreign, s.poor)
			_, first := chain.serveBlobs(t)
			_, second := chain.serveBlobs(t)
			config := followConfig(t, chain, first, second)
			config.Follow.VerifyIndex = verify
			n, stop := start(t, config)
			awaitNext(t, n, 5)
			chain.add(s.rich)
			awaitNext(t, n, 6)
			checkFolder(t, config.Follow.Out, chain, 5)
			if s := status(t, n); s.Namespace == nil || s.Namespace.Next != 6 || s.Namespace.Waits != "" || s.Alarm != "" {
				t.Errorf("status %+v, alarm %q", s.Namespace, s.Alarm)
			}
			stop()

			// A later start goes on after what was delivered, though From lies below.
			chain.add(s.poor)
			n, _ = start(t, config)
			awaitNext(t, n, 7)
			checkFolder(t, config.Follow.Out, chain, 6)
		})
	}
}

// TestNothingIsDeliveredBeforeItIsAvailable withholds what makes a block unrecoverable, but nothing
// that its blobs need.
func TestNothingIsDeliveredBeforeItIsAvailable(t *testing.T) {
	t.Parallel()
	s := testSquares(t)
	chain := newBlobChain(t, s.poor, s.rich, s.poor)
	source, host := chain.serveBlobs(t)
	withheld := make(map[erasure.Coord]bool)
	for _, coord := range erasure.Withholding(s.rich.Header.K()) {
		withheld[coord] = true
	}
	source.set(func() { source.withheld = map[uint64]map[erasure.Coord]bool{2: withheld} })
	config := followConfig(t, chain, host)
	config.Samples, config.AlarmAfter = 200, time.Second
	n, _ := start(t, config)
	awaitVerdict(t, n, 2, sampling.Unavailable)
	awaitVerdict(t, n, 3, sampling.Available)
	rig.Await(t, "an alarm says what is not delivered", func() bool {
		return strings.Contains(status(t, n).Alarm, "is delivered from height 2 on") && strings.Contains(status(t, n).Alarm, "unavailable")
	})
	checkFolder(t, config.Follow.Out, chain, 1)
	if _, err := (followed{n.following}).Namespace(t.Context(), followedSpace, 2); !errors.Is(err, errUnavailable) || !errors.Is(err, da.ErrNotFound) {
		t.Errorf("over HTTP: %v", err)
	}
	early := &following{node: n, config: Follow{Namespace: followedSpace, BeforeVerdict: true}}
	if found, err := early.at(t.Context(), 2); err != nil || len(found.entries) != 4 {
		t.Errorf("before the verdict: %v, %v", found, err)
	}

	source.set(func() { source.withheld = nil })
	awaitNext(t, n, 4)
	checkFolder(t, config.Follow.Out, chain, 3)
	rig.Await(t, "the alarm is lifted", func() bool { return !strings.Contains(status(t, n).Alarm, "is delivered from") })
}

// TestLiesAboutANamespace has the only peer lie, in one way each time. Nothing that it said may be
// delivered, and with one honest peer all is.
func TestLiesAboutANamespace(t *testing.T) {
	t.Parallel()
	s := testSquares(t)
	spoilRow := func(numbers []int, rows []*p2p.RowProofs) []*p2p.RowProofs {
		rows[0].Row[len(rows[0].Row)-1] ^= 1
		return rows
	}
	entries := func(change func(*p2p.Entries)) func(*blobSource) {
		return func(b *blobSource) {
			b.entries = func(_ uint64, e *p2p.Entries) *p2p.Entries { change(e); return e }
		}
	}
	for name, test := range map[string]struct {
		lie     func(*blobSource)
		verify  bool
		refusal bool // nothing that can be held against the peer
		rescued bool // by the same peer's cells
	}{
		"the first blob is missing":    {lie: entries(func(e *p2p.Entries) { e.Entries = e.Entries[1:] })},
		"the last blob is missing":     {lie: entries(func(e *p2p.Entries) { e.Entries = e.Entries[:3] })},
		"a blob in the middle":         {lie: entries(func(e *p2p.Entries) { e.Entries = slices.Delete(e.Entries, 1, 2) })},
		"reordered":                    {lie: entries(func(e *p2p.Entries) { slices.Reverse(e.Entries) })},
		"a blob twice":                 {lie: entries(func(e *p2p.Entries) { e.Entries = append(e.Entries, e.Entries[3]) })},
		"another's blob added":         {lie: entries(func(e *p2p.Entries) { e.Entries = append(e.Entries, entriesOf(s.rich, lowNamespace).Entries[0]) })},
		"another namespace":            {lie: entries(func(e *p2p.Entries) { *e = *entriesOf(s.rich, highNamespace) })},
		"another block's":              {lie: entries(func(e *p2p.Entries) { *e = *entriesOf(s.poor, followedSpace) })},
		"none, though there are":       {lie: entries(func(e *p2p.Entries) { *e = p2p.Entries{Proof: &da.NamespaceProof{}} })},
		"none, by another's proof":     {lie: entries(func(e *p2p.Entries) { *e = *entriesOf(s.foreign, followedSpace) })},
		"an entry is cut":              {lie: entries(func(e *p2p.Entries) { e.Entries[2] = e.Entries[2][:100] })},
		"an entry lies about its hash": {lie: entries(func(e *p2p.Entries) { e.Entries[0] = slices.Clone(e.Entries[0]); e.Entries[0][160] ^= 1 })},
		"a row is spoilt":              {rescued: true, lie: func(b *blobSource) { b.rows = spoilRow }},
		"another row of the square": {rescued: true, lie: func(b *blobSource) {
			b.rows = func(numbers []int, rows []*p2p.RowProofs) []*p2p.RowProofs {
				for i, number := range numbers {
					rows[i].Row = *s.rich.Square.Rows[(number+1)%s.rich.Header.K()]
				}
				return rows
			}
		}},
		"spoilt transaction cells": {verify: true, lie: func(b *blobSource) { b.rows, b.cell = spoilRow, spoilCell }},
		"no rows, and spoilt cells": {lie: func(b *blobSource) {
			b.rows = func(_ []int, rows []*p2p.RowProofs) []*p2p.RowProofs { return make([]*p2p.RowProofs, len(rows)) }
			b.cell = spoilCell
		}},
		"spoilt cells": {lie: func(b *blobSource) { b.rows, b.cell = spoilRow, spoilCell }},
		"another cell of the row": {lie: func(b *blobSource) {
			b.rows = spoilRow
			b.cell = func(coord erasure.Coord, cell *p2p.CellProof) *p2p.CellProof {
				other := erasure.Coord{Row: coord.Row, Column: (coord.Column + 1) % 128}
				proof, _ := s.rich.matrix.Proof(other)
				return &p2p.CellProof{Cell: *s.rich.matrix.Cell(other), Proof: proof}
			}
		}},
		"nothing of the namespace": {refusal: true, lie: func(b *blobSource) {
			b.rows = func(_ []int, rows []*p2p.RowProofs) []*p2p.RowProofs { return make([]*p2p.RowProofs, len(rows)) }
			b.cell = func(coord erasure.Coord, cell *p2p.CellProof) *p2p.CellProof { return nil }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chain := newBlobChain(t, s.rich)
			liar, bad := chain.serveBlobs(t)
			liar.lie(test.lie)
			config := followConfig(t, chain, bad)
			config.Follow.BeforeVerdict, config.Follow.VerifyIndex = true, test.verify
			config.Deadline, config.RequestTimeout = 30*time.Second, 30*time.Second // what counts is what is answered, not when
			config.Metrics = prometheus.NewRegistry()
			n, _ := start(t, config)
			if !test.rescued {
				rig.Await(t, "the delivery waits", func() bool { return status(t, n).Namespace.Waits != "" })
				checkFolder(t, config.Follow.Out, chain, 0)
				_, good := chain.serveBlobs(t)
				if _, err := n.host.Connect(t.Context(), good.Addresses()[0]); err != nil {
					t.Fatal(err)
				}
			}
			awaitNext(t, n, 2)
			checkFolder(t, config.Follow.Out, chain, 1)
			if garbage := counted(t, config.Metrics, "ashlar_p2p_garbage_total"); test.refusal != (garbage == 0) {
				t.Errorf("%v pieces of garbage are held against the peer", garbage)
			}
		})
	}
}

// counted returns the value of a counter.
func counted(t *testing.T, registry *prometheus.Registry, name string) (value float64) {
	t.Helper()
	for _, family := range must(registry.Gather()) {
		if family.GetName() == name {
			for _, metric := range family.GetMetric() {
				value += metric.GetCounter().GetValue()
			}
		}
	}
	return value
}

func spoilCell(_ erasure.Coord, cell *p2p.CellProof) *p2p.CellProof {
	spoilt := *cell
	spoilt.Cell[len(spoilt.Cell)-1] ^= 1
	return &spoilt
}

// TestRowsAreRecoveredFromCells has nobody give a whole row, nor the original cells.
func TestRowsAreRecoveredFromCells(t *testing.T) {
	t.Parallel()
	s := testSquares(t)
	chain := newBlobChain(t, s.rich)
	source, host := chain.serveBlobs(t)
	source.lie(func(b *blobSource) {
		b.rows = func(_ []int, rows []*p2p.RowProofs) []*p2p.RowProofs { return make([]*p2p.RowProofs, len(rows)) }
		b.cell = func(coord erasure.Coord, cell *p2p.CellProof) *p2p.CellProof {
			if coord.Row < s.rich.Header.K() && coord.Column%2 == 0 {
				return nil
			}
			return cell
		}
	})
	config := followConfig(t, chain, host)
	config.Follow.BeforeVerdict, config.Follow.VerifyIndex = true, true
	n, _ := start(t, config)
	awaitNext(t, n, 2)
	checkFolder(t, config.Follow.Out, chain, 1)
}

// TestTransactionsMayHoldZeros has a transaction that looks like the end of its row, and goes on.
func TestTransactionsMayHoldZeros(t *testing.T) {
	t.Parallel()
	setup := testSetup(t)
	plain := append(append([]byte("x"), make([]byte, 10*da.DataCellSize)...), 'y')
	square, err := newSquare(setup, testEnvelope(setup, testBlob(followedSpace, 1, 10)), plain)
	if err != nil {
		t.Fatal(err)
	}
	chain := newBlobChain(t, square)
	_, host := chain.serveBlobs(t)
	config := followConfig(t, chain, host)
	config.Follow.VerifyIndex = true
	n, _ := start(t, config)
	awaitNext(t, n, 2)
	checkFolder(t, config.Follow.Out, chain, 1)
}

var errKilled = errors.New("killed")

// TestDeliverySurvivesAKillAtEachWrite ends the delivery before each change of the disk in turn, and
// begins it again. Meanwhile somebody takes away what the cursor has passed.
func TestDeliverySurvivesAKillAtEachWrite(t *testing.T) {
	t.Parallel()
	s := testSquares(t)
	chain := newBlobChain(t, s.rich, nil, s.poor)
	_, host := chain.serveBlobs(t)
	config := testConfig(t, chain.testBlocks, host)
	config.Follow = &Follow{Namespace: followedSpace, From: 1}
	n, _ := start(t, config)
	for height := uint64(1); height <= 3; height++ { // the head is judged before those it links to
		awaitVerdict(t, n, height, sampling.Available)
	}

	for kill := 1; ; kill++ {
		consumer := newConsumer(t, chain)
		killed := deliverAll(t, n, consumer, 4, kill)
		deliverAll(t, n, consumer, 4, 0)
		consumer.look()
		if len(consumer.taken) != 2 {
			t.Errorf("killed before change %d: heights %v were delivered", kill, consumer.taken)
		}
		if !killed {
			if kill < 20 {
				t.Errorf("only %d changes of the disk", kill-1)
			}
			return
		}
	}
}

// deliverAll delivers heights below next to a folder, or until it is killed before so many changes
// of the disk.
func deliverAll(t *testing.T, n *Node, consumer *consumer, next uint64, kill int) (killed bool) {
	t.Helper()
	d, err := openFolder(consumer.dir, testChain, followedSpace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.close() }()
	d.unsynced = true
	changes := 0
	d.step = func(string) error {
		if changes++; kill > 0 && changes >= kill { // the dead change nothing more
			return errKilled
		}
		consumer.look()
		return nil
	}
	f := &following{node: n, config: Follow{Namespace: followedSpace, From: 1}, folder: d}
	rig.Await(t, "the heights are delivered", func() bool {
		var err error
		for err == nil && d.at().Next < next {
			err = f.deliverNext(t.Context())
		}
		killed = errors.Is(err, errKilled)
		if err != nil && !killed && (isOwn(err) || (&stall{reason: err}).final()) { // else a busy peer was late
			t.Fatal(err)
		}
		return killed || d.at().Next >= next
	})
	return killed
}

// consumer takes away each height that the cursor has passed, and nothing else.
type consumer struct {
	t     *testing.T
	chain *blobChain
	dir   string
	seen  map[string]fs.FileInfo
	taken []string
}

func newConsumer(t *testing.T, chain *blobChain) *consumer {
	return &consumer{t: t, chain: chain, dir: t.TempDir(), seen: make(map[string]fs.FileInfo)}
}

// look checks that a height that was there is the same still, that one that was taken does not
// come back, and that what is there is whole.
func (c *consumer) look() {
	c.t.Helper()
	var cursor Cursor
	if encoded, err := os.ReadFile(filepath.Join(c.dir, cursorFile)); err == nil {
		if err := json.Unmarshal(encoded, &cursor); err != nil {
			c.t.Errorf("the cursor is torn: %v", err)
		}
	}
	for _, file := range must(os.ReadDir(c.dir)) {
		height, err := strconv.Atoi(file.Name())
		if err != nil {
			continue
		}
		info := must(os.Stat(filepath.Join(c.dir, file.Name())))
		if before := c.seen[file.Name()]; before != nil && !os.SameFile(before, info) || slices.Contains(c.taken, file.Name()) {
			c.t.Errorf("height %d was delivered twice", height)
		}
		c.seen[file.Name()] = info
		checkHeight(c.t, filepath.Join(c.dir, file.Name()), c.chain.squares[height-1])
		if uint64(height) < cursor.Next {
			c.taken = append(c.taken, file.Name())
			if err := os.RemoveAll(filepath.Join(c.dir, file.Name())); err != nil {
				c.t.Error(err)
			}
		}
	}
}

func TestAFolderIsOfOneNamespaceAndChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := must(openFolder(dir, testChain, followedSpace))
	if err := errors.Join(d.advance(7, bytes.Repeat([]byte{1}, 32)), d.close()); err != nil {
		t.Fatal(err)
	}
	for _, other := range []struct {
		chain     string
		namespace da.Namespace
	}{{"other", followedSpace}, {testChain, lowNamespace}} {
		if _, err := openFolder(dir, other.chain, other.namespace); !errors.Is(err, ErrConfig) {
			t.Errorf("%v: %v, want %v", other, err, ErrConfig)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, cursorFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openFolder(dir, testChain, followedSpace); !errors.Is(err, errFolder) {
		t.Errorf("a cursor without a height: %v", err)
	}
}

// TestBlobsOfAnotherChainStopTheDelivery has a folder whose last height was of another block.
func TestBlobsOfAnotherChainStopTheDelivery(t *testing.T) {
	t.Parallel()
	s := testSquares(t)
	chain := newBlobChain(t, s.poor, s.rich)
	_, host := chain.serveBlobs(t)
	config := followConfig(t, chain, host)
	d := must(openFolder(config.Follow.Out, testChain, followedSpace))
	if err := errors.Join(d.advance(2, bytes.Repeat([]byte{1}, 32)), d.close()); err != nil {
		t.Fatal(err)
	}
	n, _ := start(t, config)
	rig.Await(t, "an alarm says so", func() bool { return strings.Contains(status(t, n).Alarm, "give --out another folder") })
	checkFolder(t, config.Follow.Out, chain, 0)
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte(`{"chain_id":"c","namespace":"` + followedSpace.String() + `","next":7,"last_hash":""}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		cursor, err := decodeCursor(encoded)
		if err != nil {
			return
		}
		again, err := decodeCursor(must(json.Marshal(cursor)))
		if err != nil || again.Next != cursor.Next || !bytes.Equal(again.LastHash, cursor.LastHash) || again.Namespace != cursor.Namespace {
			t.Errorf("%+v became %+v (%v)", cursor, again, err)
		}
	})
}
