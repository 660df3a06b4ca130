package faces

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// TestEveryHeight: in histories of three mountains and of one, each blob of each height is attested while its height is in
// the window, and none is at another height's place.
func TestEveryHeight(t *testing.T) {
	w := newWorld(t)
	for _, newest := range []uint64{1, 16, 21} {
		const window = 18
		h, c := w.attest(t, newest), w.deploy(t, "AshlarBlobs", window)
		for height := uint64(1); height <= newest; height++ {
			place := h.place(t, height)
			for i := range blockAt(height).infos() {
				p := blob(t, 0, height, i)
				if newest-height >= window {
					c.Refuses(t, "HeightOutsideWindow", "requireBlob", h.root, place, p.BlobId, p.Tree)
					continue
				}
				c.Call(t, "requireBlob", h.root, place, p.BlobId, p.Tree)
				c.Call(t, "requireKeccak", h.root, place, p.BlobId, p.Tree, p.Blob, da.Keccak256(blockAt(height).blobs[i].Data))
				c.Call(t, "requireVersionedHashes", h.root, place, p.BlobId, p.Tree, p.Blob, p.Blob.VersionedHashes)
				for row, hash := range p.Blob.VersionedHashes {
					c.Call(t, "requireVersionedHash", h.root, place, p.BlobId, p.Tree, p.Blob, number(uint64(row)), hash)
				}
			}
			other := blob(t, 0, 1, 0) // of heights 1, 5, 9, …
			if height%4 != 1 && newest-height < window {
				c.Refuses(t, "NotInBlobTree", "requireBlob", h.root, place, other.BlobId, other.Tree)
			}
		}
	}
}

// TestLongHistory: heights at the edges of the mountains of a long history, 4096 + 1024 + 256 + 32 + 4 + 1.
func TestLongHistory(t *testing.T) {
	w := newWorld(t)
	const newest = 4096 + 1024 + 256 + 32 + 4 + 1
	h, c := w.attest(t, newest), w.deploy(t, "AshlarBlobs", uint64(newest))
	for _, height := range []uint64{1, 2, 3, 2048, 4095, 4097, 5119, 5121, 5375, 5377, 5407, 5409, 5411, 5412, 5413} {
		place := h.place(t, height)
		for i := range blockAt(height).infos() {
			p := blob(t, 0, height, i)
			c.Call(t, "requireBlob", h.root, place, p.BlobId, p.Tree)
		}
	}
}

// question is one to AshlarBlobs, with every argument that may be wrong.
type question struct {
	root      [32]byte
	place     calldata.Place
	posted    calldata.Posted
	keccak    [32]byte
	row       uint64
	versioned [32]byte
	hashes    [][32]byte
}

func newQuestion(t *testing.T, h *history, height uint64, index int) *question {
	t.Helper()
	p := blob(t, 0, height, index)
	return &question{h.root, h.place(t, height), p, p.Blob.DataKeccak, 1, p.Blob.VersionedHashes[1], append([][32]byte{}, p.Blob.VersionedHashes...)}
}

// TestBlobsRefuse: everything that can be wrong has an error of its own.
func TestBlobsRefuse(t *testing.T) {
	w := newWorld(t)
	const newest, height = 13, 12 // mountains of 8, 4 and 1; the second's last leaf
	h, c := w.attest(t, newest), w.deploy(t, "AshlarBlobs", newest)
	unsigned := w.certify(t, newest-1)
	for _, row := range []struct {
		name, want string
		corrupt    func(q *question)
	}{
		{"nothing", "", func(*question) {}},
		{"a root never attested", "NeverAttested", func(q *question) { q.root = unsigned.root }},
		{"no root", "NeverAttested", func(q *question) { q.root = [32]byte{} }},
		{"the height before", "NotInHistory", func(q *question) { q.place.Height-- }},
		{"height 0", "HeightNotInHistory", func(q *question) { q.place.Height = 0 }},
		{"a height to come", "HeightNotInHistory", func(q *question) { q.place.Height = newest + 1 }},
		{"the greatest height", "HeightNotInHistory", func(q *question) { q.place.Height = 1<<64 - 1 }},
		{"a height of another mountain", "HistoryProofLength", func(q *question) { q.place.Height = newest }},
		{"another data root", "NotInHistory", func(q *question) { q.place.DataRoot[31] ^= 1 }},
		{"another blob tree root", "NotInHistory", func(q *question) { q.place.BlobTreeRoot[0] ^= 1 }},
		{"roots swapped", "NotInHistory", func(q *question) { q.place.DataRoot, q.place.BlobTreeRoot = q.place.BlobTreeRoot, q.place.DataRoot }},
		{"another sibling", "NotInHistory", func(q *question) { q.place.History[0][5] ^= 1 }},
		{"another bag", "NotInHistory", func(q *question) { q.place.History[2][5] ^= 1 }},
		{"another peak", "NotInHistory", func(q *question) { q.place.History[3][5] ^= 1 }},
		{"nodes swapped", "NotInHistory", func(q *question) { n := q.place.History; n[0], n[1] = n[1], n[0] }},
		{"no bag", "HistoryProofLength", func(q *question) { q.place.History = append(q.place.History[:2:2], q.place.History[3]) }},
		{"no peak", "HistoryProofLength", func(q *question) { q.place.History = q.place.History[:3] }},
		{"no path", "HistoryProofLength", func(q *question) { q.place.History = nil }},
		{"a node more", "HistoryProofLength", func(q *question) { q.place.History = append(q.place.History, [32]byte{}) }},
		{"another blob id", "NotInBlobTree", func(q *question) { q.posted.BlobId[0] ^= 1 }},
		{"another node of the tree", "NotInBlobTree", func(q *question) { q.posted.Tree[0][0] ^= 1 }},
		{"a tree proof cut", "NotInBlobTree", func(q *question) { q.posted.Tree = q.posted.Tree[:1] }},
		{"a tree proof cut away", "NotInBlobTree", func(q *question) { q.posted.Tree = nil }},
		{"a node more of the tree", "NotInBlobTree", func(q *question) { q.posted.Tree = append(q.posted.Tree, [32]byte{}) }},
		{"a tree deeper than any", "BlobProofTooLong", func(q *question) { q.posted.Tree = make([][32]byte, 15) }},
		{"an inner node for a leaf", "NotInBlobTree", func(q *question) { q.posted.BlobId, q.posted.Tree = q.posted.Tree[1], nil }},
		{"another namespace", "WrongPreimage", func(q *question) { q.posted.Blob.Namespace[28] ^= 1 }},
		{"another Keccak-256 in the preimage", "WrongPreimage", func(q *question) { q.posted.Blob.DataKeccak[0] ^= 1 }},
		{"another Keccak-256", "WrongKeccak", func(q *question) { q.keccak[0] ^= 1 }},
		{"another row's hash in the preimage", "WrongPreimage", func(q *question) { q.posted.Blob.VersionedHashes[0][3] ^= 1 }},
		{"a row less in the preimage", "WrongPreimage", func(q *question) { q.posted.Blob.VersionedHashes = q.posted.Blob.VersionedHashes[:1] }},
		{"rows swapped in the preimage", "WrongPreimage", func(q *question) {
			v := q.posted.Blob.VersionedHashes
			v[0], v[1] = v[1], v[0]
		}},
		{"another size", "WrongPreimage", func(q *question) { q.posted.Blob.Size++ }},
		{"another versioned hash", "WrongVersionedHash", func(q *question) { q.versioned[4] ^= 1 }},
		{"another row", "WrongVersionedHash", func(q *question) { q.row = 0 }},
		{"a row that is none", "NoSuchRow", func(q *question) { q.row = 2 }},
		{"a versioned hash less", "WrongRows", func(q *question) { q.hashes = q.hashes[:1] }},
		{"a versioned hash more", "WrongRows", func(q *question) { q.hashes = append(q.hashes, q.hashes[0]) }},
		{"versioned hashes swapped", "WrongVersionedHash", func(q *question) { q.hashes[0], q.hashes[1] = q.hashes[1], q.hashes[0] }},
	} {
		t.Run(row.name, func(t *testing.T) {
			q := newQuestion(t, h, height, 1)
			row.corrupt(q)
			refused := 0
			for method, more := range map[string][]any{
				"requireBlob":            nil,
				"requireKeccak":          {q.posted.Blob, q.keccak},
				"requireVersionedHash":   {q.posted.Blob, number(q.row), q.versioned},
				"requireVersionedHashes": {q.posted.Blob, q.hashes},
			} {
				_, err := c.CallRaw(c.Pack(t, method, append([]any{q.root, q.place, q.posted.BlobId, q.posted.Tree}, more...)...))
				if err == nil {
					continue
				}
				refused++
				if got := errorName(c, err); got != row.want {
					t.Errorf("%s ends with %s, want %s", method, c.Explain(err), row.want)
				}
			}
			if (refused == 0) != (row.want == "") {
				t.Errorf("%d refused", refused)
			}
		})
	}
}

// errorName is the name of the custom error that a call ended with.
func errorName(c *evm.Contract, err error) string {
	explained := c.Explain(err)
	for i, r := range explained {
		if r == '[' {
			return explained[:i]
		}
	}
	return explained
}

// TestAges: an attestation counts until it is as old as the light client lets it be, and none once that has expired.
func TestAges(t *testing.T) {
	w := newWorld(t)
	h, c, facts := w.attest(t, 13), w.deploy(t, "AshlarBlobs", 13), w.deploy(t, "AshlarFacts", 13)
	p := blob(t, 0, 12, 1)
	args := []any{h.root, h.place(t, 12), p.BlobId, p.Tree}
	facts.Send(t, "register", args...)
	valid := func() bool { return facts.Call(t, "isValid", p.BlobId)[0].(bool) }
	w.Sleep(t, (committee.MaxAge-60)*time.Second)
	c.Call(t, "requireBlob", args...)
	if !valid() {
		t.Error("a fact younger than the bound does not count")
	}
	w.Sleep(t, 120*time.Second)
	c.Refuses(t, "TooOld", "requireBlob", args...)
	facts.Refuses(t, "TooOld", "register", args...)
	if valid() {
		t.Error("a fact older than the bound counts")
	}

	again := w.attest(t, 14)
	renewed := []any{again.root, again.place(t, 12), p.BlobId, p.Tree}
	c.Call(t, "requireBlob", renewed...)
	facts.Send(t, "register", renewed...)
	if !valid() {
		t.Error("a fact registered anew does not count")
	}
	w.Sleep(t, (committee.TrustingPeriod-committee.MaxAge-120)*time.Second)
	late := w.attest(t, 15)
	lateArgs := []any{late.root, late.place(t, 12), p.BlobId, p.Tree}
	facts.Send(t, "register", lateArgs...)
	c.Call(t, "requireBlob", lateArgs...)
	w.Sleep(t, 180*time.Second)
	c.Refuses(t, "Expired", "requireBlob", lateArgs...)
	c.Refuses(t, "Expired", "requireBlob", args...)
	if valid() {
		t.Error("a fact counts though the light client has expired")
	}
}

func TestConstructors(t *testing.T) {
	w := newWorld(t)
	w.RefusesDeploy(t, "NoLightClient", "AshlarBlobs", common.Address{1}, uint64(5))
	w.RefusesDeploy(t, "NoWindow", "AshlarBlobs", w.client.Address, uint64(0))
}

// TestFacts: a fact is a blob id and nothing else, registered by proof, and once.
func TestFacts(t *testing.T) {
	w := newWorld(t)
	h, c := w.attest(t, 13), w.deploy(t, "AshlarFacts", 13)
	registered := func() bool { return c.Call(t, "hasRegisteredFact")[0].(bool) }
	p := blob(t, 0, 12, 1)
	if registered() || c.Call(t, "isValid", p.BlobId)[0].(bool) {
		t.Error("a fact before any was registered")
	}
	wrong := p.BlobId
	wrong[0] ^= 1
	c.Refuses(t, "NotInBlobTree", "register", h.root, h.place(t, 12), wrong, p.Tree)
	if logs := c.Send(t, "register", h.root, h.place(t, 12), p.BlobId, p.Tree).Logs; len(logs) != 1 || logs[0].Topics[1] != common.Hash(p.BlobId) {
		t.Errorf("registering logs %v", logs)
	}
	if logs := c.Send(t, "register", h.root, h.place(t, 12), p.BlobId, p.Tree).Logs; len(logs) != 0 {
		t.Errorf("registering again logs %v", logs)
	}
	if !registered() || !c.Call(t, "isValid", p.BlobId)[0].(bool) || c.Call(t, "isValid", p.Blob.DataKeccak)[0].(bool) {
		t.Error("what is valid is not the blob id alone")
	}
	if got := c.Call(t, "identify")[0]; got != "Ashlar_AttestedBlobs_1" {
		t.Errorf("it is %v", got)
	}
}
