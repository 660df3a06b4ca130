package fullnode

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"cosmossdk.io/math"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// TestOthersCannotHideAnInclusion has the blob of a transaction at height 1 posted at many later
// heights, by others or by its own signer.
func TestOthersCannotHideAnInclusion(t *testing.T) {
	message := &da.PayForBlobs{Signer: [da.AddressSize]byte{1}, Blobs: []da.BlobInfo{{Size: 1}}}
	mine := da.Entry{ID: message.Blobs[0].ID(), Signer: message.Signer}
	theirs, other := mine, mine
	theirs.Signer[0], other.ID[0] = 2, mine.ID[0]^1
	const gone = 1 << 20 // pruned a moment ago
	for _, test := range []struct {
		name  string
		later da.Entry
		times int
		want  uint64
		read  int
	}{
		{"once", theirs, 0, 1, 1},
		{"others'", theirs, maxScanned - 1, 1, 1},
		{"another blob", other, maxScanned - 1, 1, 1},
		{"its signer's", mine, maxRecalled - 1, 1, maxRecalled},
		{"its signer's, too often", mine, maxRecalled, 0, maxRecalled},
	} {
		t.Run(test.name, func(t *testing.T) {
			heights := []uint64{gone}
			for height := uint64(test.times + 1); height > 0; height-- {
				heights = append(heights, height)
			}
			read := 0
			s := search{
				entries: func(_ context.Context, height uint64) ([]da.Entry, error) {
					switch height {
					case 1:
						return []da.Entry{other, theirs, mine}, nil
					case gone:
						return nil, fmt.Errorf("%w: height %d", da.ErrPruned, height)
					}
					return []da.Entry{test.later}, nil
				},
				block: func(height uint64) cmttypes.Txs {
					read++
					return cmttypes.Txs{[]byte("any"), fmt.Append(nil, height)}
				},
			}
			height, err := s.find(t.Context(), heights, sha256.Sum256([]byte("1")), message)
			if err != nil || height != test.want {
				t.Errorf("it is said to be at height %d, want %d: %v", height, test.want, err)
			}
			if read != test.read {
				t.Errorf("%d blocks were read, want %d", read, test.read)
			}
		})
	}
}

// TestOnlyPassedSequencesAreLookedFor takes every place of those who look for a transaction: who
// still gets an answer was not looked for.
func TestOnlyPassedSequencesAreLookedFor(t *testing.T) {
	node := startNode(t, newValidator(t))
	node.waitStored(t, 1)
	node.post(t, testBlob(t, 1, 100))
	signer, err := client.KeyringSigner(node.cfg.Keyring, testKey)
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := client.Prepare(node.setup, []da.Blob{testBlob(t, 1, 100)})
	if err != nil {
		t.Fatal(err)
	}
	signed := func(sequence uint64) []byte {
		fees := client.Fees{Cap: math.OneInt(), Tip: math.ZeroInt(), GasLimit: 1, GasPrice: math.ZeroInt()}
		envelope, err := prepared.Sign(signer, client.Account{ChainID: testChain, Sequence: sequence}, fees)
		if err != nil {
			t.Fatal(err)
		}
		return envelope.Encode()
	}
	account, err := node.client(t).Account(t.Context(), signer.Address())
	if err != nil {
		t.Fatal(err)
	}
	recall := func(ctx context.Context, tx []byte) (uint64, error) {
		id, err := da.TxID(tx)
		if err != nil {
			t.Fatal(err)
		}
		return node.recall(ctx, id, tx)
	}
	for range maxRecalls {
		node.recalls <- struct{}{}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for sequence, want := range map[uint64]error{account.Sequence - 1: context.Canceled, account.Sequence: nil, account.Sequence + 5: nil} {
		if got, err := recall(ended, signed(sequence)); got != 0 || !errors.Is(err, want) {
			t.Errorf("sequence %d of %d: height %d, %v, want %v", sequence, account.Sequence, got, err, want)
		}
	}
}
