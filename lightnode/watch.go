package lightnode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da/store/disk"
	"github.com/ashlar-da/ashlar/sampling"
)

const (
	watchPause = time.Second
	tidyPause  = 10 * time.Minute
	// pageOutPause is how long what the node wrote to files stays in its memory.
	pageOutPause = time.Minute

	// standstill times Config.AlarmAfter is how old the newest block may be before the
	// alarm: the chain stands still, or its head is kept from this node.
	standstill = 10
)

// watch raises and lifts the alarm, and has open heights tried again when somebody new is
// there to ask, or the disk has room again.
func (n *Node) watch(ctx context.Context) error {
	met := make(map[peer.ID]struct{})
	full := false
	for sleep(ctx, watchPause) {
		n.setAlarms(n.judgeAlarms())
		wasFull := full
		full = n.space.Check() != nil
		if n.meet(met) || wasFull && !full {
			n.heights.hurry()
		}
	}
	return nil
}

// meet notes who is connected, and tells whether somebody is for the first time.
func (n *Node) meet(met map[peer.ID]struct{}) (news bool) {
	for _, id := range n.host.Peers() {
		if _, known := met[id]; !known && len(met) < 1<<16 {
			met[id] = struct{}{}
			news = true
		}
	}
	return news
}

// judgeAlarms returns what is wrong, each thing that has a cause of its own.
func (n *Node) judgeAlarms() (alarms []string) {
	now := n.config.Now()
	full := n.space.Check()
	awake, since := n.wakefulness.state()
	switch {
	case n.fatal.Load() != nil:
		return []string{text(n.fatal.Load())}
	case full != nil:
		return []string{fmt.Sprintf("nothing is followed or sampled: %v", full)}
	case !awake, !since.IsZero() && now.Sub(since) < n.config.AlarmAfter: // the data budget has it rest, or did
		return nil
	}
	s := n.heights.summary()
	found := []string{n.judgeContact(now)}
	if found[0] == "" { // who is cut off has no verdicts and no new head either
		found = append(found, n.judgePending(now, s), n.judgeHead(now, s.newest))
	}
	for _, alarm := range append(found, n.following.judgeAlarm(now)) {
		if alarm != "" {
			alarms = append(alarms, alarm)
		}
	}
	return alarms
}

// judgeContact returns why the node is cut off, empty if it is not.
func (n *Node) judgeContact(now time.Time) string {
	contact := time.Unix(0, n.contact.Load())
	switch {
	case now.Sub(contact) <= n.config.AlarmAfter:
		return ""
	case len(n.host.Peers()) == 0:
		return fmt.Sprintf("cut off: no peer is connected, and none has answered since %s%s", contact.UTC().Format(time.RFC3339), n.because())
	}
	return fmt.Sprintf("cut off: none of %d peers has given a header that verifies since %s%s", len(n.host.Peers()), contact.UTC().Format(time.RFC3339), n.because())
}

// judgePending returns which heights have had no verdict for too long, empty if none has.
func (n *Node) judgePending(now time.Time, s summary) string {
	if s.pendingSince.IsZero() || now.Sub(s.pendingSince) <= n.config.AlarmAfter {
		return ""
	}
	return fmt.Sprintf("nobody useful to ask: %d heights are without a verdict, %d since %s%s", s.counts[sampling.Pending], s.pendingHeight, s.pendingSince.UTC().Format(time.RFC3339), n.missing(s.pendingHeight))
}

// because gives the reason why the head could not be advanced last, if there is one.
func (n *Node) because() string {
	if reason := text(n.headError.Load()); reason != "" {
		return ": " + reason
	}
	return ""
}

// missing says what came of asking for a height's cells, nothing if none were asked for.
func (n *Node) missing(height uint64) string {
	r, err := n.heights.get(height)
	if err != nil || r == nil || r.Checked.IsZero() {
		return ""
	}
	v := r.Verdict
	return fmt.Sprintf(": of its %d cells %d came, %d were refused, %d timed out and %d were garbled, when last asked for", v.Samples, v.Verified, v.Refused, v.TimedOut, v.Garbled)
}

// judgeHead returns what is wrong with the newest block, empty if nothing is.
func (n *Node) judgeHead(now time.Time, newest uint64) string {
	head, err := n.heights.get(newest)
	if n.phone != nil {
		return n.judgePhone()
	}
	if err != nil || head == nil || now.Sub(head.Time) <= standstill*n.config.AlarmAfter {
		return ""
	}
	return fmt.Sprintf("the chain stands still, or peers keep its head from this node: the newest block, %d, is of %s", newest, head.Time.UTC().Format(time.RFC3339))
}

// setAlarms makes alarms known when one is raised or lifted, or has another cause.
func (n *Node) setAlarms(alarms []string) {
	before := n.alarms.Swap(&alarms)
	var was []string
	if before != nil {
		was = *before
	}
	if slices.EqualFunc(was, alarms, func(a, b string) bool { return cause(a) == cause(b) }) {
		return
	}
	for _, alarm := range alarms {
		if !slices.ContainsFunc(was, func(other string) bool { return cause(other) == cause(alarm) }) {
			n.metrics.alarms.Inc()
			n.config.Log.Error("alarm", "reason", alarm)
		}
	}
	if len(alarms) == 0 {
		n.config.Log.Info("alarm lifted")
	}
	n.events.publish(EventAlarm, &AlarmReport{Alarm: joinAlarms(alarms), Alarms: alarms, Time: n.config.Now().UTC()})
}

// joinAlarms returns all alarms as one text, empty if there is none.
func joinAlarms(alarms []string) string { return strings.Join(alarms, "; besides, ") }

// cause is what an alarm's text begins with; counts and times follow.
func cause(alarm string) string {
	head, _, _ := strings.Cut(alarm, ":")
	return head
}

// tidy drops what the sampling window has left behind, and gives its space back.
func (n *Node) tidy(ctx context.Context) error {
	for {
		err := n.tidyOnce()
		if err != nil && !errors.Is(err, disk.ErrFull) { // deleting writes too: it waits for room like the rest
			return err
		}
		if !sleep(ctx, tidyPause) {
			return nil
		}
	}
}

func (n *Node) tidyOnce() error {
	newest := n.heights.summary().newest
	start := n.windowStart()
	if err := n.forget(func(r *record) bool { return r.Height < newest && r.Time.Before(start) }); err != nil {
		return err
	}
	return collectGarbage(n.db)
}

// pageOut gives back the memory that holds the database's files. They are all mapped, and of 18 days there
// are 100 MB of them, of which hardly any are read again.
func (n *Node) pageOut(ctx context.Context) error {
	for sleep(ctx, pageOutPause) {
		if err := disk.PageOut(n.config.Home); err != nil {
			n.config.Log.Warn("the memory of mapped files is not given back", "error", err)
			return nil
		}
	}
	return nil
}
