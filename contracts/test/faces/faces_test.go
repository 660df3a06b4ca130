package faces

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// shown says where the blobs of these tests are: two heights, and of each some blobs.
var shown = []struct {
	height uint64
	index  int
}{{12, 1}, {13, 0}, {12, 0}}

// attestedBlobs shows the first n of them.
func (h *history) attestedBlobs(tb testing.TB, n int, certificate calldata.Certificate) calldata.AttestedBlobs {
	tb.Helper()
	a := calldata.AttestedBlobs{Certificate: certificate, Places: []calldata.Place{h.place(tb, 12), h.place(tb, 13)}}
	for _, s := range shown[:n] {
		a.Blobs = append(a.Blobs, blob(tb, s.height-12, s.height, s.index))
	}
	if n < 2 {
		a.Places = a.Places[:1]
	}
	return a
}

// whole is the certificate itself.
func (h *history) whole(tb testing.TB) calldata.Certificate {
	tb.Helper()
	c, err := calldata.NewCertificate(h.certificate)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func (h *history) posted() calldata.Certificate { return calldata.PostedCertificate(h.root) }

// corruptions are what can be wrong with attested blobs, whoever takes them.
func corruptions(unknown [32]byte, whole calldata.Certificate) []struct {
	name, want string
	corrupt    func(a *calldata.AttestedBlobs)
} {
	return []struct {
		name, want string
		corrupt    func(a *calldata.AttestedBlobs)
	}{
		{"a root never attested", "NeverAttested", func(a *calldata.AttestedBlobs) { a.Certificate.Attestation.HistoryRoot = unknown }},
		{"no signature, but another root", "NeverAttested", func(a *calldata.AttestedBlobs) { a.Certificate.Attestation.HistoryRoot[0] ^= 1 }},
		{"a signature cut", "SignatureLength", func(a *calldata.AttestedBlobs) {
			a.Certificate = whole
			a.Certificate.Signature = whole.Signature[:255]
		}},
		{"no place", "NoSuchPlace", func(a *calldata.AttestedBlobs) { a.Places = a.Places[:0] }},
		{"another place", "NoSuchPlace", func(a *calldata.AttestedBlobs) { a.Blobs[0].Place = 2 }},
		{"a place far out", "NoSuchPlace", func(a *calldata.AttestedBlobs) { a.Blobs[0].Place = 1<<64 - 1 }},
		{"another height", "NotInHistory", func(a *calldata.AttestedBlobs) { a.Places[0].Height-- }},
		{"another data root", "NotInHistory", func(a *calldata.AttestedBlobs) { a.Places[0].DataRoot[0] ^= 1 }},
		{"another blob tree root", "NotInHistory", func(a *calldata.AttestedBlobs) { a.Places[0].BlobTreeRoot[0] ^= 1 }},
		{"a history cut", "HistoryProofLength", func(a *calldata.AttestedBlobs) { a.Places[0].History = a.Places[0].History[1:] }},
		{"another blob id", "NotInBlobTree", func(a *calldata.AttestedBlobs) { a.Blobs[0].BlobId[0] ^= 1 }},
		{"a tree proof cut", "NotInBlobTree", func(a *calldata.AttestedBlobs) { a.Blobs[0].Tree = a.Blobs[0].Tree[1:] }},
		{"another namespace", "WrongPreimage", func(a *calldata.AttestedBlobs) { a.Blobs[0].Blob.Namespace[0] ^= 1 }},
		{"another size", "WrongPreimage", func(a *calldata.AttestedBlobs) { a.Blobs[0].Blob.Size-- }},
		{"a blob less", "WrongBlobs", func(a *calldata.AttestedBlobs) { a.Blobs = a.Blobs[:len(a.Blobs)-1] }},
		{"a blob more", "WrongBlobs", func(a *calldata.AttestedBlobs) { a.Blobs = append(a.Blobs, a.Blobs[0]) }},
	}
}

// refuses fails the test unless a call to one contract reverts with an error of another, or of the light client.
func refuses(t *testing.T, called, other *evm.Contract, want string, data []byte) {
	t.Helper()
	_, err := called.CallRaw(data)
	client := &evm.Contract{ABI: evm.Interface(t, "IAshlarLightClient")}
	if err == nil || errorName(other, err) != want && errorName(client, err) != want {
		t.Errorf("ends with %s, want %s", other.Explain(err), want)
	}
}

// --- Polygon CDK ---

// cdk is a validium with the face as its protocol.
type cdk struct {
	*world
	rollup, face *evm.Contract
	h            *history
}

func newCDK(t testing.TB) *cdk {
	t.Helper()
	w := newWorld(t)
	r := &cdk{world: w, h: w.attest(t, 13), rollup: w.Deploy(t, "CDKRollup")}
	r.face = w.deploy(t, "AshlarCDK", 13, r.rollup.Address)
	r.rollup.Send(t, "setDataAvailabilityProtocol", r.face.Address)
	return r
}

// sequence is one of n batches whose data is posted.
func (r *cdk) sequence(t testing.TB, n int, certificate calldata.Certificate) *calldata.Sequence {
	t.Helper()
	s := &calldata.Sequence{
		L1InfoRoot: da.Keccak256([]byte("info")), MaxSequenceTimestamp: r.Now(t), L2Coinbase: [20]byte{1, 2, 3},
		Attested: r.h.attestedBlobs(t, n, certificate),
	}
	for _, at := range shown[:n] {
		s.Batches = append(s.Batches, calldata.Batch{TransactionsHash: da.Keccak256(blockAt(at.height).blobs[at.index].Data)})
	}
	return s
}

// call is the rollup's call that sequences batches with a message.
func (r *cdk) call(t testing.TB, s *calldata.Sequence, message []byte) []byte {
	t.Helper()
	before := r.rollup.Call(t, "lastAccInputHash")[0].([32]byte)
	return r.rollup.Pack(t, "sequenceBatchesValidium", s.Batches, s.L1InfoRoot, s.MaxSequenceTimestamp, s.AccInputHash(before), common.Address(s.L2Coinbase), message)
}

func (r *cdk) send(t testing.TB, s *calldata.Sequence) *types.Receipt {
	t.Helper()
	receipt := r.Send(t, &r.rollup.Address, r.call(t, s, s.Encode()))
	if receipt.Status != types.ReceiptStatusSuccessful {
		_, err := r.rollup.CallRaw(r.call(t, s, s.Encode()))
		t.Fatalf("sequencing failed: %s", r.face.Explain(err))
	}
	return receipt
}

// TestCDK: a rollup sequences with a posted root and with a whole certificate, more than once, forced batches among them.
func TestCDK(t *testing.T) {
	r := newCDK(t)
	if got := r.face.Call(t, "getProcotolName")[0]; got != "Ashlar" {
		t.Errorf("the protocol is called %v", got)
	}
	r.send(t, r.sequence(t, 1, r.h.posted()))
	r.send(t, r.sequence(t, 3, r.h.posted()))
	r.send(t, r.sequence(t, 2, r.h.whole(t)))

	s := r.sequence(t, 3, r.h.posted())
	forced := r.force(t)
	s.Batches = []calldata.Batch{s.Batches[0], forced, s.Batches[1], s.Batches[2]}
	r.send(t, s)
	alone := &calldata.Sequence{Batches: []calldata.Batch{r.force(t)}, Attested: calldata.AttestedBlobs{Certificate: r.h.posted()}}
	r.send(t, alone) // about which the rollup asks nobody
}

// force has the rollup take a forced batch.
func (r *cdk) force(t *testing.T) calldata.Batch {
	t.Helper()
	values, err := r.rollup.ABI.Unpack("Forced", r.rollup.Send(t, "forceBatch", []byte("by a user")).Logs[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	return calldata.Batch{
		TransactionsHash: da.Keccak256([]byte("by a user")), ForcedGlobalExitRoot: values[0].([32]byte),
		ForcedTimestamp: values[1].(uint64), ForcedBlockHashL1: values[2].([32]byte),
	}
}

// TestCDKRefuses: a rollup cannot sequence batches whose data is not all attested, whatever the message says of them.
func TestCDKRefuses(t *testing.T) {
	r := newCDK(t)
	r.send(t, r.sequence(t, 1, r.h.posted()))
	for _, c := range corruptions(r.certify(t, 12).root, r.h.whole(t)) {
		t.Run(c.name, func(t *testing.T) {
			s := r.sequence(t, 3, r.h.posted())
			c.corrupt(&s.Attested)
			refuses(t, r.rollup, r.face, c.want, r.call(t, s, s.Encode()))
		})
	}
	for _, c := range []struct {
		name, want string
		message    func(s *calldata.Sequence)
	}{
		{"the last batch alone", "WrongAccInputHash", func(s *calldata.Sequence) {
			s.Batches, s.Attested.Blobs = s.Batches[2:], s.Attested.Blobs[2:]
		}},
		{"a batch passed off as forced", "WrongBlobs", func(s *calldata.Sequence) {
			s.Batches[0].ForcedTimestamp, s.Batches[0].ForcedGlobalExitRoot = s.MaxSequenceTimestamp, s.L1InfoRoot
			s.Attested.Blobs = s.Attested.Blobs[1:]
		}},
		{"a batch passed off as forced, with a block", "WrongAccInputHash", func(s *calldata.Sequence) {
			s.Batches[0].ForcedTimestamp, s.Batches[0].ForcedGlobalExitRoot, s.Batches[0].ForcedBlockHashL1 = s.MaxSequenceTimestamp, s.L1InfoRoot, [32]byte{1}
			s.Attested.Blobs = s.Attested.Blobs[1:]
		}},
		{"another batch", "WrongAccInputHash", func(s *calldata.Sequence) { s.Batches[1].TransactionsHash[0] ^= 1 }},
		{"no batches", "WrongAccInputHash", func(s *calldata.Sequence) { s.Batches, s.Attested.Blobs = nil, nil }},
		{"batches in another order", "WrongAccInputHash", func(s *calldata.Sequence) { b := s.Batches; b[0], b[1] = b[1], b[0] }},
		{"another info root", "WrongAccInputHash", func(s *calldata.Sequence) { s.L1InfoRoot[0] ^= 1 }},
		{"another time", "WrongAccInputHash", func(s *calldata.Sequence) { s.MaxSequenceTimestamp-- }},
		{"another coinbase", "WrongAccInputHash", func(s *calldata.Sequence) { s.L2Coinbase[19] ^= 1 }},
		{"blobs in another order", "WrongKeccak", func(s *calldata.Sequence) { b := s.Attested.Blobs; b[0], b[1] = b[1], b[0] }},
		{"one blob for two batches", "WrongKeccak", func(s *calldata.Sequence) { s.Attested.Blobs[1] = s.Attested.Blobs[0] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			true3, s := r.sequence(t, 3, r.h.posted()), r.sequence(t, 3, r.h.posted())
			c.message(s)
			refuses(t, r.rollup, r.face, c.want, r.call(t, true3, s.Encode()))
		})
	}
	t.Run("no rollup", func(t *testing.T) {
		s := r.sequence(t, 1, r.h.posted())
		r.face.Refuses(t, "UnknownRollup", "verifyMessage", s.AccInputHash([32]byte{}), s.Encode())
	})
	t.Run("bad certificates", func(t *testing.T) {
		for want, corrupt := range map[string]func(c *calldata.Certificate){
			"WrongSignature": func(c *calldata.Certificate) { c.Attestation.HistoryRoot[0] ^= 1 },
			"NoQuorum":       func(c *calldata.Certificate) { c.Signers = big.NewInt(3) },
			"UnknownSigners": func(c *calldata.Certificate) { c.Signers = big.NewInt(31) },
			"WrongEpoch":     func(c *calldata.Certificate) { c.Attestation.Epoch++ },
			"TooOld":         func(c *calldata.Certificate) { c.Attestation.Time = 1 },
			"Infinity":       func(c *calldata.Certificate) { c.Signature = make([]byte, 256) },
		} {
			s := r.sequence(t, 3, r.h.whole(t))
			corrupt(&s.Attested.Certificate)
			refuses(t, r.rollup, r.face, want, r.call(t, s, s.Encode()))
		}
	})
}

// TestMalformed: no cut of a message and no offset that points elsewhere passes, and none ends without a name.
func TestMalformed(t *testing.T) {
	r := newCDK(t)
	s := r.sequence(t, 2, r.h.posted())
	message := s.Encode()
	for cut := 0; cut < len(message); cut += 32 {
		for _, n := range []int{cut, cut + 1, cut + 31} {
			refuses(t, r.rollup, r.face, "Malformed", r.call(t, s, message[:n]))
		}
	}
	zk := r.deploy(t, "AshlarZKsync", 13)
	p, output := r.pubdata(t, r.h.posted())
	input := p.Encode()
	for cut := 0; cut < len(input); cut += 32 {
		refuses(t, zk, zk, "Malformed", zk.Pack(t, "checkDA", big.NewInt(1), big.NewInt(1), output, input[:cut+5], big.NewInt(6)))
	}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range message {
		bad := bytes.Clone(message)
		bad[i] ^= 1 << random.IntN(8)
		_, err := r.rollup.CallRaw(r.call(t, s, bad))
		if err == nil && !loose[i/32] || err != nil && errorName(r.face, err) == "a revert without data" {
			t.Errorf("with a bit of byte %d (word %d) changed: %s", i, i/32, r.face.Explain(err))
		}
	}
}

// loose are the words that mean nothing in a message of two batches which are not forced, under a posted root: exit root
// and time of forced batches, as in the rollup; what a certificate says beside the root; and where the two lists are that are
// empty, its signature and the second blob's path, which may as well be where other zeros are.
var loose = map[int]bool{8: true, 9: true, 12: true, 13: true, 18: true, 19: true, 20: true, 21: true, 22: true, 23: true, 25: true, 26: true, 67: true}

// TestAccInputHash: over random batches, forced and not, the face computes what Go does.
func TestAccInputHash(t *testing.T) {
	r, random := newCDK(t), rand.New(rand.NewPCG(5, 6))
	for range 40 {
		s := &calldata.Sequence{L1InfoRoot: draw(random), MaxSequenceTimestamp: random.Uint64(), L2Coinbase: common.BytesToAddress(testBytes(byte(random.Uint32()), 20))}
		s.Attested.Certificate = r.h.posted()
		for range random.IntN(9) {
			b := calldata.Batch{TransactionsHash: draw(random), ForcedGlobalExitRoot: draw(random), ForcedTimestamp: random.Uint64(), ForcedBlockHashL1: draw(random)}
			s.Batches = append(s.Batches, b)
		}
		from := draw(random)
		r.face.Call(t, "verifySequence", from, s.AccInputHash(from), *s)
		wrong := s.AccInputHash(from)
		wrong[7] ^= 1
		r.face.Refuses(t, "WrongAccInputHash", "verifySequence", from, wrong, *s)
		s.Batches = append(s.Batches, calldata.Batch{TransactionsHash: draw(random)})
		r.face.Refuses(t, "WrongBlobs", "verifySequence", from, s.AccInputHash(from), *s)
	}
}

// --- ZK Stack ---

// pubdata is an operator's input, and what the L2's validator outputs with it.
func (r *cdk) pubdata(t testing.TB, certificate calldata.Certificate) (*calldata.Pubdata, [32]byte) {
	t.Helper()
	p := &calldata.Pubdata{StateDiffHash: da.Keccak256([]byte("diff")), Attested: r.h.attestedBlobs(t, 1, certificate)}
	return p, p.OutputHash(blockAt(12).blobs[1].Data)
}

func TestZKsync(t *testing.T) {
	r := newCDK(t)
	c := r.deploy(t, "AshlarZKsync", 13)
	for _, certificate := range []calldata.Certificate{r.h.posted(), r.h.whole(t)} {
		for _, supported := range []uint64{0, 1, 6, 16} {
			p, output := r.pubdata(t, certificate)
			out := c.Call(t, "checkDA", big.NewInt(324), big.NewInt(7), output, p.Encode(), number(supported))
			got := *abi.ConvertType(out[0], new(struct {
				StateDiffHash                              [32]byte
				BlobsLinearHashes, BlobsOpeningCommitments [][32]byte
			})).(*struct {
				StateDiffHash                              [32]byte
				BlobsLinearHashes, BlobsOpeningCommitments [][32]byte
			})
			if got.StateDiffHash != p.StateDiffHash || uint64(len(got.BlobsLinearHashes)) != supported || uint64(len(got.BlobsOpeningCommitments)) != supported {
				t.Errorf("of %d blobs: %+v", supported, got)
			}
			for i := range got.BlobsLinearHashes {
				if got.BlobsLinearHashes[i] != [32]byte{} || got.BlobsOpeningCommitments[i] != [32]byte{} {
					t.Errorf("blob %d is not zero", i)
				}
			}
		}
	}
	for _, row := range append(corruptions(r.certify(t, 12).root, r.h.whole(t)), []struct {
		name, want string
		corrupt    func(a *calldata.AttestedBlobs)
	}{
		{"another blob that is attested", "WrongOutputHash", func(a *calldata.AttestedBlobs) { a.Blobs[0] = blob(t, 0, 12, 0) }},
		{"another Keccak-256", "WrongOutputHash", func(a *calldata.AttestedBlobs) { a.Blobs[0].Blob.DataKeccak[0] ^= 1 }},
	}...) {
		t.Run(row.name, func(t *testing.T) {
			p, output := r.pubdata(t, r.h.posted())
			row.corrupt(&p.Attested)
			refuses(t, c, c, row.want, c.Pack(t, "checkDA", big.NewInt(324), big.NewInt(7), output, p.Encode(), big.NewInt(6)))
		})
	}
	p, output := r.pubdata(t, r.h.posted())
	p.StateDiffHash[0] ^= 1
	c.Refuses(t, "WrongOutputHash", "checkDA", big.NewInt(324), big.NewInt(7), output, p.Encode(), big.NewInt(6))
}

// --- Blobstream ---

type tuple struct {
	Height   *big.Int
	DataRoot [32]byte
}

type merkleProof struct {
	SideNodes      [][32]byte
	Key, NumLeaves *big.Int
}

func blobstream(h *history, place calldata.Place) (*big.Int, *tuple, *merkleProof) {
	p := place.BinaryMerkleProof(h.newest)
	return new(big.Int).SetBytes(h.root[:]), &tuple{number(place.Height), place.DataRoot}, &merkleProof{p.SideNodes, number(p.Key), number(p.NumLeaves)}
}

func TestBlobstream(t *testing.T) {
	w := newWorld(t)
	const newest, window = 21, 20
	h, c := w.attest(t, newest), w.deploy(t, "AshlarBlobstream", window)
	verify := func(nonce *big.Int, u *tuple, p *merkleProof) bool {
		return c.Call(t, "verifyAttestation", nonce, *u, *p)[0].(bool)
	}
	for height := uint64(1); height <= newest; height++ {
		nonce, u, p := blobstream(h, h.place(t, height))
		if verify(nonce, u, p) != (height > newest-window) {
			t.Errorf("height %d", height)
		}
	}
	unknown := w.certify(t, newest-1)
	for _, row := range []struct {
		name, want string
		corrupt    func(nonce *big.Int, u *tuple, p *merkleProof)
	}{
		{"a root never attested", "NeverAttested", func(nonce *big.Int, _ *tuple, _ *merkleProof) { nonce.SetBytes(unknown.root[:]) }},
		{"nonce 0", "NeverAttested", func(nonce *big.Int, _ *tuple, _ *merkleProof) { nonce.SetUint64(0) }},
		{"another data root", "NotInHistory", func(_ *big.Int, u *tuple, _ *merkleProof) { u.DataRoot[0] ^= 1 }},
		{"another blob tree root", "NotInHistory", func(_ *big.Int, _ *tuple, p *merkleProof) { p.SideNodes[0][0] ^= 1 }},
		{"another node", "NotInHistory", func(_ *big.Int, _ *tuple, p *merkleProof) { p.SideNodes[2][0] ^= 1 }},
		{"a node less", "HistoryProofLength", func(_ *big.Int, _ *tuple, p *merkleProof) { p.SideNodes = p.SideNodes[1:] }},
		{"a node more", "HistoryProofLength", func(_ *big.Int, _ *tuple, p *merkleProof) { p.SideNodes = append(p.SideNodes, p.SideNodes[0]) }},
		{"no nodes", "NoSideNodes", func(_ *big.Int, _ *tuple, p *merkleProof) { p.SideNodes = nil }},
		{"another height", "WrongKey", func(_ *big.Int, u *tuple, _ *merkleProof) { u.Height.SetUint64(19) }},
		{"another key", "WrongKey", func(_ *big.Int, _ *tuple, p *merkleProof) { p.Key.SetUint64(18) }},
		{"another height and key", "NotInHistory", func(_ *big.Int, u *tuple, p *merkleProof) { u.Height.SetUint64(19); p.Key.SetUint64(18) }},
		{"height 0", "HeightNotInHistory", func(_ *big.Int, u *tuple, _ *merkleProof) { u.Height.SetUint64(0) }},
		{"a height to come", "HeightNotInHistory", func(_ *big.Int, u *tuple, _ *merkleProof) { u.Height.SetUint64(22) }},
		{"a height above 64 bits", "HeightNotInHistory", func(_ *big.Int, u *tuple, _ *merkleProof) { u.Height.SetBit(u.Height, 64, 1) }},
		{"fewer leaves", "WrongLeaves", func(_ *big.Int, _ *tuple, p *merkleProof) { p.NumLeaves.SetUint64(20) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			nonce, u, p := blobstream(h, h.place(t, 20))
			row.corrupt(nonce, u, p)
			if verify(nonce, u, p) {
				t.Error("it is attested")
			}
			c.Refuses(t, row.want, "requireAttestation", nonce, *u, *p)
		})
	}
}
