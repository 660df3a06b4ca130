package lightnode

import (
	"fmt"

	"github.com/ashlar-da/ashlar/sampling"
)

// HeaderReport says how a block's header was verified.
type HeaderReport struct {
	// VerifiedBy is "commit", "hash_link", "trust" or "unknown".
	VerifiedBy string `json:"verified_by"`
	// Source is the peer that delivered the header, empty if that was not noted; Witnesses
	// are the peers that were found to have the same, the source apart.
	Source    string   `json:"source,omitempty"`
	Witnesses []string `json:"witnesses"`
	// Statement says it in words.
	Statement string `json:"statement"`
}

// headerReport says how the header of a height was verified.
func (n *Node) headerReport(r *record) HeaderReport {
	report := HeaderReport{VerifiedBy: r.Voucher.By.String(), Witnesses: []string{}}
	if r.Voucher.Source != somebody {
		report.Source = n.directory.name(r.Voucher.Source)
	}
	for _, ref := range r.Voucher.Witnesses {
		report.Witnesses = append(report.Witnesses, n.directory.name(ref))
	}
	report.Statement = r.headerStatement()
	return report
}

func (r *record) headerStatement() string {
	switch r.Voucher.By {
	case vouchedByCommit:
		return "more than two thirds of the voting power signed it, as headers verified before know that power" + r.witnessed()
	case vouchedByTrust:
		return "it is the header this node was told to begin with" + r.witnessed()
	case vouchedByLink:
		return fmt.Sprintf("header %d above it names its hash, and so on up to one whose commit was verified", r.Height+1)
	case vouchedUnknown:
	}
	return "how was not noted by the version of the node that verified it"
}

func (r *record) witnessed() string {
	switch len(r.Voucher.Witnesses) {
	case 0:
		return "; no second peer was found to have the same: its source is its own witness"
	case 1:
		return "; one more peer was found to have the same"
	}
	return fmt.Sprintf("; %d more peers were found to have the same", len(r.Voucher.Witnesses))
}

// statement says in words what was checked of a height, and what was found.
func (r *record) statement() string {
	v := r.Verdict
	switch {
	case v.Verdict == sampling.Invalid:
		return "The chain committed to a DA header that is malformed: there is nothing to sample."
	case v.Verdict == sampling.Available && r.K == 0:
		return "The block is empty: there is nothing to sample."
	case v.Verdict == sampling.Available:
		return fmt.Sprintf("All %d cells drawn came and proved right, of %s that were asked. Had enough been withheld that the block cannot be recovered, so many draws would have missed that with a probability of at most %.2g.", v.Samples, peersIn(len(r.Asked)), v.Miss)
	case v.Verdict == sampling.Unavailable:
		return fmt.Sprintf("%d of %d cells drawn did not come by the deadline (%s), although others of the block did: this node was refused enough to doubt that the block can be recovered. Cells that come late revise this.", v.Samples-v.Verified, v.Samples, failures(v))
	case len(r.Session) == 0:
		return "The block's DA header has not been had yet, so nothing could be drawn. Nothing is claimed."
	case r.Checked.IsZero():
		return "Cells were drawn; what came of asking for them is not known yet. Nothing is claimed."
	}
	return fmt.Sprintf("Of %d cells drawn %d came (%s), and nobody useful was left to ask. That is no sign of availability and none of withholding; the node goes on asking for the same cells.", v.Samples, v.Verified, failures(v))
}

// failures counts what became of the cells that did not come.
func failures(v sampling.Availability) string {
	return fmt.Sprintf("%d refused, %d timed out, %d garbled, %d never asked for", v.Refused, v.TimedOut, v.Garbled, v.Samples-v.Verified-v.Refused-v.TimedOut-v.Garbled)
}

// assumption says what a verdict rests on besides what was checked.
func (r *record) assumption() string {
	switch {
	case r.Verdict.Verdict == sampling.Available && r.K == 0:
		return "The header is the chain's."
	case r.Verdict.Verdict == sampling.Available:
		return "What is withheld, if anything, was fixed independently of this node's requests: peers that serve this node alone, cell by cell as it asks, can satisfy it. KZG and its ceremony are sound, and the header is the chain's."
	case r.Verdict.Verdict == sampling.Unavailable:
		return "The peers asked are not withholding from this node alone: others may have the cells."
	case r.Verdict.Verdict == sampling.Invalid:
		return "The header is the chain's."
	}
	return "None: nothing is claimed."
}

func peersIn(n int) string {
	if n == 1 {
		return "one peer"
	}
	return fmt.Sprintf("%d peers", n)
}
