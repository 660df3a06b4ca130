package relay

import (
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Do is what to do next.
type Do string

const (
	// Wait for the next block, or the next time.
	Wait Do = "wait"
	// Try has the contract try a task without sending it.
	Try Do = "check"
	// Send signs a transaction, or one in place of another, and sends it.
	Send Do = "send"
	// Resend sends the last attempt of a slot once more, as it is.
	Resend Do = "resend"
	// Settle takes a slot out of the journal: nothing of it can change any more.
	Settle Do = "settle"
)

// Decision is what to do next, and what its reader should know.
type Decision struct {
	Do Do
	// Task is what to try or to send.
	Task Task
	// Nonce is the one to send with, to send again, or to settle.
	Nonce uint64
	Fees  Fees
	Gas   uint64
	// Notices say why nothing more is done, the most important first.
	Notices []Notice
}

// Subject is what a notice is about.
type Subject string

// The subjects, all there are.
const (
	Expired  Subject = "expired"
	Expiring Subject = "expiring"
	FeesHigh Subject = "fees"
	Funds    Subject = "funds"
	Refused  Subject = "refused"
	Strange  Subject = "strange"
	Usurped  Subject = "usurped"
	Reverted Subject = "reverted"
	// Node is what nodes answered that is of no use.
	Node Subject = "node"
)

// Notice tells people something.
type Notice struct {
	Subject Subject `json:"subject"`
	Text    string  `json:"text"`
	// Alarm tells that somebody should act.
	Alarm bool `json:"alarm"`
}

// cancelGas is what a transaction without effect uses.
const cancelGas = 21_000

// decider is a decision being made.
type decider struct {
	*Policy
	*View
	notices []Notice
}

// Decide says what to do next. It has no state but what is given.
func Decide(p *Policy, v *View) Decision {
	d := &decider{Policy: p, View: v}
	decision := d.decide()
	decision.Notices = d.notices
	return decision
}

func (d *decider) decide() Decision {
	if settled := d.settled(); settled != nil {
		return Decision{Do: Settle, Nonce: settled.Nonce}
	}
	wants := d.wants()
	if front := d.front(); front != nil {
		return d.push(front, wants)
	}
	return d.start(wants)
}

func (d *decider) note(subject Subject, alarm bool, format string, args ...any) {
	d.notices = append(d.notices, Notice{subject, fmt.Sprintf(format, args...), alarm})
}

// settled returns a slot of which nothing can change any more.
func (d *decider) settled() *Sighting {
	for i := range d.Slots {
		s := &d.Slots[i]
		if s.Included != nil && d.depth(s.Block) >= d.Confirmations {
			if s.Reverted {
				d.note(Reverted, false, "%s was included in block %d without effect: the contract refused it there", s.Included.Task, s.Block)
			}
			return s
		}
		if s.Included == nil && s.Nonce < d.Account.Settled {
			d.note(Usurped, true, "nonce %d was used for a transaction that is not in the journal: is the key in use elsewhere? Give each relay a key of its own", s.Nonce)
			return s
		}
	}
	return nil
}

// depth is how many blocks there are from a block on.
func (d *decider) depth(block uint64) uint64 {
	if block > d.Head.Number {
		return 0
	}
	return d.Head.Number - block + 1
}

// front is the slot that is next to be included, nil if there is none.
func (d *decider) front() *Sighting {
	for i := range d.Slots {
		if s := &d.Slots[i]; s.Nonce == d.Account.Nonce && s.Included == nil {
			return s
		}
	}
	return nil
}

// wants are the tasks worth sending now, the most urgent first.
func (d *decider) wants() []Task {
	var wants []Task
	if d.Contract.Expired {
		d.note(Expired, true, "the contract has expired: no rotation reached it in time, and it takes nothing any more. Whoever relies on it has to go on without it, see docs/relay.md")
		return nil
	}
	if d.closing() { // when, not how soon: what does not change is logged once
		d.note(Expiring, true, "the contract expires at %s UTC unless it is rotated", d.Contract.Expires.UTC().Format(time.DateTime))
	}
	if d.Node.Rotation != nil {
		wants = append(wants, *d.Node.Rotation)
	}
	wants = append(wants, d.Node.Asked...)
	if n := d.Node.Newest; n != nil && d.due() && !slices.Contains(wants, *n) {
		wants = append(wants, *n)
	}
	return wants
}

// closing tells whether the contract would expire before long.
func (d *decider) closing() bool {
	return !d.Contract.Expires.IsZero() && d.Contract.Expires.Sub(d.Now) <= d.Warn
}

// due tells whether the schedule wants a certificate.
func (d *decider) due() bool {
	last := d.LastAttest
	for i := range d.Slots {
		if s := &d.Slots[i]; s.Included != nil && !s.Reverted && s.Included.Task.Kind == Attest && s.Time.After(last) {
			last = s.Time
		}
	}
	return d.Every > 0 && (last.IsZero() || d.Now.Sub(last) >= d.Every)
}

// start sends the first of the wants that can be.
func (d *decider) start(wants []Task) Decision {
	if len(wants) > 0 && !d.alone() {
		return Decision{Do: Wait}
	}
	for _, task := range wants {
		if decision, ok := d.send(task, d.Account.Nonce, d.market()); ok {
			return decision
		}
	}
	return Decision{Do: Wait}
}

// alone tells whether no transaction that the journal does not know is in the way, or has been for too long.
func (d *decider) alone() bool {
	if d.Account.Pending <= d.Account.Nonce || d.Account.Strange.IsZero() || d.Now.Sub(d.Account.Strange) >= d.Patience {
		return true
	}
	d.note(Strange, false, "the account has %d transactions waiting that the journal does not know: is the key in use elsewhere? They are given until %s",
		d.Account.Pending-d.Account.Nonce, d.Account.Strange.Add(d.Patience).UTC().Format(time.TimeOnly))
	return false
}

// push does what the slot that is next to be included needs.
func (d *decider) push(front *Sighting, wants []Task) Decision {
	last := front.last()
	useful := d.useful(last.Task, wants)
	switch lost := !front.Known && front.Offered < d.Head.Number; {
	case lost && useful:
		return Decision{Do: Resend, Nonce: front.Nonce, Task: last.Task}
	case lost:
		return Decision{Do: Settle, Nonce: front.Nonce}
	}
	patient := d.Head.Number < saturatingAdd(max(last.Head, front.Offered), d.BumpAfter) && !front.Underpriced
	if useful && patient {
		return Decision{Do: Wait}
	}
	price := d.raised(last.Fees)
	for _, task := range d.successors(last.Task, useful, wants) {
		if decision, ok := d.send(task, front.Nonce, price); ok {
			return decision
		}
	}
	return Decision{Do: Wait}
}

// useful tells whether a transaction that waits would still do something. It depends on the contract alone where it
// can: that the node is silent for a while makes nothing useless.
func (d *decider) useful(task Task, wants []Task) bool {
	switch task.Kind {
	case Cancel:
		return len(wants) == 0
	case Attest:
		return !d.Contract.Expired && d.Contract.knows(task.Epoch) && !d.Contract.Attested[task.Root]
	}
	return !d.Contract.Expired && task.Epoch == d.Contract.Epoch
}

// successors are the tasks that may take the place of one that waits.
func (d *decider) successors(task Task, useful bool, wants []Task) []Task {
	switch {
	case useful && !slices.Contains(wants, task):
		return append(slices.Clip(wants), task)
	case len(wants) == 0:
		return []Task{{Kind: Cancel}}
	}
	return wants
}

// send sends a task if it may cost what it has to, the contract would take it and the account can pay for it.
func (d *decider) send(task Task, nonce uint64, price price) (Decision, bool) {
	fees, ok := d.within(task, price)
	if !ok || d.hadNoEffect(task) {
		return Decision{}, false
	}
	check := Check{Gas: cancelGas}
	if task.Kind != Cancel {
		if check, ok = d.Checks[task]; !ok {
			return Decision{Do: Try, Task: task}, true
		}
	}
	switch {
	case check.Refusal != "":
		d.note(Refused, false, "the contract would refuse %s: %s", task, check.Refusal)
	case check.Gas > d.MaxGas:
		d.note(Refused, true, "%s would take %d gas, and a transaction has at most %d", task, check.Gas, d.MaxGas)
	case d.affords(task, check.Gas, fees):
		return Decision{Do: Send, Task: task, Nonce: nonce, Fees: fees, Gas: check.Gas}, true
	}
	return Decision{}, false
}

// hadNoEffect tells whether a task was included lately and refused there, although it had been tried: it is left alone
// until that is settled.
func (d *decider) hadNoEffect(task Task) bool {
	for i := range d.Slots {
		if s := &d.Slots[i]; s.Reverted && s.Included != nil && s.Included.Task == task {
			d.note(Reverted, false, "%s was included in block %d without effect; it is tried again once that block is settled", task, s.Block)
			return true
		}
	}
	return false
}

// affords tells whether the account has what a transaction may cost at most, which nodes ask for.
func (d *decider) affords(task Task, gas uint64, fees Fees) bool {
	need := new(big.Int).Mul(new(big.Int).SetUint64(gas), new(big.Int).SetUint64(fees.Cap))
	if d.Account.Balance.Cmp(need) >= 0 {
		return true
	}
	d.note(Funds, true, "the account has %s ETH, and %s may cost %s ETH: send it at least %s ETH",
		inEther(d.Account.Balance), task, inEther(need), inEther(new(big.Int).Sub(need, d.Account.Balance)))
	return false
}
