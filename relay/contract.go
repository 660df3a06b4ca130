package relay

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/ashlar-da/ashlar/contracts"
	"github.com/ashlar-da/ashlar/da"
)

// lightClient is how the contract is called.
type lightClient struct{ abi.ABI }

func newLightClient() (*lightClient, error) {
	artifact, err := contracts.Load("IAshlarLightClient")
	if err != nil {
		return nil, err
	}
	parsed, err := abi.JSON(strings.NewReader(string(artifact.ABI)))
	return &lightClient{parsed}, err
}

// attestation is the contract's struct of the same name.
type attestation struct {
	Epoch, Height, Time                             uint64
	HeaderHash, DataRoot, BlobTreeRoot, HistoryRoot [da.HashSize]byte
}

// certificate is the input of a method that takes a certificate: attest, which remembers it, or verify.
func (l *lightClient) certificate(method string, c *da.Certificate) ([]byte, error) {
	signature, err := c.Signature.EIP2537()
	if err != nil {
		return nil, err
	}
	return l.Pack(method, attestation{c.Epoch, c.Height, c.Time, c.HeaderHash, c.DataRoot, c.BlobTreeRoot, c.HistoryRoot},
		new(big.Int).SetBytes(c.Signers[:]), signature[:])
}

// nextSet is the contract's struct of the same name.
type nextSet struct {
	Time, Total            uint64
	OperatorsHash, SetHash [da.HashSize]byte
	Powers, Changes        []byte
	Base                   common.Address
}

// rotate is the input that hands over from a set to the next one, whose keys differ from those of keys in some places.
func (l *lightClient) rotate(r *da.SignedRotation, next *da.AttesterSet, keys []da.AttestationKey, base common.Address) ([]byte, error) {
	signature, err := r.Signature.EIP2537()
	if err != nil {
		return nil, err
	}
	changes, err := encodeChanges(next, keys)
	if err != nil {
		return nil, err
	}
	n := nextSet{Time: r.Time, Total: next.Total, SetHash: r.NextHash, Changes: changes, Base: base}
	var operators []byte
	for i := range next.Attesters {
		a := &next.Attesters[i]
		operators = append(operators, a.Operator[:]...)
		for shift := 56; shift >= 0; shift -= 8 {
			n.Powers = append(n.Powers, byte(a.Power>>shift))
		}
	}
	n.OperatorsHash = da.Keccak256(operators)
	return l.Pack("rotate", n, new(big.Int).SetBytes(r.Signers[:]), signature[:])
}

// stage is the input that puts keys into a contract of their own.
func (l *lightClient) stage(keys []da.AttestationKey) ([]byte, error) {
	var encoded []byte
	for _, key := range keys {
		point, err := key.Coordinates()
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, point[:]...)
	}
	return l.Pack("stage", encoded)
}

// encodeChanges lists the places where a set has another key than there was, each with its key.
func encodeChanges(next *da.AttesterSet, keys []da.AttestationKey) (changes []byte, _ error) {
	for i := range next.Attesters {
		key := next.Attesters[i].Key
		if i < len(keys) && keys[i] == key {
			continue
		}
		point, err := key.Coordinates()
		if err != nil {
			return nil, fmt.Errorf("attester %d: %w", i, err)
		}
		changes = append(append(changes, byte(i)), point[:]...)
	}
	return changes, nil
}

// refusal says in words why a call was refused: the contract's own error, or what the node says. It tells false where
// the error is none of the contract's.
func (l *lightClient) refusal(err error) (string, bool) {
	var coded rpc.DataError
	if !errors.As(err, &coded) {
		return "", false
	}
	text, _ := coded.ErrorData().(string)
	data := common.FromHex(text)
	if len(data) < 4 {
		return err.Error(), coded.ErrorData() != nil
	}
	named, err := l.ErrorByID([4]byte(data[:4]))
	if err != nil {
		return fmt.Sprintf("an error that this relay does not know, %.80s: is it an AshlarLightClient?", text), true
	}
	values, err := named.Inputs.Unpack(data[4:])
	if err != nil {
		return named.Name, true
	}
	return fmt.Sprintf("%s%v", named.Name, values), true
}
