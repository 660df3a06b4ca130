// Package mobile is a light node of the phone profile for apps, by way of gomobile: its
// exported API has only what gomobile binds to Java, Kotlin, Objective-C and Swift.
//
// An app makes a [Config] and a [Node] of it, and then either lets the node wake by itself
// ([Node.Start]), while the system lets the app run, or wakes it when the system grants some
// seconds in the background ([Node.SampleOnce]). It names the heights that matter to it
// ([Node.NameHeight]) and learns what came of them from [Node.Availability] or a [Listener].
//
// No panic crosses into the app: it comes out as an error.
package mobile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/ashlar-da/ashlar/lightnode"
)

// Config is what a node is made of.
type Config struct {
	config lightnode.Config
}

// NewConfig begins a Config: the folder of the node's files, which the app owns, and the
// chain's name.
func NewConfig(home, chainID string) *Config {
	return &Config{config: lightnode.Config{
		Home: home, ChainID: chainID, Profile: lightnode.ProfilePhone, Log: slog.New(slog.DiscardHandler),
	}}
}

// AddPeer adds the multiaddress of a full node, /p2p/ID included. A node asks those it is
// given and no others; name several, of operators that have nothing to do with each other.
func (c *Config) AddPeer(address string) { c.config.Peers = append(c.config.Peers, address) }

// SetTrust sets the header to begin with, HEIGHT:HASH, from somewhere the app trusts.
func (c *Config) SetTrust(header string) error {
	trust, err := lightnode.ParseTrust(header)
	if err == nil {
		c.config.Trust = &trust
	}
	return err
}

// SetConfidence sets what the samples of each block are to establish, such as "0.9999".
func (c *Config) SetConfidence(confidence string) { c.config.Confidence = confidence }

// SetDataBudget sets the most to receive and send in any 24 hours, such as "50MB/day", which
// it is unless set.
func (c *Config) SetDataBudget(budget string) error { return c.config.DataBudget.Set(budget) }

// Listener is told of what happens, one call at a time, and must not keep the caller waiting.
type Listener interface {
	// OnHead is told of a newly verified block; the hash is in hex.
	OnHead(height int64, hash string)
	// OnVerdict is told of a verdict: available, unavailable, invalid or pending.
	OnVerdict(height int64, verdict string, confidence float64)
	// OnAlarm is told why the node cannot do its work, once for each reason.
	OnAlarm(reason string)
}

// Report says what a wake came to.
type Report struct {
	// Head is the newest verified height.
	Head int64
	// Bytes is what was received and sent, Millis how long it took.
	Bytes, Millis int64
	// Available, Unavailable and Invalid are verdicts reached; Pending heights were worked on
	// without one, and Waiting ones wait for a later wake.
	Available, Unavailable, Invalid, Pending, Waiting int
	// Passed is how many heights there have been since the node began, and Checked how many of
	// them got a verdict.
	Passed, Checked int64
	// Ended says what ended the wake: done, bytes, time, no_peer or no_head.
	Ended string
}

// Share returns the share of the heights that were checked, from 0 to 1.
func (r *Report) Share() float64 {
	if r.Passed == 0 {
		return 0
	}
	return float64(r.Checked) / float64(r.Passed)
}

// Node is a light node. Its methods may be called from any thread.
type Node struct {
	node     *lightnode.Node
	lifetime context.Context // ended by Stop
	cancel   context.CancelFunc

	mu      sync.Mutex
	started bool // guarded by mu, like stopped
	stopped bool
	running sync.WaitGroup // calls and goroutines that Stop waits for; added to under mu

	listening sync.Mutex // held during a call of the listener
	listener  Listener
	alarm     string // told last; guarded by listening
}

// errStopped means that the node was stopped; make another.
var errStopped = errors.New("mobile: the node is stopped")

// NewNode opens a node; it connects to nobody yet. The listener may be null. Whoever calls
// it calls Stop in the end. A folder takes one node at a time.
func NewNode(config *Config, listener Listener) (node *Node, err error) {
	defer catch(&err)
	if config == nil {
		return nil, errors.New("mobile: no Config")
	}
	lifetime, cancel := context.WithCancel(context.Background())
	n := &Node{lifetime: lifetime, cancel: cancel, listener: listener}
	if n.node, err = lightnode.New(lifetime, config.config); err != nil {
		cancel()
		return nil, err
	}
	if listener != nil {
		n.running.Go(n.listen)
	}
	return n, nil
}

// catch turns a panic into an error.
func catch(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("mobile: internal error: %v", cause)
	}
}

// enter counts a call in, unless the node is stopped.
func (n *Node) enter() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return errStopped
	}
	n.running.Add(1)
	return nil
}

// Start has the node wake every 15 minutes, and soon after a height is named, until Stop.
// More than once is the same as once.
func (n *Node) Start() (err error) {
	defer catch(&err)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return errStopped
	}
	if n.started {
		return nil
	}
	n.started = true
	n.running.Go(func() {
		if err := n.run(); err != nil {
			n.tellAlarm(err.Error())
		}
	})
	return nil
}

func (n *Node) run() (err error) {
	defer catch(&err)
	return n.node.Run(n.lifetime)
}

// Stop ends everything and waits for it; the node is of no more use then. More than once is
// the same as once. It must not be called from within the listener.
func (n *Node) Stop() (err error) {
	defer catch(&err)
	n.mu.Lock()
	n.stopped = true
	n.mu.Unlock()
	n.cancel()
	n.running.Wait()
	return n.node.Close()
}

// SampleOnce wakes for at most 25 seconds and so many bytes, all told, 0 for as many as the
// data budget has left, and returns what came of it. A budget that is too small for a wake
// is no error: the Report's Ended says bytes then.
func (n *Node) SampleOnce(budgetBytes int64) (report *Report, err error) {
	defer catch(&err)
	if err := n.enter(); err != nil {
		return nil, err
	}
	defer n.running.Done()
	if budgetBytes < 0 {
		return nil, fmt.Errorf("mobile: a budget of %d bytes", budgetBytes)
	}
	wake, err := n.node.Wake(n.lifetime, budgetBytes)
	if err != nil {
		return nil, err
	}
	status, err := n.node.Status(n.lifetime)
	if err != nil {
		return nil, err
	}
	n.tellAlarm(status.Alarm)
	return &Report{
		Head: int64(wake.Head), Bytes: wake.Bytes(), Millis: int64(1000 * wake.Seconds),
		Available: wake.Available, Unavailable: wake.Unavailable, Invalid: wake.Invalid, Pending: wake.Pending, Waiting: wake.Waiting,
		Passed: int64(status.Phone.Passed), Checked: int64(status.Phone.Checked), Ended: wake.Ended,
	}, nil
}

// NameHeight has a height sampled at full strength at the next wake.
func (n *Node) NameHeight(height int64) (err error) {
	defer catch(&err)
	if err := n.enter(); err != nil {
		return err
	}
	defer n.running.Done()
	if height < 1 {
		return fmt.Errorf("mobile: height %d: want 1 or more", height)
	}
	return n.node.Name(n.lifetime, uint64(height))
}

// Set changes the number of samples (a number, or auto), the confidence they are to
// establish or the data budget; empty texts leave as it is.
func (n *Node) Set(samples, confidence, dataBudget string) (err error) {
	defer catch(&err)
	if err := n.enter(); err != nil {
		return err
	}
	defer n.running.Done()
	change, err := lightnode.ParseChange(samples, confidence, dataBudget)
	if err != nil {
		return err
	}
	_, err = n.node.Change(n.lifetime, change)
	return err
}

// Status returns what the node is doing, as the HTTP API has it under /v1/status.
func (n *Node) Status() (text string, err error) {
	defer catch(&err)
	if err := n.enter(); err != nil {
		return "", err
	}
	defer n.running.Done()
	status, err := n.node.Status(n.lifetime)
	return encode(status, err)
}

// Availability returns what is known of a height, as the HTTP API has it under
// /v1/availability; an error says why there is nothing.
func (n *Node) Availability(height int64) (text string, err error) {
	defer catch(&err)
	if err := n.enter(); err != nil {
		return "", err
	}
	defer n.running.Done()
	report, err := n.node.Availability(n.lifetime, uint64(max(height, 0)))
	return encode(report, err)
}

func encode(value any, err error) (string, error) {
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(value)
	return string(text), err
}
