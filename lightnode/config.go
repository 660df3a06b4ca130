package lightnode

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// ErrConfig means that a Config, or what the home folder holds, does not make a node. The
// message says what to change.
var ErrConfig = errors.New("lightnode: configuration")

// Defaults of a Config.
const (
	DefaultDeadline       = time.Minute
	DefaultRequestTimeout = 10 * time.Second
	DefaultWindow         = 18 * 24 * time.Hour
	DefaultTrustingPeriod = 13 * 24 * time.Hour
	DefaultUnbonding      = 21 * 24 * time.Hour // as a chain begins with it
	DefaultCellCache      = 512 << 20
	DefaultPoll           = 15 * time.Second
	DefaultCommitEvery    = 5
	DefaultAlarmAfter     = 3 * time.Minute
	DefaultEvidenceWait   = 45 * time.Second
	DefaultWorkers        = 8
	DefaultWitnesses      = 3
	DefaultMinFree        = 256 << 20
)

// Trust is a header to begin with: its height and hash, from somewhere that is trusted.
type Trust struct {
	Height uint64
	Hash   [32]byte
}

// ParseTrust reads "height:hash", the hash in 64 hex digits.
func ParseTrust(s string) (Trust, error) {
	height, digits, found := strings.Cut(s, ":")
	var t Trust
	var err error
	if t.Height, err = strconv.ParseUint(height, 10, 63); err != nil || !found || t.Height == 0 {
		return Trust{}, fmt.Errorf("%w: trust %q: want HEIGHT:HASH, as a node you trust has it under /v1/headers/HEIGHT", ErrConfig, s)
	}
	decoded, err := hex.DecodeString(digits)
	if err != nil || len(decoded) != len(t.Hash) {
		return Trust{}, fmt.Errorf("%w: trust %q: the hash must be 64 hex digits", ErrConfig, s)
	}
	t.Hash = [32]byte(decoded)
	return t, nil
}

// String returns what ParseTrust reads.
func (t Trust) String() string { return fmt.Sprintf("%d:%x", t.Height, t.Hash) }

// Config is what a node is made of. Home, ChainID and Log are required, and Trust or
// TrustFirst at a first start; zero values of the rest mean what their comments say.
type Config struct {
	// Home is the folder of the node's key, database and cells. It is created if missing.
	Home string
	// ChainID names the chain.
	ChainID string
	// Trust is the header to begin with. A node that has begun goes on from what it
	// verified, unless Trust is another than it began with.
	Trust *Trust
	// TrustFirst lets a node without Trust begin with the newest header its first peers
	// agree on. Whoever controls those peers then chooses the chain.
	TrustFirst bool
	// Checkpoint is a header to begin with in the place of Trust, as a file that
	// CheckpointSigners have signed has it.
	Checkpoint        *Checkpoint
	CheckpointSigners Signers
	// TrustingPeriod is how old a verified header may be to vouch for later ones; it must
	// be below two thirds of the chain's unbonding period. 0: 13 days.
	TrustingPeriod time.Duration
	// Unbonding is the chain's unbonding period, which no header tells; a Checkpoint's holds
	// as well. 0: 21 days.
	Unbonding time.Duration
	// Witnesses is the most peers that a header is compared with. 0: 3.
	Witnesses int

	// Profile says how the node goes about it. Empty: full.
	Profile Profile
	// Samples is the number of cells drawn of a block. 0: what Confidence takes, else what
	// DataBudget pays for, else 30.
	Samples int
	// Confidence is what the cells drawn of each block are to establish, a decimal such as
	// 0.9999; not together with Samples. Empty: none.
	Confidence string
	// DataBudget bounds what the node receives and sends. Without Samples and Confidence it
	// decides how many cells are drawn. 0: unbounded, 50 MB a day for a phone.
	DataBudget DataBudget
	// WakeEvery is how often a phone wakes while it runs. 0: 15 minutes.
	WakeEvery time.Duration
	// Deadline is how long a block's cells may take before the verdict can be
	// unavailable. 0: 60 s, 12 s for a phone.
	Deadline time.Duration
	// RequestTimeout bounds one request to a peer. 0: 10 s, 4 s for a phone.
	RequestTimeout time.Duration
	// Window is how far back blocks are sampled. 0: 18 days.
	Window time.Duration
	// CellCache bounds what is kept of sampled cells, in bytes. 0: 512 MiB.
	CellCache int64
	// MinFree is the free disk space, in bytes, below which the node writes nothing: it
	// follows and samples on once there is more. A quarter as much is taken for a reserve,
	// which is given up then. 0: 256 MiB.
	MinFree uint64
	// Workers is how many blocks are sampled at once; a quarter as many again retry
	// those that failed. 0: 8.
	Workers int
	// Poll is how often a peer is asked for its newest header when there is no other news of it. 0: 15 s.
	Poll time.Duration
	// CommitEvery is the number of heights from one that is verified by its commit to the
	// next: those between wait for that, and link to it. A commit is the most of a header's
	// weight. 1 verifies each head as it is announced, within a second; otherwise a node does
	// not listen to announcements, and asks for a head when it is due. 0: 5.
	CommitEvery int
	// AlarmAfter is how long the node may be without news, or a block without a
	// verdict, before the node raises an alarm. 0: 3 minutes, 1 hour for a phone.
	AlarmAfter time.Duration
	// EvidenceWait is how long evidence of an attack is offered to full nodes before the node ends, or rests
	// from it. One can judge what is at the head only once the next block holds the height's commit, so that less
	// than a block interval may be in vain. 0: 45 s.
	EvidenceWait time.Duration

	// Listen are the multiaddresses to serve peers on. None: the node only dials.
	Listen []string
	// Peers are multiaddresses, /p2p/ID included, to stay connected to.
	Peers []string
	// DHT finds more peers by the chain's own table, MDNS on the local network; the
	// latter needs an address in Listen.
	DHT, MDNS bool
	// Transports builds transports beside TCP and QUIC.
	Transports []func(p2p.Parts) (transport.Transport, error)
	// Limits bound what peers can make the node spend.
	Limits p2p.Limits
	// Setup verifies cells; nodes of one process may share it. Nil: one of the node's own.
	Setup *kzg.Setup
	// Follow is the namespace to deliver. Nil: none.
	Follow *Follow
	// API is the TCP address of the HTTP API, such as 127.0.0.1:26690. Empty: none.
	API string
	// Origins are the web origins whose pages may call the API.
	Origins []string
	// Tokens is the path of a token file that guards what changes the node's settings.
	// Empty: whoever reaches the API may change them.
	Tokens string
	// Version is what the status says of the software.
	Version string

	// Metrics registers the node's metrics. Nil: a registry of its own.
	Metrics *prometheus.Registry
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	Log *slog.Logger

	// free replaces the file system's answer in tests.
	free func(dir string) (uint64, error)
	// unsynced leaves to the system when writes reach the disk. They outlast the process all the
	// same, and no test ends more than that; waiting for disks is most of what tests would do.
	unsynced bool
}

// resolve fills in defaults and refuses what makes no node.
func (c Config) resolve() (*Config, error) {
	if c.Home == "" || c.ChainID == "" || c.Log == nil {
		return nil, fmt.Errorf("%w: Home, ChainID and Log are required", ErrConfig)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	if err := c.resolveProfile(); err != nil {
		return nil, err
	}
	if err := errors.Join(c.resolveDurations(), c.resolveNumbers(), c.resolveTrust()); err != nil {
		return nil, err
	}
	return &c, nil
}

func (c *Config) resolveDurations() error {
	durations := []struct {
		name      string
		value     *time.Duration
		otherwise time.Duration
	}{
		{"Deadline", &c.Deadline, DefaultDeadline},
		{"RequestTimeout", &c.RequestTimeout, DefaultRequestTimeout},
		{"Window", &c.Window, DefaultWindow},
		{"TrustingPeriod", &c.TrustingPeriod, DefaultTrustingPeriod},
		{"Unbonding", &c.Unbonding, DefaultUnbonding},
		{"Poll", &c.Poll, DefaultPoll},
		{"AlarmAfter", &c.AlarmAfter, DefaultAlarmAfter},
		{"WakeEvery", &c.WakeEvery, DefaultWakeEvery},
		{"EvidenceWait", &c.EvidenceWait, DefaultEvidenceWait},
	}
	for _, d := range durations {
		if *d.value < 0 {
			return fmt.Errorf("%w: %s is %v; it cannot be negative", ErrConfig, d.name, *d.value)
		}
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	if c.RequestTimeout > c.Deadline {
		c.RequestTimeout = c.Deadline
	}
	if c.RequestTimeout < p2p.MinRequestTimeout {
		return fmt.Errorf("%w: a deadline or request timeout of %v; want at least %v", ErrConfig, c.RequestTimeout, p2p.MinRequestTimeout)
	}
	return nil
}

func (c *Config) resolveNumbers() error {
	numbers := []struct {
		name            string
		value           *int
		otherwise, most int
	}{
		{"Workers", &c.Workers, DefaultWorkers, 256},
		{"Witnesses", &c.Witnesses, DefaultWitnesses, 16},
		{"CommitEvery", &c.CommitEvery, DefaultCommitEvery, 100},
	}
	for _, n := range numbers {
		if *n.value < 0 || *n.value > n.most {
			return fmt.Errorf("%w: %s is %d; want 1 to %d", ErrConfig, n.name, *n.value, n.most)
		}
		if *n.value == 0 {
			*n.value = n.otherwise
		}
	}
	if c.CellCache < 0 {
		return fmt.Errorf("%w: CellCache is %d bytes; it cannot be negative", ErrConfig, c.CellCache)
	}
	if c.CellCache == 0 {
		c.CellCache = DefaultCellCache
	}
	if c.MinFree == 0 {
		c.MinFree = DefaultMinFree
	}
	return nil
}

// listens tells whether the node hears announcements of heads. They come from every full node
// of every block: where one in several is verified, to ask when it is due costs less.
func (c *Config) listens() bool { return c.CommitEvery == 1 }

// resolveTrust verifies the checkpoint, which is the header to begin with then, and holds the
// trusting period against the unbonding period: who has unbonded can sign what he likes.
func (c *Config) resolveTrust() error {
	unbonding := c.Unbonding
	if c.Checkpoint != nil {
		if err := c.CheckpointSigners.Verify(c.Checkpoint, c.ChainID); err != nil {
			return err
		}
		trust := c.Checkpoint.Trust()
		if c.Trust != nil && *c.Trust != trust {
			return fmt.Errorf("%w: header %v is to be trusted and the checkpoint is of %v: give one of them", ErrConfig, c.Trust, trust)
		}
		c.Trust = &trust
		unbonding = min(unbonding, c.Checkpoint.UnbondingPeriod())
	}
	if c.TrustingPeriod >= unbonding*2/3 {
		return fmt.Errorf("%w: a trusting period of %v; it must be below two thirds of the unbonding period, which is %v: validators that have left could sign another chain meanwhile. Give a shorter --trusting-period or, if the chain's is another, its --unbonding", ErrConfig, c.TrustingPeriod, unbonding)
	}
	return nil
}
