// Package bridgegen stands in for what nitro's build generates from its contracts, as far as the DA client's packages
// name it. The client asks no contract.
package bridgegen

import (
	"errors"

	"github.com/ethereum/go-ethereum/accounts/abi/bind"
	"github.com/ethereum/go-ethereum/common"
)

var errNoContract = errors.New("there is no contract here")

// SequencerInboxCaller would ask the sequencer inbox.
type SequencerInboxCaller struct{}

// IsBatchPoster fails.
func (*SequencerInboxCaller) IsBatchPoster(*bind.CallOpts, common.Address) (bool, error) {
	return false, errNoContract
}

// IsSequencer fails.
func (*SequencerInboxCaller) IsSequencer(*bind.CallOpts, common.Address) (bool, error) {
	return false, errNoContract
}
