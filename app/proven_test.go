package app_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// headed is a chain whose headers' hashes of state are remembered.
type headed struct {
	*chain
	hashes map[uint64][]byte
}

func newHeaded(t testing.TB, c *chain) *headed {
	t.Helper()
	return &headed{c, map[uint64][]byte{1: c.app.LastCommitID().Hash}} // that of block 1 nothing is proven by
}

// grow commits an empty block.
func (h *headed) grow() {
	h.t.Helper()
	h.hashes[uint64(h.height)+1] = h.app.LastCommitID().Hash
	h.apply(da.EmptyTxs())
}

// hash implements app.StateHashes.
func (h *headed) hash(height uint64) ([]byte, error) {
	if hash := h.hashes[height]; hash != nil {
		return hash, nil
	}
	return nil, fmt.Errorf("%w: header of height %d", da.ErrNotFound, height)
}

// TestWhatIsSignedIsProven walks a chain through epochs and a window: at each height what there is to sign of it, of those before it and
// of the epoch is proven, and nothing that differs in what no header says by itself.
func TestWhatIsSignedIsProven(t *testing.T) {
	c := newHeaded(t, newChain(t, attesting(t)))
	if err := c.app.ProveAttestation(c.attestation(1), c.hash); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("height 1 by its own header: %v", err)
	}
	for c.height < 30 {
		c.grow()
		newest := uint64(c.height)
		for height := newest - min(newest, 10) + 1; height <= newest; height++ {
			for name, lie := range map[string]func(*da.Attestation){
				"":          func(*da.Attestation) {},
				"epoch":     func(a *da.Attestation) { a.Epoch++ },
				"set":       func(a *da.Attestation) { a.SetHash[0]++ },
				"history":   func(a *da.Attestation) { a.HistoryRoot[31]++ },
				"state say": func(a *da.Attestation) { a.ChainID = "ashlar-1" },
			} {
				a := *c.attestation(height)
				lie(&a)
				err := c.app.ProveAttestation(&a, c.hash)
				if name == "" && err != nil || name != "" && (!errors.Is(err, da.ErrMismatch) || !strings.Contains(err.Error(), name)) {
					t.Errorf("at %d, height %d, %s: %v", newest, height, name, err)
				}
			}
		}
		c.proveRotation(newest)
	}
	c.hashes[30] = c.hashes[29]
	for height := uint64(21); height <= 30; height++ {
		if err := c.app.ProveAttestation(c.attestation(height), c.hash); !errors.Is(err, da.ErrMismatch) {
			t.Errorf("height %d, by another hash of state: %v", height, err)
		}
	}
}

// proveRotation proves that of the epoch at hand, which the header of its first height cannot.
func (h *headed) proveRotation(newest uint64) {
	h.t.Helper()
	rotation, err := h.app.Rotation(h.epoch())
	if err != nil {
		h.t.Fatal(err)
	}
	err = h.app.ProveRotation(rotation, h.hash)
	if first := newest%4 == 1; first != errors.Is(err, da.ErrNotFound) || !first && err != nil {
		h.t.Errorf("at %d, rotation of epoch %d: %v", newest, rotation.Epoch, err)
	}
	for name, lie := range map[string]func(*da.Rotation){
		"set": func(r *da.Rotation) { r.SetHash[0]++ }, "next": func(r *da.Rotation) { r.NextHash[0]++ }, "time": func(r *da.Rotation) { r.Time++ },
	} {
		other := *rotation
		if lie(&other); newest%4 != 1 && !errors.Is(h.app.ProveRotation(&other, h.hash), da.ErrMismatch) {
			h.t.Errorf("at %d, rotation of epoch %d with another %s is proven", newest, rotation.Epoch, name)
		}
	}
}

// TestADiskThatLiesIsFoundOut: bytes of the application's database change where its values are read fastest, and where no hash is computed
// on the way: state answers what is not the chain's, and none of it is proven.
func TestADiskThatLiesIsFoundOut(t *testing.T) {
	for name, lie := range map[string]func(height, epoch uint64, db dbm.DB){
		"epoch": func(height, _ uint64, db dbm.DB) {
			rewrite(t, db, 6, height, func(r *attestpb.Record) { r.Epoch++ })
		},
		"set": func(_, epoch uint64, db dbm.DB) {
			rewrite(t, db, 4, epoch, func(s *attestpb.AttesterSet) { s.Hash[0]++ })
		},
		"history": func(height, _ uint64, db dbm.DB) {
			rewrite(t, db, 6, height, func(r *attestpb.Record) { r.HistoryRoot[0]++ })
		},
	} {
		for _, behind := range []uint64{0, 3} {
			node := program{home: t.TempDir(), db: dbm.NewMemDB()}
			c := newHeaded(t, newChainOn(t, node.open(t), attesting(t)))
			for c.height < 14 {
				c.grow()
			}
			height := uint64(c.height) - behind
			truth := c.attestation(height)
			lie(height, truth.Epoch, node.db)
			c.app = node.open(t)
			answered := c.attestation(height)
			if *answered == *truth {
				t.Fatalf("%s: the disk does not lie", name)
			}
			if err := c.app.ProveAttestation(answered, c.hash); !errors.Is(err, da.ErrMismatch) {
				t.Errorf("%s, %d behind: %v", name, behind, err)
			}
		}
	}
}

// rewrite changes a value of the attest module in the index that IAVL reads the newest state from: `f` ‖ key, with the version
// and the length before the value.
func rewrite[T any, P interface {
	*T
	proto.Message
}](t *testing.T, db dbm.DB, prefix byte, number uint64, change func(P)) {
	t.Helper()
	key := binary.BigEndian.AppendUint64(append([]byte("s/k:attest/f"), prefix), number)
	indexed, err := db.Get(key)
	if err != nil || indexed == nil {
		t.Fatalf("no value at %q: %v", key, err)
	}
	_, version := binary.Varint(indexed)
	length, size := binary.Uvarint(indexed[version:])
	value := indexed[version+size:]
	if uint64(len(value)) != length {
		t.Fatalf("%d bytes at %q, not %d", len(value), key, length)
	}
	message := P(new(T))
	if err := proto.Unmarshal(value, message); err != nil {
		t.Fatal(err)
	}
	change(message)
	if value, err = proto.Marshal(message); err != nil {
		t.Fatal(err)
	}
	if err := db.Set(key, append(binary.AppendUvarint(indexed[:version:version], uint64(len(value))), value...)); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkProveAttestation is what a validator does beside signing, at its newest height, with a window of a size.
func BenchmarkProveAttestation(b *testing.B) {
	for _, window := range []uint64{100, 1000} {
		b.Run(fmt.Sprint(window), func(b *testing.B) {
			c := newHeaded(b, newChain(b, attestingWith(b, 2, func(p *attestpb.Params) { p.Window = window })))
			for uint64(c.height) < window {
				c.grow()
			}
			attestation := c.attestation(uint64(c.height))
			for b.Loop() {
				if err := c.app.ProveAttestation(attestation, c.hash); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var _ app.StateHashes = (*headed)(nil).hash
