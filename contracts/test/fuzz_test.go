package test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
)

// signed is a client, and for each method that checks a signature the calldata that says what was signed.
type signed struct {
	client *evm.Contract
	valid  map[string][]byte
}

func newSigned(tb testing.TB) *signed {
	tb.Helper()
	chain := evm.New(tb)
	c := committee.New(tb, 4, chain.Now(tb)-24*60*60)
	client := c.Deploy(tb, chain)
	next := c.Next()
	next.Replace(tb, 0, 50)
	cert := committee.Args(tb, c.Certify(tb, c.Attestation(tb, 1, chain.Now(tb)), 2))
	s := &signed{client, map[string][]byte{
		"verify": client.Pack(tb, "verify", cert...),
		"attest": client.Pack(tb, "attest", cert...),
		"rotate": client.Pack(tb, "rotate", c.RotateArgs(tb, next, c.HandOver(tb, next, 1))...),
	}}
	for _, data := range s.valid {
		if _, err := client.CallRaw(data); err != nil {
			tb.Fatal(client.Explain(err))
		}
	}
	return s
}

// refuses fails the test if the client takes what says anything else than what was signed.
func (s *signed) refuses(t *testing.T, data []byte) {
	t.Helper()
	method, err := s.client.ABI.MethodById(data)
	if err != nil || s.valid[method.Name] == nil {
		return // nothing that checks a signature
	}
	if _, err := s.client.CallRaw(data); err != nil {
		return
	}
	got, err := method.Inputs.Unpack(data[4:])
	want, _ := method.Inputs.Unpack(s.valid[method.Name][4:])
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s accepts %x (%v)", method.Name, data, err)
	}
}

// TestOneCertificateHasManyForms: Solidity takes arguments wherever offsets say that they are, and more bytes than it needs. So must whoever reads
// evidence out of calldata (package calldata's CertificateOf).
func TestOneCertificateHasManyForms(t *testing.T) {
	s := newSigned(t)
	for _, method := range []string{"attest", "verify"} {
		elsewhere := slices.Insert(bytes.Clone(s.valid[method]), 4+9*32, make([]byte, 7)...)
		elsewhere[4+8*32+31] += 7 // the signature's offset
		for name, form := range map[string][]byte{"long": append(bytes.Clone(s.valid[method]), 0), "elsewhere": elsewhere} {
			if _, err := s.client.CallRaw(form); err != nil {
				t.Errorf("%s, %s: %s", method, name, s.client.Explain(err))
			}
			if c, _, err := calldata.CertificateOf(form); err != nil || c.Height != 1 {
				t.Errorf("%s, %s: not read: %v", method, name, err)
			}
		}
	}
}

// TestCalldata flips bits and cuts.
func TestCalldata(t *testing.T) {
	s := newSigned(t)
	for _, data := range s.valid {
		r := random(uint64(len(data)))
		for range 100 {
			flipped := bytes.Clone(data)
			flipped[4+r.IntN(len(data)-4)] ^= 1 << r.IntN(8)
			s.refuses(t, flipped)
			s.refuses(t, data[:4+r.IntN(len(data)-4)])
		}
	}
}

// FuzzCalldata: no bytes make the client verify, remember or rotate but those that say what was signed. What runs beside the test in
// go-ethereum makes coverage differ from run to run, so that much looks new, and to make each of these smaller takes a minute: give
// -fuzzminimizetime 1x, as `make fuzz` does, or hardly anything else is tried. Seeds are few, since all are run first.
func FuzzCalldata(f *testing.F) {
	s := newSigned(f)
	for _, data := range s.valid {
		f.Add(data)
	}
	f.Fuzz(s.refuses)
}
