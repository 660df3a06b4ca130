package calldata_test

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"

	"github.com/ashlar-da/ashlar/contracts"
	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/da"
)

// TestACertificateIsReadFromCalldata: what the contract's own ABI encodes is read back, and all other forms that the contract takes.
func TestACertificateIsReadFromCalldata(t *testing.T) {
	secret, err := da.NewAttestationSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := da.Certificate{Attestation: da.Attestation{Epoch: 3, Height: 40, Time: 1_700_000_000, HeaderHash: [32]byte{1}, DataRoot: [32]byte{2}, BlobTreeRoot: [32]byte{3}, HistoryRoot: [32]byte{4}}}
	want.Signers.Add(0)
	want.Signers.Add(200)
	if want.Signature, err = secret.Attest([32]byte{5}); err != nil {
		t.Fatal(err)
	}
	artifact, err := contracts.Load("IAshlarLightClient")
	if err != nil {
		t.Fatal(err)
	}
	contract, err := abi.JSON(strings.NewReader(string(artifact.ABI)))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := want.Signature.EIP2537()
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"attest", "verify"} {
		input, err := contract.Pack(method, calldata.NewAttestation(&want.Attestation), new(big.Int).SetBytes(want.Signers[:]), signature[:])
		if err != nil {
			t.Fatal(err)
		}
		got, is, err := calldata.CertificateOf(input)
		if err != nil || !is || *got != want {
			t.Fatalf("%s: %+v, %v, %v", method, got, is, err)
		}
		for name, row := range map[string]struct {
			corrupt func([]byte) []byte
			is      bool
			want    error
		}{
			"another method":   {func(b []byte) []byte { b[0]++; return b }, false, nil},
			"no method":        {func([]byte) []byte { return []byte{1, 2} }, false, nil},
			"short":            {func(b []byte) []byte { return b[:len(b)-1] }, true, da.ErrMalformed},
			"an offset beyond": {func(b []byte) []byte { b[4+8*32]++; return b }, true, da.ErrMalformed},
			"an offset at end": {func(b []byte) []byte { copy(b[4+8*32:], word(len(b)-4)); return b }, true, da.ErrMalformed},
			"a long epoch":     {func(b []byte) []byte { b[4]++; return b }, true, da.ErrMalformed},
			"another offset":   {func(b []byte) []byte { b[4+8*32+31]++; return b }, true, da.ErrMalformed},
			"another length":   {func(b []byte) []byte { b[4+9*32+31]++; return b }, true, da.ErrMalformed},
			"no point":         {func(b []byte) []byte { b[len(b)-1]++; return b }, true, da.ErrInvalidSignature},
			"another's height": {func(b []byte) []byte { b[4+63]++; return b }, true, nil},
		} {
			got, is, err := calldata.CertificateOf(row.corrupt(slices.Clone(input)))
			if is != row.is || !errors.Is(err, row.want) || is && err == nil && *got == want {
				t.Errorf("%s: %+v, %v, %v", name, got, is, err)
			}
		}
		elsewhere := slices.Insert(append(slices.Clone(input), 0xff), 4+9*32, make([]byte, 7)...)
		copy(elsewhere[4+8*32:], word(9*32+7))
		for name, form := range map[string][]byte{"long": append(slices.Clone(input), 0), "elsewhere": elsewhere} {
			if got, is, err := calldata.CertificateOf(form); err != nil || !is || *got != want {
				t.Errorf("%s: %+v, %v, %v: the contract takes it", name, got, is, err)
			}
		}
	}
}

// word is a number as Solidity has it.
func word(n int) []byte { return new(big.Int).SetInt64(int64(n)).FillBytes(make([]byte, 32)) }
