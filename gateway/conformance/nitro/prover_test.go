package nitro

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math/big"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/offchainlabs/nitro/daprovider/daclient"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// published is where prepare.sh has what nitro-contracts publishes.
const published = "../../../build/nitro-contracts/package/build/contracts/src/osp/"

// prover is Nitro's one-step prover, in the bytecode that nitro-contracts publishes, whose validator of custom DA is AshlarNitro.
type prover struct{ *contract }

func (e *ethereum) startProver(t *testing.T) prover {
	t.Helper()
	hostIO := e.deployFile(t, published+"OneStepProverHostIo.sol/OneStepProverHostIo.json", e.nitro.address)
	var none common.Address // of the instructions that prove nothing here
	entry := e.deployFile(t, published+"OneStepProofEntry.sol/OneStepProofEntry.json", none, none, none, hostIO.address)
	maps.Copy(entry.Errors, e.nitro.Errors) // which pass through it
	return prover{entry}
}

// context is OneStepProofEntry's struct, of which the steps here use nothing.
type executionContext struct {
	MaxInboxMessagesRead  *big.Int
	Bridge                common.Address
	InitialWasmModuleRoot [32]byte
}

// step has the prover do a machine's step, and returns the hash of the machine behind it.
func (p prover) step(t *testing.T, m machine, particular []byte) (common.Hash, error) {
	t.Helper()
	after, err := p.call(t, "proveOneStep", executionContext{MaxInboxMessagesRead: new(big.Int)}, big.NewInt(1), m.hash(), m.proof(particular))
	if err != nil {
		return common.Hash{}, err
	}
	return common.Hash(after.([32]byte)), nil
}

// proves fails the test unless the step leads to another machine.
func (p prover) proves(t *testing.T, what string, before machine, particular []byte, after machine) {
	t.Helper()
	if got, err := p.step(t, before, particular); err != nil || got != after.hash() {
		t.Errorf("%s: %x, want %x, %v", what, got, after.hash(), err)
	}
}

// refuses fails the test unless the prover refuses the step for a reason.
func (p prover) refuses(t *testing.T, what, reason string, before machine, particular []byte) {
	t.Helper()
	if got, err := p.step(t, before, particular); err == nil || err.Error() != reason {
		t.Errorf("%s: %x, %v, want %s", what, got, err, reason)
	}
}

// provers are one for each epoch whose attesters a light client trusts: relaying rotations is the relay's.
type provers map[uint64]prover

// of returns that for the evidence in a gateway's proof of validity.
func (p provers) of(t *testing.T, answer []byte) prover {
	t.Helper()
	epoch := binary.BigEndian.Uint64(answer[1:])
	if _, ok := p[epoch]; !ok {
		p[epoch] = startEthereum(t, epoch).startProver(t)
	}
	return p[epoch]
}

// provenReads has Nitro's prover read batches by the proofs of gateways, as it does in a challenge.
func provenReads(t *testing.T, clients ...*daclient.Client) {
	started := provers{}
	for _, size := range []int{1000, maxSize} {
		data := world.Random(t, size)
		certificate, other := store(t, clients[0], data), store(t, clients[0], world.Random(t, size))
		p := started.of(t, judge(t, clients[0], certificate))
		for _, client := range clients {
			read(t, client, certificate, data)
			ask := func(certificate []byte, offset uint64) []byte {
				answer, err := client.GenerateReadPreimageProof(offset, certificate).Await(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return append([]byte{0}, enhanced(certificate, answer.Proof)...) // a preimage by its proof
			}
			for _, offset := range []uint64{0, 32, 960, 992, 126976 - 32, 126976, maxSize - 32} {
				if offset < uint64(size) {
					chunk := data[offset:min(offset+32, uint64(size))]
					before := reading(certificate, offset)
					p.proves(t, "a piece", before, ask(certificate, offset), before.read(chunk))
				}
			}
			before, proof := reading(certificate, 32), ask(certificate, 32)
			wrong := slices.Clone(proof)
			wrong[len(wrong)-96-1] ^= 1 // the last byte of a scalar
			p.refuses(t, "another byte", "WrongOpening", before, wrong)
			p.refuses(t, "another piece", "WrongOpening", before, ask(certificate, 64))
			p.refuses(t, "another batch", "WRONG_CERTIFICATE_HASH", before, ask(other, 32))
			p.refuses(t, "half a proof", "WrongProofLength", before, proof[:len(proof)-96])
			p.refuses(t, "no proof", "CUSTOM_DA_PROOF_TOO_SHORT", before, []byte{0})
			if size%32 == 0 {
				p.refuses(t, "nothing behind the end", "INVALID_CUSTOM_DA_RESPONSE", reading(certificate, uint64(size)), ask(certificate, uint64(size)))
			}
		}
	}
}

// provenVerdicts has Nitro's prover judge certificates by the proofs of gateways.
func provenVerdicts(t *testing.T, clients ...*daclient.Client) {
	started := provers{}
	certificate := store(t, clients[0], world.Random(t, 3000))
	otherRoot, malformed := bytes.Clone(certificate), append(bytes.Clone(certificate), 0)
	otherRoot[42] ^= 1
	for _, client := range clients {
		valid, invalid, none := judge(t, client, certificate), judge(t, client, otherRoot), judge(t, client, malformed)
		m, p := judging(certificate), started.of(t, valid)
		p.proves(t, "valid", m, enhanced(certificate, valid), m.judged(true))
		p.proves(t, "malformed", judging(malformed), enhanced(malformed, none), judging(malformed).judged(false))
		started.of(t, invalid).proves(t, "another data root", judging(otherRoot), enhanced(otherRoot, invalid), judging(otherRoot).judged(false))
		lie := append([]byte{0}, valid[1:]...)
		p.refuses(t, "claimed to be invalid", "CLAIMED_INVALID_BUT_VALID", m, enhanced(certificate, lie))
		lie = append([]byte{1}, invalid[1:]...)
		started.of(t, invalid).refuses(t, "claimed to be valid", "CLAIMED_VALID_BUT_INVALID", judging(otherRoot), enhanced(otherRoot, lie))
		lie = bytes.Clone(valid)
		lie[len(lie)-1] ^= 1
		p.refuses(t, "another history", "NotInHistory", m, enhanced(certificate, lie))
		p.refuses(t, "another certificate", "WRONG_CERTIFICATE_HASH", m, enhanced(otherRoot, invalid))
		p.refuses(t, "no evidence", "NotSettled", m, enhanced(certificate, valid[:1]))
	}
}
