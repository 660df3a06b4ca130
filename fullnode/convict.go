package fullnode

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"math/bits"
	"slices"
	"time"

	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

const (
	// maxConvictions bounds the evidence that waits to be submitted. One fault expels a validator, so that
	// what is dropped is no loss.
	maxConvictions = 64
	// turnBlocks is how long those whose turn it is to submit have until others do: to be included, and seen to be.
	turnBlocks = 3
	// convictAgain is how many heights evidence is pursued, and how many must lie between two submissions against one
	// validator. It stays in the sets that were taken already, and can sign falsehoods of every height: whoever submitted them all would
	// pay a fee for each, which the chain refuses after the first.
	convictAgain = 100
)

// docket is the evidence that a node has against validators, and when it is this node's turn to submit it. All honest nodes hear of a
// falsehood, and whoever submits evidence second pays in vain. So they take turns, in an order by the accused that all of them know: one
// in the first, another in the second, two in the third, then twice as many each time, until the chain has punished.
type docket struct {
	head     func() uint64
	punished func(operator [da.AddressSize]byte) (bool, error)
	// place is this node's in the order for who is accused, from 0 on.
	place func(accused [da.HashSize]byte) int
	// submit tells whether the evidence was submitted, or cannot be by this node.
	submit func(context.Context, *attesting.Evidence) bool

	charges map[[da.HashSize]byte]*charge
}

// charge is evidence against one validator, or some that signed together.
type charge struct {
	attesting.Evidence
	since, due uint64 // when it was heard of, and from when on it is to be submitted
	submitted  bool
}

// accused names whom evidence is against: of several falsehoods of one validator one is enough.
func accused(e *attesting.Evidence) [da.HashSize]byte {
	operators := slices.Clone(e.Operators)
	slices.SortFunc(operators, func(a, b [da.AddressSize]byte) int { return bytes.Compare(a[:], b[:]) })
	var all []byte
	for _, operator := range operators {
		all = append(all, operator[:]...)
	}
	return da.Keccak256(all)
}

// placeIn is the place of who has a key in the order in which a set's attesters submit evidence against the accused; whoever has none in it
// comes last.
func placeIn(set *da.AttesterSet, key *da.AttestationKey, accused [da.HashSize]byte) int {
	rank := func(operator [da.AddressSize]byte) [da.HashSize]byte { return da.Keccak256(accused[:], operator[:]) }
	own := slices.IndexFunc(set.Attesters, func(a da.Attester) bool { return key != nil && a.Key == *key })
	if own < 0 {
		return len(set.Attesters)
	}
	place, mine := 0, rank(set.Attesters[own].Operator)
	for i := range set.Attesters {
		if other := rank(set.Attesters[i].Operator); bytes.Compare(other[:], mine[:]) < 0 {
			place++
		}
	}
	return place
}

// enter takes evidence, unless there is some against the same already.
func (d *docket) enter(e attesting.Evidence) {
	key := accused(&e)
	if d.charges[key] != nil || len(d.charges) >= maxConvictions {
		return
	}
	now := d.head()
	d.charges[key] = &charge{Evidence: e, since: now, due: now + turnBlocks*uint64(bits.Len(uint(d.place(key))))}
}

// pursue submits what is due.
func (d *docket) pursue(ctx context.Context) {
	for key, c := range d.charges {
		now := d.head()
		switch {
		case now >= c.since+convictAgain || !c.submitted && d.settled(c):
			delete(d.charges, key)
		case c.submitted || now < c.due:
		case d.submit(ctx, &c.Evidence):
			c.submitted, c.since = true, now
		default:
			c.due = now + turnBlocks
		}
	}
}

// settled tells whether the chain has punished all whom evidence is against.
func (d *docket) settled(c *charge) bool {
	return !slices.ContainsFunc(c.Operators, func(operator [da.AddressSize]byte) bool {
		punished, err := d.punished(operator)
		return !punished || err != nil
	})
}

// docketEvery is the time between two looks at what is due: shorter than a block takes.
const docketEvery = time.Second

// run takes and submits evidence until ctx ends.
func (d *docket) run(ctx context.Context, heard <-chan attesting.Evidence) error {
	tick := time.NewTicker(docketEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-heard:
			d.enter(e)
		case <-tick.C:
		}
		d.pursue(ctx)
	}
}

// convict takes evidence against validators, which must not wait.
func (n *Node) convict(e attesting.Evidence) {
	select {
	case n.convictions <- e:
	default:
	}
}

// submitConvictions submits evidence with the key that pays for posts when it is this node's turn, and says how to where there is no key,
// until ctx ends.
func (n *Node) submitConvictions(ctx context.Context) error {
	d := docket{head: n.store.Head, punished: n.app.Punished, place: n.placeAgainst, submit: n.submitConviction, charges: make(map[[da.HashSize]byte]*charge)}
	return d.run(ctx, n.convictions)
}

// placeAgainst is the node's place among those who submit evidence, by the set of the epoch at hand; the first where nobody knows it.
func (n *Node) placeAgainst(accused [da.HashSize]byte) int {
	schedule, err := n.app.AttestationEpoch()
	if err != nil {
		return 0
	}
	set, err := n.app.AttesterSet(schedule.Epoch)
	if err != nil {
		return 0
	}
	if n.poster == nil {
		return 0 // it only says how to, at once
	}
	return placeIn(set, n.attesting.Status().Key, accused)
}

// submitConviction tells whether the evidence was submitted, or that nobody here can.
func (n *Node) submitConviction(ctx context.Context, e *attesting.Evidence) bool {
	var operators []string
	for _, operator := range e.Operators {
		operators = append(operators, da.FormatAddress(operator))
	}
	evidence := chainEvidence(e)
	encoded, err := json.Marshal(&evidence)
	if err != nil {
		n.cfg.Log.Error("evidence cannot be encoded", "operators", operators, "error", err)
		return false
	}
	log := n.cfg.Log.With("operators", operators, "epoch", e.Epoch(),
		"submit", "ashlar tx attest submit-evidence '"+string(encoded)+"' --from KEY")
	if n.poster == nil {
		log.Error("evidence against a validator: this node has no key to submit it with")
		return true
	}
	id, err := n.poster.execute(ctx, attest.EvidenceGas(e.Signers.Count()), evidenceMessage(n.poster.signer.Address(), e))
	if err != nil {
		log.Error("evidence against a validator was not submitted", "error", err)
		return false
	}
	log.Warn("evidence against a validator was submitted", "tx", hex.EncodeToString(id[:]))
	return true
}

func evidenceMessage(submitter string, e *attesting.Evidence) *attestpb.MsgSubmitAttestationEvidence {
	return &attestpb.MsgSubmitAttestationEvidence{Submitter: submitter, Evidence: chainEvidence(e)}
}

// chainEvidence is evidence as the chain's message has it.
func chainEvidence(e *attesting.Evidence) attestpb.Evidence {
	out := attestpb.Evidence{Epoch: e.Epoch(), Signers: slices.Clone(e.Signers[:]), Signature: slices.Clone(e.Signature[:])}
	if r := e.Rotation; r != nil {
		out.Rotation = &attestpb.Rotation{Epoch: r.Epoch, SetHash: r.SetHash[:], NextHash: r.NextHash[:], Time: r.Time}
		return out
	}
	a := e.Attestation
	out.Attestation = &attestpb.Attestation{
		Epoch: a.Epoch, SetHash: a.SetHash[:], Height: a.Height, Time: a.Time, HeaderHash: a.HeaderHash[:],
		DataRoot: a.DataRoot[:], BlobTreeRoot: a.BlobTreeRoot[:], HistoryRoot: a.HistoryRoot[:],
	}
	return out
}
