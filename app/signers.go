package app

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/mempool"
	"github.com/cosmos/cosmos-sdk/x/auth/signing"
)

// signerExtractor tells the mempool who signed a transaction. It asks the messages: the
// public keys, which the SDK's own extractor takes addresses from, may be left out once
// they are on chain, and it panics then, after the ante chain's writes.
type signerExtractor struct{}

var _ mempool.SignerExtractionAdapter = signerExtractor{}

// GetSigners implements mempool.SignerExtractionAdapter.
func (signerExtractor) GetSigners(tx sdk.Tx) ([]mempool.SignerData, error) {
	signed, ok := tx.(signing.SigVerifiableTx)
	if !ok {
		return nil, fmt.Errorf("transaction type %T has no signers", tx)
	}
	addresses, err := signed.GetSigners()
	if err != nil {
		return nil, err
	}
	signatures, err := signed.GetSignaturesV2()
	if err != nil {
		return nil, err
	}
	if len(signatures) != len(addresses) {
		return nil, fmt.Errorf("%d signatures of %d signers", len(signatures), len(addresses))
	}
	signers := make([]mempool.SignerData, len(addresses))
	for i, address := range addresses {
		signers[i] = mempool.NewSignerData(address, signatures[i].Sequence)
	}
	return signers, nil
}
