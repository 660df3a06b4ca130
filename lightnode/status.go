package lightnode

import (
	"context"
	"fmt"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/sampling"
)

// HeadReport names a verified block.
type HeadReport struct {
	Height uint64    `json:"height"`
	Hash   api.Hex   `json:"hash"`
	Time   time.Time `json:"time"`
}

// AvailabilityReport is what the node knows of a height, and what it checked.
type AvailabilityReport struct {
	sampling.Availability
	Hash     api.Hex    `json:"hash"`
	Time     time.Time  `json:"time"`
	DataRoot api.Hex    `json:"data_root,omitempty"`
	Rows     int        `json:"rows"`
	Checked  *time.Time `json:"checked_at,omitempty"`
	// Coordinates are the cells drawn, as [row, column]; none before the DA header is known.
	Coordinates [][2]int `json:"coordinates"`
	// Outcomes is what last came of asking for each of them, in their order.
	Outcomes []sampling.Outcome `json:"outcomes"`
	// Asked counts what came of all requests to each peer that was asked for cells.
	Asked []sampling.Tally `json:"peers_asked"`
	// Header says how the block's header was verified.
	Header HeaderReport `json:"header"`
	// Statement says in words what was checked and found; Assumption what else that rests on.
	Statement  string `json:"statement"`
	Assumption string `json:"assumption"`
}

// HeightsReport counts the heights of the sampling window.
type HeightsReport struct {
	Newest      uint64 `json:"newest"`
	Oldest      uint64 `json:"oldest"`
	Pending     int    `json:"pending"`
	Available   int    `json:"available"`
	Unavailable int    `json:"unavailable"`
	Invalid     int    `json:"invalid"`
}

// Status is what the node is doing. Errors are the last of their kind, empty since the
// next success.
type Status struct {
	Kind      string    `json:"kind"` // "light"
	ChainID   string    `json:"chain_id"`
	Version   string    `json:"version"`
	PeerID    string    `json:"peer_id"`
	Listen    []string  `json:"listen"` // multiaddresses with /p2p/
	Peers     int       `json:"peers"`
	StartedAt time.Time `json:"started_at"`
	// Height is the newest verified one, 0 before there is one; Head is its block.
	Height uint64      `json:"height"`
	Head   *HeadReport `json:"head"`
	// Syncing tells that headers of the window are missing or heights are pending.
	Syncing bool `json:"syncing"`
	// Trust tells what the first header was taken on; Warning what that is worth.
	Trust   string `json:"trust"`
	Warning string `json:"warning,omitempty"`
	// Witnesses is how many other peers, each in a subnet of its own, were found to have the
	// newest header that was verified by its commit. At 0 its one source is its own witness.
	Witnesses int           `json:"witnesses"`
	Heights   HeightsReport `json:"heights"`
	// Samples is how many cells are drawn of a block of the usual size; Strength says more.
	Samples  int            `json:"samples"`
	Strength StrengthReport `json:"strength"`
	Data     DataReport     `json:"data"`
	// Profile is full or phone; a phone says in Phone what it checked.
	Profile Profile      `json:"profile"`
	Phone   *PhoneReport `json:"phone,omitempty"`
	// CellsVerified counts the verified cells of the heights of the window.
	CellsVerified int `json:"cells_verified"`
	// MinConfidence is the least of the available heights; 0 if there is none.
	MinConfidence float64 `json:"min_confidence"`
	CellsKept     int64   `json:"cells_kept_bytes"`
	// Received and Sent are the bytes of all connections since the start, packets' headers included.
	Received    int64 `json:"received_bytes"`
	Sent        int64 `json:"sent_bytes"`
	HeightsKept int   `json:"heights_kept"`
	// Namespace tells how far the delivery of the namespace followed has got; nil without one.
	Namespace *NamespaceReport `json:"namespace,omitempty"`
	// Alarm tells why the node cannot do its work, empty if it can.
	Alarm string `json:"alarm,omitempty"`
	// Alarms are the reasons one by one, which Alarm has in one text.
	Alarms    []string `json:"alarms,omitempty"`
	HeadError string   `json:"head_error,omitempty"`
	LinkError string   `json:"link_error,omitempty"`
}

// Status returns what the node is doing.
func (n *Node) Status(context.Context) (*Status, error) {
	low, err := n.heights.lowEdge() // before the summary, which then counts what lies above it
	if err != nil {
		return nil, err
	}
	t := n.heights.summary()
	s := &Status{
		Kind: "light", ChainID: n.config.ChainID, Version: n.config.Version, PeerID: n.host.ID().String(), Listen: n.host.Addresses(),
		Peers: len(n.host.Peers()), StartedAt: n.started.UTC(), Height: t.newest, Witnesses: int(n.chain.witnesses.Load()),
		Heights: HeightsReport{
			Newest: t.newest, Oldest: t.oldest, Pending: t.counts[sampling.Pending], Available: t.counts[sampling.Available],
			Unavailable: t.counts[sampling.Unavailable], Invalid: t.counts[sampling.Invalid],
		},
		CellsVerified: t.cells, Alarm: joinAlarms(n.currentAlarms()), Alarms: n.currentAlarms(),
		HeadError: text(n.headError.Load()), LinkError: text(n.linkError.Load()),
	}
	if t.counts[sampling.Available] > 0 {
		s.MinConfidence = t.minConfidence
	}
	s.CellsKept, s.HeightsKept = n.ring.usage()
	s.Received, s.Sent = n.host.WireBytes()
	s.Namespace = n.following.report()
	s.Trust, s.Warning = n.trustReport()
	s.Profile = n.config.Profile
	s.Strength, s.Data = n.strength.report()
	s.Samples = s.Strength.Drawn
	if n.phone != nil {
		n.phoneStatus(s)
		return s, nil
	}
	head, err := n.heights.get(t.newest)
	if err != nil || head == nil {
		s.Syncing = true
		return s, err
	}
	s.Head = &HeadReport{Height: head.Height, Hash: head.BlockHash[:], Time: head.Time}
	s.Syncing = s.Heights.Pending > 0 || low == nil || n.wantsBelow(low)
	return s, nil
}

func (n *Node) trustReport() (trust, warning string) {
	if c := n.config.Checkpoint; c != nil {
		return fmt.Sprintf("checkpoint: header %v, signed by %s", c.Trust(), n.config.CheckpointSigners.Among(c)), ""
	}
	if n.config.Trust != nil {
		return "header " + n.config.Trust.String(), ""
	}
	anchor, err := readMeta(n.db, metaAnchor)
	if err != nil || anchor == nil {
		return "nothing yet", ""
	}
	trust = "header " + string(anchor)
	if n.config.TrustFirst {
		trust = "first use: " + trust
		warning = "TRUST ON FIRST USE: nobody vouched for the header this node began with; whoever controlled its first peers chose the chain. Compare its hash with a source you trust, or start with --trust."
	}
	return trust, warning
}

func (n *Node) currentAlarms() []string {
	if alarms := n.alarms.Load(); alarms != nil {
		return *alarms
	}
	return nil
}

func text(err *error) string {
	if err == nil {
		return ""
	}
	return (*err).Error()
}

// Availability returns what is known of a height: da.ErrFutureHeight if it is above the
// newest verified header, da.ErrPruned if it is below the sampling window, and
// da.ErrNotFound if the headers down to it are not verified yet.
func (n *Node) Availability(_ context.Context, height uint64) (*AvailabilityReport, error) {
	newest, t := n.newest(), n.heights.summary() // before the look-up, so that what arrives between is no gap
	low, err := n.heights.lowEdge()
	if err != nil {
		return nil, err
	}
	r, err := n.heights.get(height)
	switch {
	case err != nil:
		return nil, err
	case r != nil:
		return n.report(r), nil
	case height > newest:
		return nil, fmt.Errorf("%w: the newest verified height is %d", da.ErrFutureHeight, newest)
	case n.phone != nil:
		return nil, n.phoneMissing(height)
	case height == 0 || low != nil && !n.wantsBelow(low):
		return nil, fmt.Errorf("%w: the sampling window begins at height %d", da.ErrPruned, t.oldest)
	}
	return nil, fmt.Errorf("%w: the headers down to it are still being verified", da.ErrNotFound)
}

func (n *Node) report(r *record) *AvailabilityReport {
	a := &AvailabilityReport{
		Availability: r.Verdict, Hash: r.BlockHash[:], Time: r.Time, Rows: r.K, Coordinates: [][2]int{}, Outcomes: []sampling.Outcome{}, Asked: []sampling.Tally{},
		Header: n.headerReport(r), Statement: r.statement(), Assumption: r.assumption(),
	}
	for _, p := range r.Asked {
		a.Asked = append(a.Asked, sampling.Tally{Peer: n.directory.name(p.Peer), Verified: p.Verified, Refused: p.Refused, TimedOut: p.TimedOut, Garbled: p.Garbled})
	}
	if !r.Checked.IsZero() {
		a.Checked = &r.Checked
	}
	session, err := sampling.DecodeSession(r.Session)
	if err != nil {
		return a
	}
	a.DataRoot, a.Samples = r.DataRoot[:], len(session.Coords())
	for _, c := range session.Coords() {
		a.Coordinates = append(a.Coordinates, [2]int{c.Row, c.Column})
	}
	a.Outcomes = append(a.Outcomes, session.Outcomes()...)
	return a
}
