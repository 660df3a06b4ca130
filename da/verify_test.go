package da

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

func cloneTxs(txs [][]byte) [][]byte {
	clone := make([][]byte, len(txs))
	for i, tx := range txs {
		clone[i] = bytes.Clone(tx)
	}
	return clone
}

// editHeader decodes transaction 0, changes it and puts it back.
func editHeader(edit func(*Header)) func([][]byte) [][]byte {
	return func(txs [][]byte) [][]byte {
		h := must(DecodeHeader(txs[0][1:]))
		edit(h)
		txs[0] = inject(h.Encode())
		return txs
	}
}

// editEnvelope changes the envelope that is transaction i; the message is signed again.
func editEnvelope(i int, edit func(claimedEnvelope)) func([][]byte) [][]byte {
	return func(txs [][]byte) [][]byte {
		c := cloneEnvelope(must(DecodeEnvelope(txs[i])))
		edit(c)
		txs[i] = c.seal().Encode()
		return txs
	}
}

func TestParseBlockCorrupted(t *testing.T) {
	_, block := newFixture(t)
	for name, corrupt := range map[string]func([][]byte) [][]byte{
		"no transactions":         func([][]byte) [][]byte { return nil },
		"header alone":            func(txs [][]byte) [][]byte { return txs[:1] },
		"header missing":          func(txs [][]byte) [][]byte { return txs[1:] },
		"proofs missing":          func(txs [][]byte) [][]byte { return slices.Delete(txs, 1, 2) },
		"header and proofs swap":  func(txs [][]byte) [][]byte { txs[0], txs[1] = txs[1], txs[0]; return txs },
		"header empty":            func(txs [][]byte) [][]byte { txs[0] = nil; return txs },
		"proofs empty":            func(txs [][]byte) [][]byte { txs[1] = nil; return txs },
		"header's first byte":     func(txs [][]byte) [][]byte { txs[0][0] = 1; return txs },
		"proofs' first byte":      func(txs [][]byte) [][]byte { txs[1][0] = 2; return txs },
		"header cut":              func(txs [][]byte) [][]byte { txs[0] = txs[0][:30]; return txs },
		"header longer":           func(txs [][]byte) [][]byte { txs[0] = append(txs[0], 0); return txs },
		"a proof missing":         func(txs [][]byte) [][]byte { txs[1] = txs[1][:len(txs[1])-48]; return txs },
		"a proof more":            func(txs [][]byte) [][]byte { txs[1] = append(txs[1], make([]byte, 48)...); return txs },
		"a byte of proofs more":   func(txs [][]byte) [][]byte { txs[1] = append(txs[1], 0); return txs },
		"header version":          editHeader(func(h *Header) { h.Version = 2 }),
		"k":                       editHeader(func(h *Header) { h.Commitments = h.Commitments[1:] }),
		"a row more":              editHeader(func(h *Header) { h.Commitments = append(h.Commitments, infinity) }),
		"transaction rows":        editHeader(func(h *Header) { h.TxRows, h.SharedRows = 2, 1 }),
		"shared rows":             editHeader(func(h *Header) { h.SharedRows-- }),
		"own row's commitment":    editHeader(func(h *Header) { h.Commitments[2] = generator }),
		"own rows swapped":        editHeader(func(h *Header) { h.Commitments[2], h.Commitments[3] = h.Commitments[3], h.Commitments[2] }),
		"index root":              editHeader(func(h *Header) { h.IndexRoot[89]++ }),
		"blob tree root":          editHeader(func(h *Header) { h.BlobTreeRoot[0]++ }),
		"envelope missing":        func(txs [][]byte) [][]byte { return slices.Delete(txs, 2, 3) },
		"envelope twice":          func(txs [][]byte) [][]byte { return slices.Insert(txs, 2, txs[2]) },
		"envelopes swapped":       func(txs [][]byte) [][]byte { txs[2], txs[3] = txs[3], txs[2]; return txs },
		"envelope after others":   func(txs [][]byte) [][]byte { txs[3], txs[4] = txs[4], txs[3]; return txs },
		"envelope's byte":         func(txs [][]byte) [][]byte { txs[2] = append(txs[2], 0); return txs },
		"envelope opened":         func(txs [][]byte) [][]byte { txs[2] = block.Envelopes[0].Tx; return txs },
		"blob stripped":           editEnvelope(2, func(c claimedEnvelope) { c.Blobs = c.Blobs[:2] }),
		"blob changed":            editEnvelope(3, func(c claimedEnvelope) { c.Blobs[0][1]++ }),
		"proof changed":           editEnvelope(3, func(c claimedEnvelope) { c.Proofs[0][1]++ }),
		"signer changed":          editEnvelope(3, func(c claimedEnvelope) { c.message.Signer = FormatAddress(testSigner(9)) }),
		"namespace changed":       editEnvelope(3, func(c claimedEnvelope) { c.message.Blobs[0].Namespace[28]++ }),
		"commitment changed":      editEnvelope(3, func(c claimedEnvelope) { c.message.Blobs[0].Commitments[0] = generator[:] }),
		"empty transaction":       func(txs [][]byte) [][]byte { return append(txs, nil) },
		"stray injected":          func(txs [][]byte) [][]byte { return append(txs, []byte{0, 1, 2}) },
		"injected before others":  func(txs [][]byte) [][]byte { return slices.Insert(txs, 2, []byte{0, 1, 2}) },
		"large transaction":       func(txs [][]byte) [][]byte { return append(txs, bytes.Repeat([]byte{9}, MaxTxSize+1)) },
		"a row of transactions":   func(txs [][]byte) [][]byte { return append(txs, plainTx(DataRowSize)) },
		"the empty block, longer": func(txs [][]byte) [][]byte { return append(EmptyTxs(), txs[4]) },
		"empty header, its proofs": func(txs [][]byte) [][]byte {
			return [][]byte{EmptyTxs()[0], txs[1]}
		},
	} {
		if _, err := ParseBlock(DefaultLimits(), corrupt(cloneTxs(block.Txs))); !errors.Is(err, ErrInvalidBlock) {
			t.Errorf("%s: have %v, want ErrInvalidBlock", name, err)
		}
	}
}

func TestParseBlockLimits(t *testing.T) {
	_, block := newFixture(t)
	for limits, want := range map[Limits]error{
		{6, 1, 2}:   nil,
		{5, 1, 2}:   ErrNoRoom,
		{34, 2, 1}:  ErrInvalidBlock, // the second envelope alone needs more
		{34, 0, 4}:  ErrInvalidLimits,
		{257, 2, 4}: ErrInvalidLimits,
	} {
		if _, err := ParseBlock(limits, block.Txs); !errors.Is(err, want) {
			t.Errorf("%+v: have %v, want %v", limits, err, want)
		}
	}
}

func TestVerifyBlockCorrupted(t *testing.T) {
	setup, block := newFixture(t)
	last := block.Header.K() - 1
	for name, test := range map[string]struct {
		corrupt func([][]byte) [][]byte
		want    error
	}{
		"transaction row's commitment": {editHeader(func(h *Header) { h.Commitments[0] = generator }), kzg.ErrInvalidProof},
		"shared row's commitment":      {editHeader(func(h *Header) { h.Commitments[last] = infinity }), kzg.ErrInvalidProof},
		"shared rows swapped": {editHeader(func(h *Header) {
			h.Commitments[last], h.Commitments[last-1] = h.Commitments[last-1], h.Commitments[last]
		}), kzg.ErrInvalidProof},
		"transaction missing": {func(txs [][]byte) [][]byte { return txs[:5] }, kzg.ErrInvalidProof},
		"transactions swapped": {func(txs [][]byte) [][]byte {
			txs[4], txs[5] = txs[5], txs[4]
			return txs
		}, kzg.ErrInvalidProof},
		"transaction changed": {func(txs [][]byte) [][]byte { txs[5][100]++; return txs }, kzg.ErrInvalidProof},
		"no point":            {editHeader(func(h *Header) { h.Commitments[0][47]++ }), kzg.ErrInvalidPoint},
		"infinity's encoding": {editHeader(func(h *Header) { h.Commitments[0] = kzg.Commitment{0xe0} }), kzg.ErrInvalidPoint},
		"cell proof zero": {func(txs [][]byte) [][]byte {
			copy(txs[1][1:], infinity[:])
			return txs
		}, kzg.ErrInvalidProof},
		"cell proofs swapped": {func(txs [][]byte) [][]byte {
			p := must(splitProofs(txs[1][1:]))
			p[0], p[1] = p[1], p[0]
			txs[1] = inject(joinProofs(p))
			return txs
		}, kzg.ErrInvalidProof},
		"last cell proof": {func(txs [][]byte) [][]byte {
			txs[1][len(txs[1])-1]++
			return txs
		}, kzg.ErrInvalidPoint},
	} {
		parsed, err := ParseBlock(DefaultLimits(), test.corrupt(cloneTxs(block.Txs)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = parsed.Verify(setup, nil)
		if !errors.Is(err, ErrInvalidBlock) || !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

// badEnvelopes are signed over lies that only KZG shows.
var badEnvelopes = map[string]struct {
	lie  func(claimedEnvelope)
	want error
}{
	"own row's commitment":   {func(c claimedEnvelope) { c.message.Blobs[1].Commitments[0] = generator[:] }, kzg.ErrInvalidProof},
	"small blob's":           {func(c claimedEnvelope) { c.message.Blobs[0].Commitments[0] = generator[:] }, kzg.ErrInvalidProof},
	"small raw blob's":       {func(c claimedEnvelope) { c.message.Blobs[2].Commitments[0] = infinity[:] }, kzg.ErrInvalidProof},
	"no point":               {func(c claimedEnvelope) { c.message.Blobs[0].Commitments[0][0] = 0xff }, kzg.ErrInvalidPoint},
	"other data":             {func(c claimedEnvelope) { c.Blobs[1][77]++; c.signBlob(1) }, kzg.ErrInvalidProof},
	"other small data":       {func(c claimedEnvelope) { c.Blobs[0][0]++; c.signBlob(0) }, kzg.ErrInvalidProof},
	"non-canonical scalar":   {func(c claimedEnvelope) { c.Blobs[2][32] = 0xff; c.signBlob(2) }, kzg.ErrNonCanonicalScalar},
	"cell proof":             {func(c claimedEnvelope) { c.Proofs[200] = kzg.Proof(infinity); c.signProofs() }, kzg.ErrInvalidProof},
	"cell proofs of columns": {func(c claimedEnvelope) { c.Proofs[3], c.Proofs[4] = c.Proofs[4], c.Proofs[3]; c.signProofs() }, kzg.ErrInvalidProof},
	"cell proof is no point": {func(c claimedEnvelope) { c.Proofs[0][0] = 0; c.signProofs() }, kzg.ErrInvalidPoint},
}

func TestVerifyKZG(t *testing.T) {
	setup, block := newFixture(t)
	for _, e := range block.Envelopes {
		if err := e.VerifyKZG(setup); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range badEnvelopes {
		c := cloneEnvelope(block.Envelopes[0])
		test.lie(c)
		e := c.seal()
		if _, err := e.Check(DefaultLimits()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := e.VerifyKZG(setup); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

func TestVerifyKZGWithoutCheck(t *testing.T) {
	setup, block := newFixture(t)
	for name, corrupt := range map[string]func(claimedEnvelope){
		"blob missing":       func(c claimedEnvelope) { c.Blobs = c.Blobs[1:] },
		"blob shorter":       func(c claimedEnvelope) { c.Blobs[1] = c.Blobs[1][:9] },
		"size huge":          func(c claimedEnvelope) { c.message.Blobs[1].Size_ = 1 << 63 },
		"commitment missing": func(c claimedEnvelope) { c.message.Blobs[1].Commitments = nil },
		"proofs missing":     func(c claimedEnvelope) { c.Proofs = nil },
	} {
		c := cloneEnvelope(block.Envelopes[0])
		corrupt(c)
		if err := c.seal().VerifyKZG(setup); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: have %v, want ErrMismatch", name, err)
		}
	}
}

// What VerifyKZG refuses, Block.Verify must, unless told that it is known.
func TestVerifyBlockRefusesBadEnvelopes(t *testing.T) {
	setup, block := newFixture(t)
	for _, name := range []string{"own row's commitment", "small blob's", "cell proof"} {
		test := badEnvelopes[name]
		c := cloneEnvelope(block.Envelopes[0])
		test.lie(c)
		bad := c.seal()
		built, err := BuildBlock(setup, DefaultLimits(), [][]byte{bad.Encode(), plainTx(9)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		parsed, err := ParseBlock(DefaultLimits(), built.Txs)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := parsed.Verify(setup, nil); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
		known := func(e *Envelope) bool { return must(e.Key()) == must(bad.Key()) }
		if err := parsed.Verify(setup, known); err != nil {
			t.Errorf("%s, though known: %v", name, err)
		}
	}
}

func TestEnvelopeKey(t *testing.T) {
	_, block := newFixture(t)
	key := must(block.Envelopes[0].Key())
	same := cloneEnvelope(block.Envelopes[0])
	same.message.Signer, same.message.FeeCap = FormatAddress(testSigner(77)), "9"
	if must(same.seal().Key()) != key {
		t.Error("the key depends on who pays")
	}
	for name, change := range map[string]func(claimedEnvelope){
		"data":           func(c claimedEnvelope) { c.Blobs[0][0]++ },
		"data's borders": func(c claimedEnvelope) { c.Blobs[1] = append(c.Blobs[1], c.Blobs[2][0]); c.Blobs[2] = c.Blobs[2][1:] },
		"encoding":       func(c claimedEnvelope) { c.message.Blobs[2].Encoding = 0 },
		"commitment":     func(c claimedEnvelope) { c.message.Blobs[0].Commitments[0] = infinity[:] },
		"proof":          func(c claimedEnvelope) { c.Proofs[0][5]++ },
	} {
		c := cloneEnvelope(block.Envelopes[0])
		change(c)
		if must(c.seal().Key()) == key {
			t.Errorf("%s: the key does not depend on it", name)
		}
	}
}

func TestRebuildRefusesOtherRows(t *testing.T) {
	setup, block := newFixture(t)
	changed := slices.Clone(block.Square.Rows)
	other := *changed[1]
	other[7]++
	changed[1] = &other
	for name, test := range map[string]struct {
		header *Header
		rows   []*kzg.Row
		proofs [][]kzg.Proof
		want   error
	}{
		"row changed":   {block.Header, changed, block.Proofs, ErrMismatch},
		"row missing":   {block.Header, changed[1:], block.Proofs[1:], ErrMalformed},
		"proofs short":  {block.Header, block.Square.Rows, block.Proofs[1:], ErrMalformed},
		"proofs of row": {block.Header, block.Square.Rows, append([][]kzg.Proof{block.Proofs[0][1:]}, block.Proofs[1:]...), ErrMalformed},
		"other header":  {testHeader(), block.Square.Rows[:5], block.Proofs[:5], ErrInvalidBlock},
	} {
		if _, err := RebuildTxs(setup, test.header, test.rows, test.proofs); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

func TestIndexFromRowsRefuses(t *testing.T) {
	_, block := newFixture(t)
	rows := func(txs ...[]byte) []*kzg.Row { return packTxs(txs) }
	pay, plain := block.Envelopes[0].Tx, plainTx(5)
	lie := cloneEnvelope(block.Envelopes[0])
	lie.message.Blobs[0].Size_ = 0
	decorated := &wire.Any{TypeUrl: "host" + PayForBlobsURL}
	for name, test := range map[string]struct {
		rows []*kzg.Row
		want error
	}{
		"no rows":                 {nil, ErrMalformed},
		"rows of zeros":           {[]*kzg.Row{new(kzg.Row)}, ErrMalformed},
		"other transactions":      {rows(plain), ErrInvalidBlock},
		"blob transaction last":   {rows(plain, pay), ErrInvalidBlock},
		"bad message":             {rows(lie.seal().Tx), ErrInvalidBlock},
		"bare message, decorated": {rows(txWith(decorated)), ErrInvalidBlock},
		"injected":                {rows(pay, []byte{0}), ErrInvalidBlock},
		"envelope":                {rows(pay, []byte{1}), ErrInvalidBlock},
	} {
		if _, err := IndexFromRows(block.Header, test.rows); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

// unprovenTxs are a block's transactions in which everything holds but KZG.
func unprovenTxs(txs ...[]byte) [][]byte {
	b := must(newBlock(DefaultLimits(), txs))
	h := b.Square.header(make([]kzg.Commitment, len(b.Square.Rows)))
	proofs := make([]kzg.Proof, (h.TxRows+h.SharedRows)*kzg.Columns)
	return append([][]byte{inject(h.Encode()), inject(joinProofs(proofs))}, txs...)
}

func FuzzParseBlock(f *testing.F) {
	small := dataBlob(1, 40)
	infos := DescribeBlobs([]Blob{small}, [][]kzg.Commitment{{generator}})
	e := Envelope{Tx: blobTx(wireMessage(testSigner(1), infos, ProofHash(nil))), Blobs: [][]byte{small.Data}}
	full := unprovenTxs(e.Encode(), plainTx(3))
	f.Add(full[0], full[1], full[2], full[3])
	f.Add(full[0], full[1], full[3], full[2])
	plain := unprovenTxs(plainTx(3), plainTx(4))
	f.Add(plain[0], plain[1], plain[2], plain[3])
	f.Add(EmptyTxs()[0], EmptyTxs()[1], []byte{}, []byte{})
	carried := CertificateTx(&Certificate{Attestation: Attestation{ChainID: "chain"}})
	certified := unprovenTxs(carried, e.Encode())
	f.Add(certified[0], certified[1], certified[2], certified[3])
	f.Add(certified[0], certified[1], certified[3], certified[2])
	f.Add(certified[0], certified[1], carried, carried)
	alone := unprovenTxs(carried)
	f.Add(alone[0], alone[1], alone[2], []byte{})
	f.Fuzz(func(t *testing.T, header, proofs, third, fourth []byte) {
		txs := [][]byte{header, proofs}
		for _, tx := range [][]byte{third, fourth} {
			if len(tx) > 0 {
				txs = append(txs, tx)
			}
		}
		b, err := ParseBlock(DefaultLimits(), txs)
		if err != nil {
			return
		}
		rebuilt := append([][]byte{inject(b.Header.Encode()), proofs}, b.Plain...)
		for i, e := range b.Envelopes {
			rebuilt = slices.Insert(rebuilt, injected+i, e.Encode())
		}
		if b.Certificate != nil {
			rebuilt = slices.Insert(rebuilt, injected, CertificateTx(b.Certificate))
		}
		if !slices.EqualFunc(rebuilt, txs, bytes.Equal) {
			t.Errorf("%x is accepted as something else", txs)
		}
		if index, err := IndexFromRows(b.Header, b.Square.Rows[:b.Header.TxRows]); err != nil || index.Root() != b.Header.IndexRoot {
			t.Errorf("%x: the index does not follow from the transaction rows: %v", txs, err)
		}
	})
}
