package faces

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// drawAttested draws attested blobs with lists of any lengths.
func drawAttested(random *rand.Rand, certificate calldata.Certificate) calldata.AttestedBlobs {
	hashes := func() (list [][32]byte) {
		for range random.IntN(4) {
			list = append(list, draw(random))
		}
		return list
	}
	a := calldata.AttestedBlobs{Certificate: certificate}
	for range random.IntN(4) {
		a.Places = append(a.Places, calldata.Place{Height: random.Uint64(), DataRoot: draw(random), BlobTreeRoot: draw(random), History: hashes()})
	}
	for range random.IntN(4) {
		b := calldata.Blob{Encoding: uint8(random.Uint32()), DataKeccak: draw(random), VersionedHashes: hashes(), Size: random.Uint64()}
		copy(b.Namespace[:], testBytes(byte(random.Uint32()), len(b.Namespace)))
		a.Blobs = append(a.Blobs, calldata.Posted{Place: random.Uint64(), BlobId: draw(random), Blob: b, Tree: hashes()})
	}
	return a
}

// TestEncoders: what is encoded is what go-ethereum encodes of the same structs.
func TestEncoders(t *testing.T) {
	c := committee.New(t, attesters, 1)
	whole, err := calldata.NewCertificate(c.Certify(t, c.Attestation(t, 5, 6), 2))
	if err != nil {
		t.Fatal(err)
	}
	if want := committee.EIP2537(t, c.Certify(t, c.Attestation(t, 5, 6), 2).Signature); !bytes.Equal(whole.Signature, want) {
		t.Errorf("a signature is encoded as %x, want %x", whole.Signature, want)
	}
	encode := func(contract, method string, argument int, value any) []byte {
		encoded, err := abi.Arguments{{Type: evm.Interface(t, contract).Methods[method].Inputs[argument].Type}}.Pack(value)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	random := rand.New(rand.NewPCG(7, 8))
	for _, certificate := range []calldata.Certificate{whole, calldata.PostedCertificate(draw(random))} {
		for range 50 {
			s := &calldata.Sequence{L1InfoRoot: draw(random), MaxSequenceTimestamp: random.Uint64(), Attested: drawAttested(random, certificate)}
			copy(s.L2Coinbase[:], testBytes(byte(random.Uint32()), 20))
			for range random.IntN(4) {
				s.Batches = append(s.Batches, calldata.Batch{TransactionsHash: draw(random), ForcedTimestamp: random.Uint64(), ForcedBlockHashL1: draw(random)})
			}
			if got, want := s.Encode(), encode("AshlarCDK", "verifySequence", 2, *s); !bytes.Equal(got, want) {
				t.Fatalf("a sequence is encoded as %x, want %x", got, want)
			}
			p := &calldata.Pubdata{StateDiffHash: draw(random), Attested: s.Attested}
			if got, want := p.Encode(), append(p.StateDiffHash[:], encode("AshlarZKsync", "verifyPubdata", 2, p.Attested)...); !bytes.Equal(got, want) {
				t.Fatalf("pubdata is encoded as %x, want %x", got, want)
			}
		}
	}
}

func TestNewCertificateRefuses(t *testing.T) {
	if _, err := calldata.NewCertificate(&da.Certificate{}); !errors.Is(err, da.ErrInvalidSignature) {
		t.Errorf("no signature: %v", err)
	}
}
