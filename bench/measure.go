package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// operation is one row of the table: the same work done by ours and by a peer.
type operation struct {
	op      string
	label   string // engine: the same algorithm, done faster; algorithm: less work
	name    string // of the peer
	atLeast float64
	aim     float64
	ours    func() error
	peer    func() error
}

// effort says how often an operation is repeated: at least so many pairs of runs, and more up to a bound while less than
// a time was spent; of what is slow, fewer once twenty times that was spent.
type effort struct {
	least, slow, most int
	time              time.Duration
	clock             int32 // of clock_gettime
}

var (
	thorough = effort{least: 5, slow: 3, most: 51, time: 2 * time.Second, clock: unix.CLOCK_MONOTONIC}
	cursory  = effort{least: 1, slow: 1, most: 5, time: time.Second / 2, clock: unix.CLOCK_MONOTONIC}
)

func (e effort) again(pairs int, spent time.Duration) bool {
	if spent > 20*e.time {
		return pairs < e.slow
	}
	return pairs < e.least || pairs < e.most && spent < e.time
}

// figure is what was measured of an operation.
type figure struct {
	Op      string  `json:"op"`
	OursNS  int64   `json:"ours_ns"`
	Peer    string  `json:"peer"`
	PeerNS  int64   `json:"peer_ns"`
	Ratio   float64 `json:"ratio"`
	AtLeast float64 `json:"at_least"`
	Aim     float64 `json:"aim"`
	Label   string  `json:"label"`
	N       int     `json:"n"`
}

// measure runs ours, the peer, ours, the peer and so on, so that a change of the machine's speed meets both, and takes
// the median of each. Where that is cheap a first pair goes unmeasured.
func (e effort) measure(o operation) (figure, error) {
	var ours, peer []time.Duration
	started := time.Now()
	for e.again(len(ours), time.Since(started)) {
		a, err := e.timed(o.ours)
		if err != nil {
			return figure{}, fmt.Errorf("ours: %w", err)
		}
		b, err := e.timed(o.peer)
		if err != nil {
			return figure{}, fmt.Errorf("%s: %w", o.name, err)
		}
		if ours == nil && a+b < e.time/4 {
			ours, peer = []time.Duration{}, []time.Duration{}
			continue
		}
		ours, peer = append(ours, a), append(peer, b)
	}
	m := figure{Op: o.op, Peer: o.name, AtLeast: o.atLeast, Aim: o.aim, Label: o.label, N: len(ours)}
	m.OursNS, m.PeerNS = median(ours).Nanoseconds(), median(peer).Nanoseconds()
	m.Ratio = float64(m.PeerNS) / float64(m.OursNS)
	return m, nil
}

// timed measures f alone: what earlier runs left to collect is collected before.
func (e effort) timed(f func() error) (time.Duration, error) {
	runtime.GC()
	started, err1 := at(e.clock)
	err := f()
	ended, err2 := at(e.clock)
	return ended - started, errors.Join(err, err1, err2)
}

// at reads a clock.
func at(clock int32) (time.Duration, error) {
	var now unix.Timespec
	err := unix.ClockGettime(clock, &now)
	return time.Duration(now.Nano()), err
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
