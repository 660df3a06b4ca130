package load

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// newStock returns a setup and a stock of few rows.
func newStock(t *testing.T) (*kzg.Setup, *Stock) {
	t.Helper()
	setup, err := kzg.NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	stock, err := NewStock(setup, 7, 3, Sizes())
	if err != nil {
		t.Fatal(err)
	}
	return setup, stock
}

// TestCutIsWhatProvingFinds holds every size of the mix against proving from scratch.
func TestCutIsWhatProvingFinds(t *testing.T) {
	setup, stock := newStock(t)
	mix, seen := NewMix(1), map[int]bool{}
	for len(seen) < len(Sizes()) {
		item := mix.Next()
		if seen[item.Size] || item.Size > 4*da.DataRowSize {
			seen[item.Size] = true
			continue
		}
		seen[item.Size] = true
		cut, err := stock.Cut(item)
		if err != nil {
			t.Fatal(err)
		}
		blob := da.Blob{Namespace: stock.namespace(item), Data: stock.Data(item)}
		commitments, proofs, err := da.ProveBlobs(setup, []da.Blob{blob})
		if err != nil {
			t.Fatal(err)
		}
		want := da.DescribeBlobs([]da.Blob{blob}, commitments)[0]
		if have := cut.Blobs()[0]; have.ID() != want.ID() {
			t.Errorf("%d bytes: blob id %s, proving from scratch gives %s", item.Size, have.ID(), want.ID())
		}
		if have := sign(t, cut).Proofs; !slices.Equal(have, proofs) {
			t.Errorf("%d bytes: %d proofs that are not the %d that proving from scratch gives", item.Size, len(have), len(proofs))
		}
	}
}

func sign(t *testing.T, prepared *client.Prepared) *da.Envelope {
	t.Helper()
	signer, err := client.NewSigner(secp256k1.GenPrivKey())
	if err != nil {
		t.Fatal(err)
	}
	fees := client.Fees{Cap: math.OneInt(), Tip: math.ZeroInt(), GasPrice: math.OneInt()}
	envelope, err := prepared.Sign(signer, client.Account{}, fees)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// TestBlobsAreDistinct: whatever their size, and the same again from the same seed.
func TestBlobsAreDistinct(t *testing.T) {
	_, stock := newStock(t)
	seen := map[[32]byte]int{}
	mix, again := NewMix(1), NewMix(1)
	for range 200 {
		item, same := mix.Next(), again.Next()
		if item != same {
			t.Fatalf("the same seed gives %+v and %+v", item, same)
		}
		data := stock.Data(item)
		if len(data) != item.Size || !bytes.Equal(data, stock.Data(same)) {
			t.Fatalf("item %d has %d bytes, want the same %d each time", item.Index, len(data), item.Size)
		}
		sum := sha256.Sum256(data)
		if before, ok := seen[sum]; ok {
			t.Fatalf("items %d and %d are the same bytes", before, item.Index)
		}
		seen[sum] = item.Index
	}
}

// TestMixFillsWhatItSays: twenty blobs take what the comment beside them says.
func TestMixFillsWhatItSays(t *testing.T) {
	mix := NewMix(3)
	own, shared := 0, 0
	for range len(deck()) {
		blob := da.Blob{Data: make([]byte, mix.Next().Size)}
		if rows := blob.OwnRows(); rows > 0 {
			own += rows
		} else {
			shared += blob.Allotment()
		}
	}
	if own != 20 || shared > 100 || shared < 90 {
		t.Errorf("twenty blobs take %d own rows and %d shared cells", own, shared)
	}
}

func TestStockRefusesPartialRows(t *testing.T) {
	setup, _ := newStock(t)
	if _, err := NewStock(setup, 1, 1, []int{da.DataRowSize - 1}); err == nil {
		t.Error("a row that is not full was taken: its proofs would be wrong")
	}
}

// BenchmarkCut is what a blob of four rows costs the generator; BenchmarkProve is what it
// would without a stock.
func BenchmarkCut(b *testing.B) {
	setup, err := kzg.NewSetup()
	if err != nil {
		b.Fatal(err)
	}
	stock, err := NewStock(setup, 7, 4, []int{4 * da.DataRowSize})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := stock.Cut(Item{Index: i, Size: 4 * da.DataRowSize}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProve(b *testing.B) {
	setup, err := kzg.NewSetup()
	if err != nil {
		b.Fatal(err)
	}
	namespace, err := da.NewNamespace([]byte("load"))
	if err != nil {
		b.Fatal(err)
	}
	blobs := []da.Blob{{Namespace: namespace, Data: make([]byte, 4*da.DataRowSize)}}
	for b.Loop() {
		if _, err := client.Prepare(setup, blobs); err != nil {
			b.Fatal(err)
		}
	}
}
