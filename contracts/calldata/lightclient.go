package calldata

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
)

// certificateMethods are those of AshlarLightClient that take a certificate; attestationType is what they take it as.
var certificateMethods = []string{"attest", "verify"}

const attestationType = "((uint64,uint64,uint64,bytes32,bytes32,bytes32,bytes32),uint256,bytes)"

const (
	selectorSize = 4
	// signatureOffset is where their arguments have the offset of the signature: behind eight words. certificateSize is the least that all take:
	// that offset, a length and a signature.
	signatureOffset = 8 * wordSize
	certificateSize = selectorSize + signatureOffset + 2*wordSize + da.EIP2537SignatureSize
)

// CertificateOf returns the certificate in the calldata of AshlarLightClient's attest or verify, and whether it is such calldata at all. The
// chain's id and the set's hash, which are signed too, the contract knows itself: they are left empty. It fails with da.ErrMalformed and
// da.ErrInvalidSignature.
func CertificateOf(input []byte) (_ *da.Certificate, is bool, _ error) {
	for _, method := range certificateMethods {
		selector := da.Keccak256([]byte(method + attestationType))
		is = is || bytes.HasPrefix(input, selector[:4])
	}
	if !is {
		return nil, false, nil
	}
	if len(input) < certificateSize {
		return nil, true, fmt.Errorf("%w: calldata of %d bytes, a certificate's has %d at least", da.ErrMalformed, len(input), certificateSize)
	}
	arguments := input[selectorSize:]
	var words [8][wordSize]byte
	for i := range words {
		words[i] = [wordSize]byte(arguments[i*wordSize:])
	}
	c := new(da.Certificate)
	for i, to := range []*uint64{&c.Epoch, &c.Height, &c.Time} {
		var ok bool
		if *to, ok = uint64In(words[i][:]); !ok {
			return nil, true, fmt.Errorf("%w: word %d has more than 64 bits", da.ErrMalformed, i)
		}
	}
	c.HeaderHash, c.DataRoot, c.BlobTreeRoot, c.HistoryRoot, c.Signers = words[3], words[4], words[5], words[6], words[7]
	signature, err := signatureIn(arguments)
	if err != nil {
		return nil, true, err
	}
	c.Signature, err = da.SignatureFromEIP2537(signature)
	return c, true, err
}

// signatureIn returns the signature among the arguments, wherever the offset says, and whatever else is there: who signed a
// falsehood chooses the form, and the contract takes them all.
func signatureIn(arguments []byte) ([]byte, error) {
	at, ok := uint64In(arguments[signatureOffset : signatureOffset+wordSize])
	size := uint64(len(arguments))
	if !ok || at > size || size-at < wordSize+da.EIP2537SignatureSize {
		return nil, fmt.Errorf("%w: there is no signature at the offset that the arguments name", da.ErrMalformed)
	}
	if length, ok := uint64In(arguments[at : at+wordSize]); !ok || length != da.EIP2537SignatureSize {
		return nil, fmt.Errorf("%w: the signature has not %d bytes", da.ErrMalformed, da.EIP2537SignatureSize)
	}
	return arguments[at+wordSize : at+wordSize+da.EIP2537SignatureSize], nil
}

// uint64In is the number that a word has, if it has no more than 64 bits.
func uint64In(word []byte) (n uint64, ok bool) {
	return binary.BigEndian.Uint64(word[wordSize-8:]), [wordSize - 8]byte(word) == [wordSize - 8]byte{}
}
