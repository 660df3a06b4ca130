package p2p

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// testCertificates are those of heights, made up: this package verifies none.
func testCertificates(heights ...uint64) (certificates []*da.Certificate) {
	for _, height := range heights {
		c := &da.Certificate{Attestation: *testAttestation(), Signers: da.Signers{7}, Signature: da.AttestationSignature{95: 1}}
		c.Height = height
		certificates = append(certificates, c)
	}
	return certificates
}

func testRotations(epochs ...uint64) (rotations []*da.SignedRotation) {
	for _, epoch := range epochs {
		r := &da.SignedRotation{Rotation: *testRotation(), Signers: da.Signers{7}, Signature: da.AttestationSignature{95: 1}}
		r.Epoch = epoch
		rotations = append(rotations, r)
	}
	return rotations
}

// signed is a source of all but one in seven.
type signed struct{ asked atomic.Int64 }

func (s *signed) Certificates(_ context.Context, first uint64, count int) ([]*da.Certificate, error) {
	s.asked.Add(1)
	held := testCertificates(held(first, count)...)
	return held, some(held)
}

func (s *signed) Rotations(_ context.Context, first uint64, count int) ([]*da.SignedRotation, error) {
	s.asked.Add(1)
	held := testRotations(held(first, count)...)
	return held, some(held)
}

func held(first uint64, count int) (numbers []uint64) {
	for n := first; n < first+uint64(count); n++ {
		if n%7 != 0 {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// TestWhatAttestersSignedIsFetched: what a peer holds of a range arrives; to hold nothing of it is no failure.
func TestWhatAttestersSignedIsFetched(t *testing.T) {
	server, client := start(t, func(c *Config) { c.Certificates = &signed{} }), start(t)
	connect(t, client, server)
	id := server.ID()
	for _, count := range []int{1, 6, MaxCertificates} {
		if got, err := client.GetCertificates(t.Context(), id, 8, count); err != nil || !reflect.DeepEqual(got, testCertificates(held(8, count)...)) {
			t.Errorf("%d certificates became %d: %v", count, len(got), err)
		}
		if got, err := client.GetRotations(t.Context(), id, 8, count); err != nil || !reflect.DeepEqual(got, testRotations(held(8, count)...)) {
			t.Errorf("%d rotations became %d: %v", count, len(got), err)
		}
	}
	if _, err := client.GetCertificates(t.Context(), id, 7, 1); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("a certificate that is not there: %v", err)
	}
	if _, err := client.GetRotations(t.Context(), id, 0, 1); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("a rotation that is not there: %v", err)
	}
	if client.scores.weight(id, 0) < 1 {
		t.Error("to hold nothing counted as a failure")
	}
	for _, count := range []int{0, -1, MaxCertificates + 1} {
		_, first := client.GetCertificates(t.Context(), id, 8, count)
		_, second := client.GetRotations(t.Context(), id, 8, count)
		if !errors.Is(first, ErrBadRequest) || !errors.Is(second, ErrBadRequest) {
			t.Errorf("%d: %v, %v", count, first, second)
		}
	}
}

// TestRequestsForCertificatesAreLimited: what they cost is held against the asker's allowance before anything is looked up.
func TestRequestsForCertificatesAreLimited(t *testing.T) {
	source := new(signed)
	server, client := start(t, func(c *Config) {
		c.Certificates, c.Limits = source, Limits{CellsPerSecond: 1, CellsBurst: 2 * certificatesCost}
	}), start(t)
	connect(t, client, server)
	for i := range 3 {
		_, err := client.GetCertificates(t.Context(), server.ID(), 8, MaxCertificates)
		if i == 2 && !errors.Is(err, ErrRateLimited) || i < 2 && err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if asked := source.asked.Load(); asked != 2 {
		t.Errorf("the source was asked %d times", asked)
	}
}

func TestCertificateRequestDecodersRefuse(t *testing.T) {
	for name, m := range map[string]codable{
		"certificates request of none":     &wire.CertificatesRequest{First: 1},
		"certificates request of height 0": &wire.CertificatesRequest{Count: 1},
		"certificates request of too many": &wire.CertificatesRequest{First: 1, Count: MaxCertificates + 1},
		"certificates request without end": &wire.CertificatesRequest{First: 1, Count: 1<<32 - 1},
		"rotations request of none":        &wire.RotationsRequest{First: 1},
		"rotations request of too many":    &wire.RotationsRequest{First: 1, Count: MaxRotations + 1},
	} {
		decoder, _, _ := strings.Cut(name, " of")
		decoder, _, _ = strings.Cut(decoder, " without")
		if err := decoders(newFixture(t))[decoder](marshal(t, m)); !errors.Is(err, errShape) {
			t.Errorf("%s: %v, want errShape", name, err)
		}
	}
}

// TestCertificateDecodersRefuse: an answer is what was asked for, heights 3 to 6 or epochs 0 to 3, or garbage.
func TestCertificateDecodersRefuse(t *testing.T) {
	all := decoders(newFixture(t))
	refuse := func(decoder, name string, m codable, want error) {
		t.Helper()
		if err := all[decoder](marshal(t, m)); !errors.Is(err, want) {
			t.Errorf("%s, %s: %v, want %v", decoder, name, err, want)
		}
	}
	for name, heights := range map[string][]uint64{"below": {2, 3}, "above": {3, 7}, "twice": {3, 3}, "descending": {4, 3}, "more than asked": {3, 4, 5, 6, 7}} {
		refuse("certificates", name, encodeCertificates(testCertificates(heights...)), ErrGarbage)
	}
	for name, epochs := range map[string][]uint64{"above": {4}, "twice": {0, 0}, "descending": {1, 0}} {
		refuse("rotations", name, encodeRotations(testRotations(epochs...)), ErrGarbage)
	}
	refuse("certificates", "none", encodeCertificates(nil), da.ErrNotFound)
	refuse("rotations", "none", encodeRotations(nil), da.ErrNotFound)
	other := testCertificates(3)
	other[0].ChainID = "other-chain"
	refuse("certificates", "another chain's", encodeCertificates(other), ErrGarbage)
	for name, corrupt := range map[string]func(*wire.SignedRotation){
		"no contents":      func(m *wire.SignedRotation) { m.Rotation = nil },
		"a short hash":     func(m *wire.SignedRotation) { m.Rotation.NextHash = m.Rotation.NextHash[1:] },
		"few signers":      func(m *wire.SignedRotation) { m.Signers = m.Signers[1:] },
		"no signature":     func(m *wire.SignedRotation) { m.Signature = nil },
		"a long signature": func(m *wire.SignedRotation) { m.Signature = append(m.Signature, 0) },
	} {
		m := encodeRotations(testRotations(1))
		corrupt(m.Rotations[0])
		refuse("rotations", name, m, ErrGarbage)
	}
	for name, one := range map[string][]byte{"empty": {}, "cut off": testCertificates(3)[0].Encode()[:100], "too long": make([]byte, da.MaxCertificateSize+1)} {
		refuse("certificates", name, &wire.CertificatesResponse{Status: wire.Status_STATUS_OK, Certificates: [][]byte{one}}, ErrGarbage)
	}
}

// TestCertificateLimitsHoldTheLargest: the caps on answers have room for the largest honest ones.
func TestCertificateLimitsHoldTheLargest(t *testing.T) {
	var numbers []uint64
	for n := range uint64(MaxCertificates) {
		numbers = append(numbers, 1<<63+n)
	}
	certificates, rotations := testCertificates(numbers...), testRotations(numbers...)
	for i := range certificates {
		certificates[i].ChainID = strings.Repeat("c", da.MaxChainIDSize)
		rotations[i].Time = 1 << 63
	}
	for name, test := range map[string]struct {
		message codable
		shape   shape
		limit   int
	}{
		"certificates": {encodeCertificates(certificates), certificatesResponse, certificatesLimit},
		"rotations":    {encodeRotations(rotations), rotationsResponse, rotationsLimit},
	} {
		encoded := marshal(t, test.message)
		if err := test.shape.check(encoded); err != nil || len(encoded) > test.limit {
			t.Error(name, fmt.Sprintf("%d bytes, the cap is %d", len(encoded), test.limit), err)
		}
	}
}
