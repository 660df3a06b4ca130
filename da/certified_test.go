package da

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// certifiedBlock carries a certificate before an envelope and another transaction.
func certifiedBlock(t testing.TB) (*kzg.Setup, *Block) {
	t.Helper()
	setup := newSetup(t)
	set, secrets := attesters(t, 4)
	set.Total = 40
	carried := CertificateTx(certify(t, set, secrets, 0, 2, 3))
	block, err := BuildBlock(setup, DefaultLimits(), [][]byte{carried, newEnvelope(setup, 3, dataBlob(3, 40)).Encode(), plainTx(40)})
	if err != nil {
		t.Fatal(err)
	}
	return setup, block
}

// TestCertifiedBlock: a block with a certificate parses, verifies, is rebuilt from its square to the byte, and users'
// transactions keep the index that they have without it.
func TestCertifiedBlock(t *testing.T) {
	setup, block := certifiedBlock(t)
	parsed, err := ParseBlock(DefaultLimits(), block.Txs)
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Certificate == nil || *parsed.Certificate != *block.Certificate || len(parsed.Plain) != 1 || len(parsed.Envelopes) != 1 {
		t.Fatalf("parsed as certificate %v, %d envelopes and %d other transactions", parsed.Certificate, len(parsed.Envelopes), len(parsed.Plain))
	}
	if err := parsed.Verify(setup, nil); err != nil {
		t.Fatal(err)
	}
	txs, err := UnpackTxs(block.Square.Rows[:block.Header.TxRows])
	if err != nil || len(txs) != 3 || !bytes.Equal(txs[0], block.Txs[2]) {
		t.Fatalf("%d transactions in the rows, which do not begin with the certificate (%v)", len(txs), err)
	}
	rebuilt, err := RebuildTxs(setup, block.Header, block.Square.Rows, nil)
	if err != nil || !slices.EqualFunc(rebuilt, block.Txs, bytes.Equal) {
		t.Fatalf("other transactions are rebuilt (%v)", err)
	}
	index, err := IndexFromRows(block.Header, block.Square.Rows[:block.Header.TxRows])
	if err != nil || index.Entries[0].Transaction != 0 {
		t.Fatalf("the index from rows is %+v (%v)", index, err)
	}
}

// TestCertificateAlone: a block may carry a certificate and nothing else; it has one row then.
func TestCertificateAlone(t *testing.T) {
	setup, block := certifiedBlock(t)
	alone, err := BuildBlock(setup, DefaultLimits(), block.Txs[2:3])
	if err != nil {
		t.Fatal(err)
	}
	if alone.Header.K() != 1 || len(alone.Txs) != 3 {
		t.Fatalf("%d rows and %d transactions", alone.Header.K(), len(alone.Txs))
	}
	if _, err := ParseBlock(DefaultLimits(), alone.Txs); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseBlock(DefaultLimits(), append(EmptyTxs(), block.Txs[2])); !errors.Is(err, ErrInvalidBlock) {
		t.Errorf("a certificate in an empty square: %v", err)
	}
}

func TestCertifiedBlockCorrupted(t *testing.T) {
	_, block := certifiedBlock(t)
	in := func(change func([]byte) []byte) func([][]byte) [][]byte {
		return func(txs [][]byte) [][]byte { txs[2] = change(txs[2]); return txs }
	}
	for name, corrupt := range map[string]func([][]byte) [][]byte{
		"certificate cut":          in(func(b []byte) []byte { return b[:len(b)-1] }),
		"certificate longer":       in(func(b []byte) []byte { return append(b, 0) }),
		"certificate empty":        in(func(b []byte) []byte { return b[:1] }),
		"its version":              in(func(b []byte) []byte { b[1]++; return b }),
		"its chain id's length":    in(func(b []byte) []byte { b[2]++; return b }),
		"no chain id":              in(func(b []byte) []byte { b[2] = 0; return b }),
		"its first byte":           in(func(b []byte) []byte { b[0] = 1; return b }),
		"twice":                    func(txs [][]byte) [][]byte { return slices.Insert(txs, 2, txs[2]) },
		"after the envelope":       func(txs [][]byte) [][]byte { txs[2], txs[3] = txs[3], txs[2]; return txs },
		"last":                     func(txs [][]byte) [][]byte { return append(slices.Delete(txs, 2, 3), block.Txs[2]) },
		"before the proofs":        func(txs [][]byte) [][]byte { txs[1], txs[2] = txs[2], txs[1]; return txs },
		"in place of the proofs":   func(txs [][]byte) [][]byte { return slices.Delete(txs, 1, 2) },
		"encoded without a byte 0": in(func(b []byte) []byte { return b[1:] }),
	} {
		if _, err := ParseBlock(DefaultLimits(), corrupt(cloneTxs(block.Txs))); !errors.Is(err, ErrInvalidBlock) {
			t.Errorf("%s: have %v, want ErrInvalidBlock", name, err)
		}
	}
}

// TestCertificateIsInTheSquare: a block whose rows hold another certificate, or none, than its transactions fails.
func TestCertificateIsInTheSquare(t *testing.T) {
	setup, block := certifiedBlock(t)
	for name, corrupt := range map[string]func([][]byte) [][]byte{
		"missing": func(txs [][]byte) [][]byte { return slices.Delete(txs, 2, 3) },
		"another": func(txs [][]byte) [][]byte { txs[2][len(txs[2])-1]++; return txs },
	} {
		parsed, err := ParseBlock(DefaultLimits(), corrupt(cloneTxs(block.Txs)))
		if err == nil {
			err = parsed.Verify(setup, nil)
		}
		if !errors.Is(err, ErrInvalidBlock) {
			t.Errorf("%s: have %v, want ErrInvalidBlock", name, err)
		}
	}
	rows := packTxs([][]byte{block.Envelopes[0].Tx, block.Txs[2]})
	if _, err := IndexFromRows(block.Header, rows); !errors.Is(err, ErrInvalidBlock) {
		t.Errorf("a certificate behind a transaction, in the rows: %v", err)
	}
}
