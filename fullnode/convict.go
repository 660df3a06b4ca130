package fullnode

import (
	"context"
	"encoding/hex"
	"encoding/json"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// evidenceGas is the execution gas that a transaction with evidence against one validator offers.
const evidenceGas = 1_000_000

// maxConvictions bounds the evidence that waits to be submitted. One fault expels a validator, so that
// what is dropped is no loss.
const maxConvictions = 64

// convictAgain is how many heights must lie between two submissions against one validator. It stays in the sets that
// were taken already, and can sign falsehoods of every height: whoever submitted them all would pay a fee
// for each, which the chain refuses after the first.
const convictAgain = 100

// accused has the height at which evidence was last submitted against an operator.
type accused map[[da.AddressSize]byte]uint64

// due tells whether evidence is worth its fee at a height.
func (a accused) due(e *attesting.Evidence, head uint64) bool {
	last, known := a[e.Operator]
	return !known || head >= last+convictAgain
}

// convict takes evidence against a validator, which must not wait.
func (n *Node) convict(e attesting.Evidence) {
	select {
	case n.convictions <- e:
	default:
	}
}

// submitConvictions submits evidence with the key that pays for posts, and says how to where there is none, until
// ctx ends.
func (n *Node) submitConvictions(ctx context.Context) error {
	before := make(accused)
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-n.convictions:
			head := n.store.Head()
			if !before.due(&e, head) {
				continue
			}
			if punished, err := n.app.Punished(e.Operator); punished && err == nil {
				continue
			}
			if n.submitConviction(ctx, e) {
				before[e.Operator] = head
			}
		}
	}
}

// submitConviction tells whether the evidence was submitted, or that nobody here can.
func (n *Node) submitConviction(ctx context.Context, e attesting.Evidence) bool {
	operator := da.FormatAddress(e.Operator)
	evidence := chainEvidence(&e)
	encoded, err := json.Marshal(&evidence)
	if err != nil {
		n.cfg.Log.Error("evidence cannot be encoded", "operator", operator, "error", err)
		return false
	}
	log := n.cfg.Log.With("operator", operator, "epoch", e.Epoch(),
		"submit", "ashlar tx attest submit-evidence '"+string(encoded)+"' --from KEY")
	if n.poster == nil {
		log.Error("evidence against a validator: this node has no key to submit it with")
		return true
	}
	id, err := n.poster.execute(ctx, evidenceGas, evidenceMessage(n.poster.signer.Address(), &e))
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
	var signers da.Signers
	signers.Add(e.Attester)
	out := attestpb.Evidence{Epoch: e.Epoch(), Signers: signers[:], Signature: e.Signature[:]}
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
