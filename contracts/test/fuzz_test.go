package test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
)

// FuzzCalldata: no bytes make the client verify, remember or rotate but those that say what was signed.
func FuzzCalldata(f *testing.F) {
	chain := evm.New(f)
	c := committee.New(f, 4, chain.Now(f)-24*60*60)
	client := c.Deploy(f, chain)
	next := c.Next()
	next.Replace(f, 0, 50)
	cert := committee.Args(f, c.Certify(f, c.Attestation(f, 1, chain.Now(f)), 2))
	valid := map[string][]byte{
		"verify": client.Pack(f, "verify", cert...),
		"attest": client.Pack(f, "attest", cert...),
		"rotate": client.Pack(f, "rotate", c.RotateArgs(f, next, c.HandOver(f, next, 1))...),
	}
	for _, data := range valid {
		if _, err := client.CallRaw(data); err != nil {
			f.Fatal(client.Explain(err))
		}
		f.Add(data)
		r := random(uint64(len(data)))
		for range 100 {
			flipped := bytes.Clone(data)
			flipped[4+r.IntN(len(data)-4)] ^= 1 << r.IntN(8)
			f.Add(flipped)
			f.Add(data[:4+r.IntN(len(data)-4)])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		method, err := client.ABI.MethodById(data)
		if err != nil || valid[method.Name] == nil {
			return // nothing that checks a signature
		}
		if _, err := client.CallRaw(data); err != nil {
			return
		}
		got, err := method.Inputs.Unpack(data[4:])
		want, _ := method.Inputs.Unpack(valid[method.Name][4:])
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s accepts %x (%v)", method.Name, data, err)
		}
	})
}
