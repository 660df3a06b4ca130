package p2p

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

func marshal(t testing.TB, m codable) []byte {
	t.Helper()
	encoded, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// decoders are all decoders of what peers send.
func decoders(f *fixture) map[string]func([]byte) error {
	return map[string]func([]byte) error{
		"headers request":   func(b []byte) error { _, err := decodeHeadersRequest(b); return err },
		"cells request":     func(b []byte) error { _, _, err := decodeCellsRequest(b); return err },
		"rows request":      func(b []byte) error { _, _, err := decodeRowsRequest(b); return err },
		"namespace request": func(b []byte) error { _, _, err := decodeNamespaceRequest(b); return err },
		"header": func(b []byte) error {
			_, err := decodeHeader(b, HeaderRequest{Height: 3, Proof: true}, testChain)
			return err
		},
		"header alone": func(b []byte) error {
			_, err := decodeHeader(b, HeaderRequest{Height: 3, Proof: true, Alone: true}, testChain)
			return err
		},
		"cells":   func(b []byte) error { _, err := decodeCells(b, 2); return err },
		"rows":    func(b []byte) error { _, err := decodeRows(b, 1); return err },
		"entries": func(b []byte) error { _, err := decodeEntries(b); return err },
		"head":    func(b []byte) error { _, err := decodeHead(b); return err },

		"evidence request": func(b []byte) error { _, err := decodeEvidence(b, testChain); return err },
		"held request":     func(b []byte) error { _, err := decodeHeldRequest(b); return err },
		"held":             func(b []byte) error { _, err := decodeHeld(b); return err },
		"attestation":      func(b []byte) error { _, err := decodeAttested(b, testChain); return err },
		"rotation":         func(b []byte) error { _, err := decodeAttested(b, testChain); return err },

		"certificates request": func(b []byte) error { _, _, err := decodeCertificatesRequest(b); return err },
		"rotations request":    func(b []byte) error { _, _, err := decodeRotationsRequest(b); return err },
		"certificates":         func(b []byte) error { _, err := decodeCertificates(b, testChain, 3, 4); return err },
		"rotations":            func(b []byte) error { _, err := decodeRotations(b, testChain, 0, 4); return err },
	}
}

// valid returns one valid message for each of the decoders.
func valid(t testing.TB, f *fixture) map[string]codable {
	t.Helper()
	header, err := encodeHeader(f.header)
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := encodeEvidence(f.evidence())
	if err != nil {
		t.Fatal(err)
	}
	left, err := HeaderRequest{Alone: true}.answer(f.header)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := encodeHeader(left)
	if err != nil {
		t.Fatal(err)
	}
	held, err := encodeHeld(f.coords)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]codable{
		"evidence request":  evidence,
		"headers request":   &wire.HeadersRequest{Height: 3, KnownValidatorsHash: make([]byte, 32), HeaderProof: true},
		"cells request":     encodeCellsRequest(3, f.coords),
		"rows request":      encodeRowsRequest(3, []int{0, 200}),
		"namespace request": &wire.NamespaceRequest{Height: 3, Namespace: f.namespace[:]},
		"header":            header,
		"header alone":      alone,
		"cells":             encodeCells([]*CellProof{cellAt(3, erasure.Coord{}), nil}),
		"rows":              encodeRows([]*RowProofs{rowAt(3, 1)}),
		"entries":           encodeEntries(f.entries),
		"head":              &wire.Head{Height: 3, Hash: make([]byte, 32), DataRoot: make([]byte, 32)},
		"held request":      &wire.HeldRequest{Height: 3},
		"held":              held,
		"attestation":       encodeAttested(Attested{Attester: 255, Attestation: testAttestation()}),
		"rotation":          encodeAttested(Attested{Attester: 1, Rotation: testRotation()}),

		"certificates request": &wire.CertificatesRequest{First: 3, Count: MaxCertificates},
		"rotations request":    &wire.RotationsRequest{First: 3, Count: MaxRotations},
		"certificates":         encodeCertificates(testCertificates(3, 6)),
		"rotations":            encodeRotations(testRotations(0, 3)),
	}
}

func TestDecodersAcceptWhatEncodersWrite(t *testing.T) {
	f := newFixture(t)
	for name, message := range valid(t, f) {
		if err := decoders(f)[name](marshal(t, message)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Cutting, extending or doubling any message must be noticed, or leave a valid message.
func TestDecodersRefuseUnknownFieldsAndEnds(t *testing.T) {
	f := newFixture(t)
	for name, message := range valid(t, f) {
		encoded := marshal(t, message)
		for what, corrupted := range map[string][]byte{
			"field 15":        append(bytes.Clone(encoded), 15<<3, 1),
			"a group":         append(bytes.Clone(encoded), 1<<3|3, 1<<3|4),
			"a fixed32":       append(bytes.Clone(encoded), 1<<3|5, 0, 0, 0, 0),
			"its first again": append(bytes.Clone(encoded), 1<<3, 1),
			"half a tag":      append(bytes.Clone(encoded), 0x80),
			"its end cut off": encoded[:len(encoded)-1],
		} {
			if err := decoders(f)[name](corrupted); !errors.Is(err, errShape) {
				t.Errorf("%s with %s: %v, want errShape", name, what, err)
			}
		}
	}
}

func TestRequestDecodersRefuse(t *testing.T) {
	f := newFixture(t)
	many := make([]erasure.Coord, MaxCells+1)
	for _, test := range []struct {
		decoder, name string
		message       codable
	}{
		{"headers request", "short hash", &wire.HeadersRequest{KnownValidatorsHash: make([]byte, 31)}},
		{"headers request", "long hash", &wire.HeadersRequest{KnownValidatorsHash: make([]byte, 33)}},
		{"headers request", "alone, and a set", &wire.HeadersRequest{KnownValidatorsHash: make([]byte, 32), Alone: true}},
		{"cells request", "height 0", encodeCellsRequest(0, f.coords)},
		{"cells request", "no cells", encodeCellsRequest(3, nil)},
		{"cells request", "too many", encodeCellsRequest(3, many)},
		{"cells request", "row outside", encodeCellsRequest(3, []erasure.Coord{{Row: 512}})},
		{"cells request", "row far outside", encodeCellsRequest(3, []erasure.Coord{{Row: 1<<32 - 1}})},
		{"cells request", "column outside", encodeCellsRequest(3, []erasure.Coord{{Column: 128}})},
		{"rows request", "height 0", encodeRowsRequest(0, []int{1})},
		{"rows request", "no rows", encodeRowsRequest(3, nil)},
		{"rows request", "too many", encodeRowsRequest(3, make([]int, MaxRows+1))},
		{"rows request", "row outside", encodeRowsRequest(3, []int{da.HardMaxRows})},
		{"namespace request", "height 0", &wire.NamespaceRequest{Namespace: f.namespace[:]}},
		{"namespace request", "no namespace", &wire.NamespaceRequest{Height: 3}},
		{"namespace request", "long namespace", &wire.NamespaceRequest{Height: 3, Namespace: make([]byte, 30)}},
		{"held request", "height 0", &wire.HeldRequest{}},
		{"head", "height 0", &wire.Head{Hash: make([]byte, 32), DataRoot: make([]byte, 32)}},
		{"head", "short hash", &wire.Head{Height: 1, Hash: make([]byte, 31), DataRoot: make([]byte, 32)}},
		{"head", "no data root", &wire.Head{Height: 1, Hash: make([]byte, 32)}},
	} {
		if err := decoders(f)[test.decoder](marshal(t, test.message)); !errors.Is(err, errShape) {
			t.Errorf("%s, %s: %v, want errShape", test.decoder, test.name, err)
		}
	}
}

func TestResponseDecodersRefuse(t *testing.T) {
	f := newFixture(t)
	cell := func(cell, proof int) *wire.CellsResponse {
		return &wire.CellsResponse{Status: wire.Status_STATUS_OK, Cells: []*wire.CellProof{{Cell: make([]byte, cell), Proof: make([]byte, proof)}, {}}}
	}
	row := func(row, proofs int) *wire.RowsResponse {
		return &wire.RowsResponse{Status: wire.Status_STATUS_OK, Rows: []*wire.RowProofs{{Row: make([]byte, row), Proofs: make([]byte, proofs)}}}
	}
	for _, test := range []struct {
		decoder, name string
		message       codable
	}{
		{"cells", "no status", &wire.CellsResponse{Cells: make([]*wire.CellProof, 0)}},
		{"cells", "a status there is not", &wire.CellsResponse{Status: 99}},
		{"cells", "one for two", encodeCells([]*CellProof{nil})},
		{"cells", "three for two", encodeCells(make([]*CellProof, 3))},
		{"cells", "short cell", cell(kzg.CellSize-1, kzg.PointSize)},
		{"cells", "short proof", cell(kzg.CellSize, kzg.PointSize-1)},
		{"cells", "long cell", cell(kzg.CellSize+1, kzg.PointSize)},
		{"cells", "no proof", cell(kzg.CellSize, 0)},
		{"cells", "no cell", cell(0, kzg.PointSize)},
		{"rows", "none for one", encodeRows(nil)},
		{"rows", "short row", row(kzg.RowSize-32, kzg.Columns*kzg.PointSize)},
		{"rows", "127 proofs", row(kzg.RowSize, 127*kzg.PointSize)},
		{"rows", "no proofs", row(kzg.RowSize, 0)},
		{"held", "no bitmap", &wire.HeldResponse{Status: wire.Status_STATUS_OK}},
		{"held", "zeros at its end", &wire.HeldResponse{Status: wire.Status_STATUS_OK, Cells: []byte{1, 0}}},
		{"held", "too long", &wire.HeldResponse{Status: wire.Status_STATUS_OK, Cells: bytes.Repeat([]byte{1}, maxHeld+1)}},
		{"entries", "no proof", &wire.NamespaceResponse{Status: wire.Status_STATUS_OK, Entries: [][]byte{{1}}}},
		{"entries", "empty entry", &wire.NamespaceResponse{Status: wire.Status_STATUS_OK, Proof: f.entries.Proof.ToWire(), Entries: [][]byte{{}}}},
		{"entries", "endless range", &wire.NamespaceResponse{Status: wire.Status_STATUS_OK, Proof: &wire.NamespaceProof{End: 1 << 30}}},
	} {
		if err := decoders(f)[test.decoder](marshal(t, test.message)); !errors.Is(err, ErrGarbage) {
			t.Errorf("%s, %s: %v, want ErrGarbage", test.decoder, test.name, err)
		}
	}
}

// Each corruption of a valid header must be garbage to whoever asked for height 3.
func TestHeaderDecoderRefuses(t *testing.T) {
	other := signedHeader3(t, "other-chain")
	for name, corrupt := range map[string]func(*Header){
		"another chain":              func(h *Header) { h.Signed = other.Signed },
		"another height":             func(h *Header) { h.Signed.Height, h.Signed.Commit.Height = 4, 4 },
		"a commit of another header": func(h *Header) { h.Signed.Commit.BlockID.Hash = bytes.Repeat([]byte{9}, 32) },
		"a commit without votes":     func(h *Header) { h.Signed.Commit.Signatures = nil },
		"no validators":              func(h *Header) { h.Validators = nil },
		"other validators": func(h *Header) {
			h.Validators.Validators = h.Validators.Validators[:1]
			h.Validators.Proposer = h.Validators.Validators[0]
		},
		"other powers":                     func(h *Header) { h.Validators.Validators[0].VotingPower++ },
		"negative power":                   func(h *Header) { h.Validators.Validators[0].VotingPower = -5 },
		"overflowing power":                func(h *Header) { h.Validators.Validators[0].VotingPower = 1<<63 - 1 },
		"no DA header":                     func(h *Header) { h.Proof = nil },
		"a path of absurd length":          func(h *Header) { h.Proof.Aunts = make([][]byte, maxAunts+1) },
		"an absurd number of transactions": func(h *Header) { h.Proof.Total = 1 << 40 },
		"a DA header over the bound":       func(h *Header) { h.Proof.Header = make([]byte, da.MaxHeaderSize+1) },
	} {
		f := newFixture(t)
		h := copyHeader(f.header)
		corrupt(h)
		message, err := encodeUnchecked(h)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := decoders(f)["header"](marshal(t, message)); !errors.Is(err, ErrGarbage) {
			t.Errorf("%s: %v, want ErrGarbage", name, err)
		}
	}
}

// Whoever asks for a header alone takes that and nothing more.
func TestHeaderAloneDecoderRefuses(t *testing.T) {
	for name, corrupt := range map[string]func(h *Header, whole *Header){
		"another chain":              func(h, _ *Header) { h.Signed.ChainID = "other-chain" },
		"another height":             func(h, _ *Header) { h.Signed.Height = 4 },
		"no height":                  func(h, _ *Header) { h.Signed.Height = 0 },
		"no header":                  func(h, _ *Header) { h.Signed.Header = nil },
		"a hash that is none":        func(h, _ *Header) { h.Signed.DataHash = []byte{1} },
		"an endless proposer":        func(h, _ *Header) { h.Signed.ProposerAddress = make([]byte, maxChainHeader) },
		"its commit":                 func(h, whole *Header) { h.Signed.Commit = whole.Signed.Commit },
		"its validators":             func(h, whole *Header) { h.Validators = whole.Validators },
		"no DA header":               func(h, _ *Header) { h.Proof = nil },
		"a DA header over the bound": func(h, _ *Header) { h.Proof.Header = make([]byte, da.MaxHeaderSize+1) },
	} {
		whole := newFixture(t).header
		h := copyHeader(whole)
		h.Signed.Commit, h.Validators = nil, nil
		corrupt(h, whole)
		message, err := encodeUnchecked(h)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := decoders(newFixture(t))["header alone"](marshal(t, message)); !errors.Is(err, ErrGarbage) {
			t.Errorf("%s: %v, want ErrGarbage", name, err)
		}
	}
}

// The cap on an answer has room for the largest honest one.
func TestHeaderLimitsHoldTheLargest(t *testing.T) {
	h := copyHeader(newFixture(t).header)
	h.Signed.Commit, h.Validators = nil, nil
	h.Signed.ChainID = strings.Repeat("c", 50)
	h.Proof.Header, h.Proof.Total = make([]byte, da.MaxHeaderSize), 1<<31
	h.Proof.Aunts = nil
	for range maxAunts {
		h.Proof.Aunts = append(h.Proof.Aunts, make([]byte, 32))
	}
	message, err := encodeHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	encoded := marshal(t, message)
	if limit := (HeaderRequest{Alone: true, Proof: true}).limit(); len(encoded) > limit {
		t.Errorf("%d bytes, the cap is %d", len(encoded), limit)
	}
	if err := aloneResponse.check(encoded); err != nil {
		t.Error(err)
	}
	message.HeaderProof = nil
	if n, limit := message.Size(), (HeaderRequest{Alone: true}).limit(); n > limit {
		t.Errorf("without a proof %d bytes, the cap is %d", n, limit)
	}
}

func copyHeader(h *Header) *Header {
	signed := *h.Signed
	header, commit := *signed.Header, *signed.Commit
	signed.Header, signed.Commit = &header, &commit
	proof := *h.Proof
	return &Header{Signed: &signed, Validators: h.Validators.Copy(), Proof: &proof}
}

// encodeUnchecked encodes what an honest peer would not.
func encodeUnchecked(h *Header) (*wire.HeadersResponse, error) {
	set := h.Validators
	h.Validators = nil
	m, err := encodeHeader(h)
	if err != nil || set == nil {
		return m, err
	}
	m.ValidatorSet, err = protoSet(set).Marshal()
	return m, err
}

// Two bytes of protobuf make a decoder allocate an element; so they are counted.
func TestShapeCountsElements(t *testing.T) {
	bomb := bytes.Repeat([]byte{2<<3 | 2, 0}, MaxCells+1)
	if err := decoders(newFixture(t))["cells"](bomb); !errors.Is(err, errShape) {
		t.Errorf("%d empty cells: %v", MaxCells+1, err)
	}
	votes := bytes.Repeat([]byte{4<<3 | 2, 0}, maxVotes+1)
	signed := append([]byte{2<<3 | 2}, marshal(t, &wire.Envelope{})...)
	signed = append(signed[:1], append(uvarint(len(votes)), votes...)...)
	if err := decoders(newFixture(t))["header"](marshal(t, &wire.HeadersResponse{Status: wire.Status_STATUS_OK, SignedHeader: signed})); !errors.Is(err, errShape) {
		t.Errorf("%d empty votes: %v", maxVotes+1, err)
	}
}

func FuzzDecoders(f *testing.F) {
	source := newFixture(f)
	names := []string{"headers request", "cells request", "rows request", "namespace request", "header", "header alone", "cells", "rows", "entries", "head", "evidence request", "held request", "held", "attestation", "rotation", "certificates request", "rotations request", "certificates", "rotations"}
	messages, all := valid(f, source), decoders(source)
	for i, name := range names {
		encoded := marshal(f, messages[name])
		f.Add(uint8(i), encoded[:min(len(encoded), 4096)])
		f.Add(uint8(i), refusal(wire.Status_STATUS_PRUNED))
	}
	f.Fuzz(func(t *testing.T, which uint8, encoded []byte) {
		name := names[int(which)%len(names)]
		err := all[name](encoded)
		if err == nil && len(encoded) > maxNamespace {
			t.Errorf("%s: %d bytes were accepted", name, len(encoded))
		}
	})
}

// Valid messages with bytes changed, cut, doubled and swapped, thousands of them: the
// decoders must come to an end and never panic.
func TestDecodersSurviveMutation(t *testing.T) {
	f := newFixture(t)
	random := rand.New(rand.NewPCG(1, 2))
	all := decoders(f)
	for name, message := range valid(t, f) {
		encoded := marshal(t, message)
		for range 2000 {
			_ = all[name](mutate(random, encoded))
		}
	}
}

func mutate(random *rand.Rand, encoded []byte) []byte {
	mutated := bytes.Clone(encoded)
	for range 1 + random.IntN(4) {
		i, j := random.IntN(len(mutated)), random.IntN(len(mutated))
		switch random.IntN(4) {
		case 0:
			mutated[i] ^= 1 << random.IntN(8)
		case 1:
			mutated[i] = byte(random.IntN(256))
		case 2:
			mutated = append(mutated[:i], mutated[min(i+random.IntN(4), len(mutated)-1):]...)
		case 3:
			mutated = append(mutated, mutated[min(i, j):min(max(i, j), min(i, j)+200)]...)
		}
	}
	return mutated
}
