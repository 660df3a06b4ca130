package relay

import (
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Status is what a relay knows and does.
type Status struct {
	Chain    string         `json:"chain"`
	L1       uint64         `json:"l1"`
	Contract common.Address `json:"contract"`
	Account  common.Address `json:"account"`
	// Looked is when the rest was true.
	Looked time.Time `json:"looked"`
	// Head is the newest block of the chain that the contract is on, BaseFee what the next one charges at most, in wei.
	Head    uint64 `json:"head"`
	BaseFee uint64 `json:"base_fee"`
	// Balance is the account's, in ETH, empty if there is no account.
	Balance string `json:"balance"`
	// Epoch is the contract's, Expires when it expires unless it is rotated.
	Epoch   uint64    `json:"epoch"`
	Expired bool      `json:"expired"`
	Expires time.Time `json:"expires"`
	// LastAttest is when a certificate was last posted, as far as that is known.
	LastAttest time.Time `json:"last_attest"`
	// Wants are the tasks that are to be done, Waiting those that were sent and are not settled.
	Wants   []Task `json:"wants"`
	Waiting []Task `json:"waiting"`
	// Covered are the heights asked for that the contract has a certificate for.
	Covered []Cover `json:"covered"`
	// Notices say what is in the way, Troubles what nodes answered that is of no use.
	Notices  []Notice `json:"notices"`
	Troubles []string `json:"troubles"`
	// Error is why the last look failed, empty if it did not.
	Error string `json:"error"`
	// Sent counts the transactions that were sent, those in place of others too; Rotated, Attested and Reverted what
	// became of those that settled; Failures the looks that failed. All since the relay was started.
	Sent, Rotated, Attested, Reverted, Failures uint64 `json:"-"`
	// Paid is what all settled ones cost, in wei.
	Paid *big.Int `json:"-"`
}

// Cover says which certificate in the contract covers a height: its history includes it.
type Cover struct {
	Height      uint64 `json:"height"`
	Certificate uint64 `json:"certificate"`
	// Root is the certificate's history root, which the contract knows it by.
	Root Root `json:"history_root"`
	// Settled tells whether its block has the confirmations wanted.
	Settled bool `json:"settled"`
}

// note counts a settled transaction.
func (s *Status) note(settled *Sighting) {
	switch kind := settled.Included.Task.Kind; {
	case settled.Reverted:
		s.Reverted++
	case kind == Rotate:
		s.Rotated++
	case kind == Attest:
		s.Attested++
	}
	if s.Paid == nil {
		s.Paid = new(big.Int)
	}
	s.Paid = new(big.Int).Add(s.Paid, settled.Paid)
}

func (r *Relay) count(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
}

// Status is what the relay saw last.
func (r *Relay) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// report tells what was seen and decided: in Status, and in the log what was not told before.
func (r *Relay) report(v *View, d *Decision) {
	r.tell(d.Notices)
	var wants, waiting []Task
	if v.Node.Rotation != nil {
		wants = append(wants, *v.Node.Rotation)
	}
	wants = append(wants, v.Node.Asked...)
	for i := range v.Slots {
		waiting = append(waiting, v.Slots[i].last().Task)
	}
	var covered []Cover
	for _, height := range r.cfg.Heights {
		if c, ok := r.covered[height]; ok {
			covered = append(covered, c)
		}
	}
	r.count(func(s *Status) {
		s.Covered = covered
		s.Chain, s.L1, s.Contract, s.Account = r.broker.chainID, r.identity.ChainID, r.cfg.Contract, r.account
		s.Looked, s.Head, s.BaseFee, s.Balance = v.Now, v.Head.Number, v.Head.BaseFee, ""
		if r.cfg.Key != nil {
			s.Balance = inEther(v.Account.Balance)
		}
		s.Epoch, s.Expired, s.Expires, s.LastAttest = v.Contract.Epoch, v.Contract.Expired, v.Contract.Expires, v.LastAttest
		s.Wants, s.Waiting, s.Notices, s.Troubles, s.Error = wants, waiting, d.Notices, r.broker.troubles, ""
	})
}

// tell logs notices, each when it appears.
func (r *Relay) tell(notices []Notice) {
	now := make(map[Subject]bool)
	notices = slices.Clone(notices)
	if len(r.broker.troubles) > 0 {
		notices = append(notices, Notice{Subject: Node, Text: strings.Join(r.broker.troubles, "; ")})
	}
	for _, n := range notices {
		if now[n.Subject] = true; r.told[n.Subject] == n.Text {
			continue
		}
		r.told[n.Subject] = n.Text
		if n.Alarm {
			r.log.Error(n.Text, "about", n.Subject)
			continue
		}
		r.log.Warn(n.Text, "about", n.Subject)
	}
	for subject := range r.told {
		if !now[subject] {
			delete(r.told, subject)
		}
	}
}

// Handler serves GET /metrics and GET /status.
func (r *Relay) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.metrics(), promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(r.Status()) // who does not hear it is gone
	})
	return mux
}

func (r *Relay) metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, value func(*Status) float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "ashlar_relay", Name: name, Help: help}, func() float64 {
			s := r.Status()
			return value(&s)
		}))
	}
	counter := func(name, help string, value func(*Status) float64) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "ashlar_relay", Name: name, Help: help}, func() float64 {
			s := r.Status()
			return value(&s)
		}))
	}
	gauge("contract_epoch", "Epoch whose set the contract has.", func(s *Status) float64 { return float64(s.Epoch) })
	gauge("contract_expires_seconds", "When the contract expires unless it is rotated, in seconds since 1970.", func(s *Status) float64 { return float64(s.Expires.Unix()) })
	gauge("contract_expired", "1 once the contract has expired, else 0.", func(s *Status) float64 { return one(s.Expired) })
	gauge("last_attest_seconds", "When a certificate was last posted, in seconds since 1970.", func(s *Status) float64 { return float64(s.LastAttest.Unix()) })
	gauge("looked_seconds", "When both chains were last looked at, in seconds since 1970.", func(s *Status) float64 { return float64(s.Looked.Unix()) })
	gauge("alarms", "Notices that somebody should act upon.", func(s *Status) float64 { return float64(alarms(s.Notices)) })
	gauge("waiting", "Transactions that are not settled.", func(s *Status) float64 { return float64(len(s.Waiting)) })
	gauge("base_fee_wei", "What the next block charges at most per unit of gas, in wei.", func(s *Status) float64 { return float64(s.BaseFee) })
	counter("sent_total", "Transactions sent, those in place of others too.", func(s *Status) float64 { return float64(s.Sent) })
	counter("rotated_total", "Rotations that settled.", func(s *Status) float64 { return float64(s.Rotated) })
	counter("attested_total", "Certificates that settled.", func(s *Status) float64 { return float64(s.Attested) })
	counter("reverted_total", "Transactions that settled without effect.", func(s *Status) float64 { return float64(s.Reverted) })
	counter("failures_total", "Looks at the chains that failed.", func(s *Status) float64 { return float64(s.Failures) })
	counter("paid_eth_total", "What settled transactions cost, in ETH.", func(s *Status) float64 { return ether(s.Paid) })
	return registry
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func alarms(notices []Notice) (n int) {
	for i := range notices {
		if notices[i].Alarm {
			n++
		}
	}
	return n
}

func ether(wei *big.Int) float64 {
	if wei == nil {
		return 0
	}
	value, _ := new(big.Float).Quo(new(big.Float).SetInt(wei), big.NewFloat(1e18)).Float64()
	return value
}
