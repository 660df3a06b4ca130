package da

import (
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// fullBlock has 32 own rows: one blob of two rows, posted by 16 accounts.
func fullBlock(b *testing.B) (*kzg.Setup, *Block) {
	b.Helper()
	setup := newSetup(b)
	first := newEnvelope(setup, 0, dataBlob(1, 2*DataRowSize))
	txs := [][]byte{first.Encode()}
	for signer := byte(1); signer < 16; signer++ {
		next := cloneEnvelope(first)
		next.message.Signer = FormatAddress(testSigner(signer))
		txs = append(txs, next.seal().Encode())
	}
	block, err := BuildBlock(setup, DefaultLimits(), txs)
	if err != nil {
		b.Fatal(err)
	}
	return setup, block
}

func BenchmarkFullBlock(b *testing.B) {
	setup, block := fullBlock(b)
	size := int64(block.Header.K() * kzg.RowSize)
	b.Run("ParseBlock", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if _, err := ParseBlock(DefaultLimits(), block.Txs); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Verify", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if err := block.Verify(setup, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("VerifyKnown", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if err := block.Verify(setup, func(*Envelope) bool { return true }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("BuildBlock", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if _, err := BuildBlock(setup, DefaultLimits(), block.Txs[injected:]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerifyEnvelopes takes one small blob and a mix of small ones and rows, each alone and all together.
func BenchmarkVerifyEnvelopes(b *testing.B) {
	setup := newSetup(b)
	small := newEnvelope(setup, 1, dataBlob(1, 3<<10))
	row := newEnvelope(setup, 2, dataBlob(1, DataRowSize))
	large := newEnvelope(setup, 3, dataBlob(1, 8*DataRowSize))
	mixed := []*Envelope{row, row, row, large}
	for range 12 {
		mixed = append(mixed, small)
	}
	for _, bench := range []struct {
		name      string
		envelopes []*Envelope
	}{{"small", []*Envelope{small}}, {"row", []*Envelope{row}}, {"8rows", []*Envelope{large}}, {"16mixed", mixed}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if err := VerifyEnvelopes(setup, bench.envelopes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
