package operator

import (
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// mostChanged is how many lines of a contract that reads blobhash may have to change for it to read what Ashlar attests.
const mostChanged = 10

// TestRollup: a rollup that reads blobhash, and the same reading our attested versioned hash: the circuit is one, and so is what is
// published.
func TestRollup(t *testing.T) {
	w := newWorld(t)
	k, err := keys()
	w.must(err)
	secret, err := ledger.NewSecret()
	w.must(err)
	state := ledger.New(shape)
	for range 2 {
		w.must(state.Deposit(ledger.Deposit{Key: secret.Key(), Owner: w.anna.Address, Amount: 1000}))
	}
	verifier, err := w.chain.Deploy(w.ctx, w.op, "Groth16Verifier", k.Batches.VerifyingKey())
	w.must(err)
	before, err := w.chain.Deploy(w.ctx, w.op, "Rollup", verifier.Address, number(state.Root()))
	w.must(err)
	after, err := w.chain.Deploy(w.ctx, w.op, "RollupOnAshlar", w.ashlar.Address(), verifier.Address, number(state.Root()))
	w.must(err)

	m := w.rolled(k, state, secret, before)
	opening := append(m.At.Commitment, m.At.Proof...)
	claim := [3]*big.Int{m.Claim.NewRoot, m.Claim.Digest, m.At.Y}
	_, err = before.SendBlobs(w.ctx, w.op, []*kzg4844.Blob{w.garbled(m.Publication).Blob()}, "update", claim, opening, m.Proven.Points)
	w.refused(err, "WrongBlob")
	receipt, err := before.SendBlobs(w.ctx, w.op, []*kzg4844.Blob{m.Blob()}, "update", claim, opening, m.Proven.Points)
	w.must(err)
	t.Logf("blobhash: %d gas and %d blob gas", receipt.GasUsed, receipt.BlobGasUsed)

	m = w.rolled(k, state, secret, after)
	opening = append(m.At.Commitment, m.At.Proof...)
	claim = [3]*big.Int{m.Claim.NewRoot, m.Claim.Digest, m.At.Y}
	garbage, posted := w.garbled(m.Publication), l1.Posted{}
	for _, row := range []struct {
		p     *Publication
		error string
	}{{garbage, "WrongBlob"}, {m.Publication, ""}} {
		posted = w.published(row.p)
		receipt, err = after.Send(w.ctx, w.op, "update", claim, opening, m.Proven.Points, posted.HistoryRoot, posted.Place, posted.Tree, w.described(row.p))
		w.refused(err, row.error)
	}
	w.must(err)
	t.Logf("our versioned hash: %d gas", receipt.GasUsed)
	root, err := l1.Call[*big.Int](w.ctx, after, "root")
	if err != nil || root.Cmp(number(m.Batch.New)) != 0 {
		t.Errorf("root %v, %v", root, err)
	}
}

// rolled proves a batch of one transfer for a rollup.
func (w *world) rolled(k *Keys, state *ledger.Ledger, secret *ledger.Secret, rollup *l1.Contract) *Move {
	w.Helper()
	s := circuit.Statement{}
	s.Domain.SetBytes(rollup.Address[:])
	t, err := ledger.Transfer{From: 1, To: 2, Amount: 5}.Sign(secret, 0, s.Domain)
	w.must(err)
	next := state.Clone()
	_, _, err = next.Transfer(t)
	w.must(err)
	setup, err := kzg.NewSetup()
	w.must(err)
	m, err := k.Prove(setup, state, &ledger.Batch{Old: state.Root(), New: next.Root(), Transfers: []ledger.Transfer{t}}, s)
	w.must(err)
	return m
}

// blob is AshlarBlobs' struct of that name.
type blob struct {
	Namespace       [29]byte
	Encoding        uint8
	DataKeccak      [32]byte
	VersionedHashes [][32]byte
	Size            uint64
}

func (w *world) described(p *Publication) blob {
	return blob{w.namespace, uint8(da.EncodingRaw), da.Keccak256(p.Data), [][32]byte{p.VersionedHash}, uint64(len(p.Data))}
}

// TestChangedLines counts what it takes to go from the one to the other.
func TestChangedLines(t *testing.T) {
	var sources [2][]string
	for i, name := range []string{"Rollup", "RollupOnAshlar"} {
		text, err := os.ReadFile("../contracts/src/" + name + ".sol")
		if err != nil {
			t.Fatal(err)
		}
		sources[i] = strings.Split(string(text), "\n")
	}
	shown, changed := diff(sources[0], sources[1])
	t.Log("\n" + shown)
	if changed == 0 || changed > mostChanged {
		t.Errorf("%d lines change, at most %d may", changed, mostChanged)
	}
}

// diff shows how one list of lines becomes another, and counts lines changed: in each run of differences, the more of those that go and
// those that come.
func diff(a, b []string) (shown string, changed int) {
	common := make([][]int, len(a)+1) // the longest common subsequence of what is left of both
	for i := len(a); i >= 0; i-- {
		common[i] = make([]int, len(b)+1)
		for j := len(b) - 1; j >= 0 && i < len(a); j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	gone, come := 0, 0
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			changed += max(gone, come)
			gone, come, i, j = 0, 0, i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out.WriteString("- " + a[i] + "\n")
			gone, i = gone+1, i+1
		default:
			out.WriteString("+ " + b[j] + "\n")
			come, j = come+1, j+1
		}
	}
	return out.String(), changed + max(gone, come)
}
