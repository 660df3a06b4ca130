package relay

import (
	"math/big"
	"time"
)

// Policy is what the relay's owner decided. The zero value of a field that is a bound allows nothing.
type Policy struct {
	// Confirmations is how many blocks, its own included, a transaction's block must have before it
	// counts as final.
	Confirmations uint64
	// BumpAfter is how many blocks a transaction may wait for its inclusion before it is replaced
	// by one that offers more.
	BumpAfter uint64
	// MaxFee is the most that is offered per unit of gas for a certificate, MaxRotationFee for a
	// rotation, in wei. Rotations that come too late end the contract, so they are worth more.
	MaxFee, MaxRotationFee uint64
	// MaxGas bounds what one transaction may use.
	MaxGas uint64
	// Every is the time between certificates posted by schedule, 0: none are.
	Every time.Duration
	// Warn is how long before the contract expires it becomes an alarm that it will.
	Warn time.Duration
	// Patience is how long transactions of the account that the journal does not know are left to
	// be included before their nonces are taken.
	Patience time.Duration
}

// View is all that a decision depends on.
type View struct {
	Now  time.Time
	Head Head
	// Tip is what blocks ask of late, in wei per unit of gas.
	Tip      uint64
	Account  Account
	Contract Contract
	Node     Offers
	// Slots are those of the journal, by nonce, with what became of each.
	Slots []Sighting
	// Checks are what the contract would do with tasks, for those that were tried on this head.
	Checks map[Task]Check
	// LastAttest is the block time of the newest certificate that was posted and settled, zero if
	// that is not known.
	LastAttest time.Time
}

// Head is a block of the other chain, the newest.
type Head struct {
	Number uint64
	// BaseFee is what the next block will charge at most, in wei per unit of gas.
	BaseFee uint64
}

// Account is the relay's.
type Account struct {
	// Balance is in wei.
	Balance *big.Int
	// Nonce is the next at the head, Settled the next at the depth of confirmation and Pending
	// the next after what waits in the node's pool.
	Nonce, Settled, Pending uint64
	// Strange is since when the pool has had transactions of the account that are not in the
	// journal, zero if it has none.
	Strange time.Time
}

// Contract is the light client's state at the head.
type Contract struct {
	Epoch uint64
	// Expired tells that it takes nothing any more, for ever.
	Expired bool
	// Expires is when it will unless it is rotated, zero if that is not known.
	Expires time.Time
	// Attested has the history roots that it knows, of those in offers and slots.
	Attested map[Root]bool
}

// knows tells whether the contract has the set of an epoch: it has the current one and the one before.
func (c *Contract) knows(epoch uint64) bool { return epoch == c.Epoch || epoch+1 == c.Epoch }

// Offers are what the node has for the contract and the contract does not have, all verified.
type Offers struct {
	// Rotation hands over from the contract's epoch, or stages keys for that, nil if there is none.
	Rotation *Task
	// Newest is the newest certificate, nil if the contract does not know its set or has it already.
	Newest *Task
	// Asked are the certificates for the heights that were asked for.
	Asked []Task
}

// Sighting is a slot and what the other chain shows of it.
type Sighting struct {
	Slot
	// Included is the attempt that a block has, nil if none has.
	Included *Attempt
	// Block and Time are that block's.
	Block uint64
	Time  time.Time
	// Paid is what the attempt cost, in wei.
	Paid *big.Int
	// Reverted tells that the attempt had no effect.
	Reverted bool
	// Known tells that the last attempt waits in the node's pool.
	Known bool
	// Offered is at which head the last attempt was last sent to the node.
	Offered uint64
	// Underpriced tells that the node has something else for this nonce that pays too much for
	// the last attempt to replace it.
	Underpriced bool
}

// Check is what the contract would do with a task.
type Check struct {
	// Gas is what it would use, with a margin.
	Gas uint64
	// Refusal says why the contract would refuse, empty if it would not.
	Refusal string
}
