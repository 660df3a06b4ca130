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

// certificateSize is the length of their calldata: a selector, eight words, an offset, a length and a signature.
const certificateSize = 4 + 10*wordSize + da.EIP2537SignatureSize

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
	if len(input) != certificateSize {
		return nil, true, fmt.Errorf("%w: calldata of %d bytes, a certificate's has %d", da.ErrMalformed, len(input), certificateSize)
	}
	var words [10][wordSize]byte
	for i := range words {
		words[i] = [wordSize]byte(input[4+i*wordSize:])
	}
	c := new(da.Certificate)
	for i, to := range []*uint64{&c.Epoch, &c.Height, &c.Time} {
		if [24]byte(words[i][:]) != ([24]byte{}) {
			return nil, true, fmt.Errorf("%w: word %d has more than 64 bits", da.ErrMalformed, i)
		}
		*to = binary.BigEndian.Uint64(words[i][24:])
	}
	c.HeaderHash, c.DataRoot, c.BlobTreeRoot, c.HistoryRoot, c.Signers = words[3], words[4], words[5], words[6], words[7]
	if [wordSize]byte(number(9*wordSize).bytes) != words[8] || [wordSize]byte(number(da.EIP2537SignatureSize).bytes) != words[9] {
		return nil, true, fmt.Errorf("%w: the signature is not the %d bytes at the end", da.ErrMalformed, da.EIP2537SignatureSize)
	}
	var err error
	c.Signature, err = da.SignatureFromEIP2537(input[certificateSize-da.EIP2537SignatureSize:])
	return c, true, err
}
