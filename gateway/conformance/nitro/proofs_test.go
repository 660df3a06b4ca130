package nitro

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/offchainlabs/nitro/daprovider"
	"github.com/offchainlabs/nitro/daprovider/daclient"
	"github.com/offchainlabs/nitro/daprovider/data_streaming"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// enhanced is a proof as Nitro's proof enhancement completes what a gateway answered.
func enhanced(certificate, answer []byte) []byte {
	return append(append(binary.BigEndian.AppendUint64(nil, uint64(len(certificate))), certificate...), answer...)
}

// judge asks for the proof whether a certificate is valid, once the chain has attested its height.
func judge(t *testing.T, client *daclient.Client, certificate []byte) []byte {
	t.Helper()
	var answer daprovider.ValidityProofResult
	world.Eventually(t, func() (_ bool, err error) {
		answer, err = client.GenerateCertificateValidityProof(certificate).Await(t.Context())
		if err != nil && !strings.Contains(err.Error(), "behind") {
			t.Fatal(err)
		}
		return err == nil, err
	})
	return answer.Proof
}

// validityProofs has a contract on Ethereum judge certificates, of which nobody has relayed anything.
func validityProofs(t *testing.T, clients ...*daclient.Client) {
	certificate := store(t, clients[0], world.Random(t, 3000))
	otherRoot, malformed := bytes.Clone(certificate), append(bytes.Clone(certificate), 0)
	otherRoot[42] ^= 1
	answer := judge(t, clients[0], certificate)
	first := binary.BigEndian.Uint64(answer[1:])
	e := startEthereum(t, first)
	chains := map[uint64]*ethereum{first: e} // by the epoch that a light client trusts: relaying rotations is the relay's
	for _, client := range clients {
		for name, c := range map[string]struct {
			certificate []byte
			valid       bool
		}{"valid": {certificate, true}, "another data root": {otherRoot, false}, "malformed": {malformed, false}} {
			answer := judge(t, client, c.certificate)
			epoch := first
			if len(answer) > 1 {
				epoch = binary.BigEndian.Uint64(answer[1:])
			}
			if chains[epoch] == nil {
				chains[epoch] = startEthereum(t, epoch)
			}
			valid, err := chains[epoch].nitro.call(t, "validateCertificate", enhanced(c.certificate, answer))
			if err != nil || valid != c.valid || answer[0] != map[bool]byte{true: 1, false: 0}[c.valid] {
				t.Errorf("%s: claimed %d, the contract says %v, %v", name, answer[0], valid, err)
			}
		}
	}
	lie := append([]byte{0}, answer[1:]...)
	if valid, err := e.nitro.call(t, "validateCertificate", enhanced(certificate, lie)); err != nil || valid != true {
		t.Errorf("claimed to be invalid: %v, %v", valid, err)
	}
	lie[len(lie)-1] ^= 1
	if valid, err := e.nitro.call(t, "validateCertificate", enhanced(certificate, lie)); err == nil || err.Error() != "NotInHistory" {
		t.Errorf("with another history: %v, %v", valid, err)
	}
	data, err := e.nitro.Pack("settle", certificate, answer)
	if err != nil {
		t.Fatal(err)
	}
	e.send(t, &e.nitro.address, data)
	if valid, err := e.nitro.call(t, "validateCertificate", enhanced(certificate, []byte{1})); err != nil || valid != true {
		t.Errorf("once settled: %v, %v", valid, err)
	}
}

// readProofs has a contract on Ethereum read batches, piece by piece.
func readProofs(t *testing.T, clients ...*daclient.Client) {
	small, large := world.Random(t, 1000), world.Random(t, maxSize)
	e := startEthereum(t, binary.BigEndian.Uint64(judge(t, clients[0], store(t, clients[0], small))[1:]))
	for _, client := range clients {
		for _, data := range [][]byte{small, large} {
			certificate := store(t, clients[0], data)
			read(t, client, certificate, data)
			name := [32]byte(crypto.Keccak256(certificate))
			for _, offset := range []uint64{0, 32, 126976 - 32, 126976, 992, uint64(len(data)) - 8, uint64(len(data))} {
				answer, err := client.GenerateReadPreimageProof(offset, certificate).Await(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				proof := enhanced(certificate, answer.Proof)
				from := min(offset, uint64(len(data)))
				want := data[from:min(from+32, uint64(len(data)))]
				if got, err := e.nitro.call(t, "validateReadPreimage", name, new(big.Int).SetUint64(offset), proof); err != nil || !bytes.Equal(got.([]byte), want) {
					t.Errorf("%d bytes, from %d on: %x, want %x, %v", len(data), offset, got, want, err)
				}
				if len(want) == 0 {
					continue
				}
				proof[len(proof)-96-1] ^= 1 // the last byte of a scalar
				if got, err := e.nitro.call(t, "validateReadPreimage", name, new(big.Int).SetUint64(offset), proof); err == nil || err.Error() != "WrongOpening" {
					t.Errorf("another byte from %d on: %x, %v", offset, got, err)
				}
			}
		}
	}
}

// signedCalls is for a gateway that takes calls which are signed with Nitro's secret alone.
func signedCalls(t *testing.T) {
	without := dial(t, "NITRO_GUARDED", false)
	if _, err := without.GetSupportedHeaderBytes().Await(t.Context()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("without a secret: %v", err)
	}
	with := func(file string) *daclient.Client {
		config := daclient.TestClientConfig(world.At(t, "NITRO_GUARDED"))
		config.RPC.JWTSecret = file
		client, err := daclient.NewClient(t.Context(), config, data_streaming.PayloadCommiter())
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	another := t.TempDir() + "/secret"
	if err := os.WriteFile(another, []byte(common.Bytes2Hex(world.Random(t, 32))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := with(another).Store([]byte("a batch"), expiry()).Await(t.Context()); err == nil || errors.Is(err, daprovider.ErrFallbackRequested) {
		t.Errorf("with another secret: %v", err)
	}
	client, data := with(world.At(t, "NITRO_SECRET")), world.Random(t, 700)
	read(t, client, store(t, client, data), data)
}
