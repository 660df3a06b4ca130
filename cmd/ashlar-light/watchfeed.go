package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/lightnode"
)

const (
	statusEvery = time.Second
	askAgain    = 2 * time.Second // for the stream of events, once it has ended
	statusWait  = 5 * time.Second // for the node to say what it is doing
	keptReports = 256             // heights that a frame may list
	firstLook   = 24              // heights that are asked for at the start
	keptRates   = 512             // seconds of traffic
	maxEvent    = 1 << 20         // bytes
)

// feed gathers what a running node says. Its methods are safe for concurrent use.
type feed struct {
	query *query
	now   func() time.Time
	news  chan struct{}     // has room for one note that there is something new to show
	tell  func(line string) // is told of news in words; nil: nobody is

	mu       sync.Mutex
	state    view      // guarded by mu, like the rest
	statusAt time.Time // when the status was asked for
	alarm    string    // the last that was told of
	looked   bool      // the newest heights were asked for
}

func newFeed(q *query, now func() time.Time) *feed {
	return &feed{query: q, now: now, news: make(chan struct{}, 1), state: view{api: q.api}}
}

// run asks and listens until the context ends.
func (f *feed) run(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { f.every(ctx, statusEvery, f.askStatus) })
	parts.Go(func() { f.every(ctx, askAgain, f.listen) })
	parts.Wait()
}

// every does something again and again, with a pause between.
func (f *feed) every(ctx context.Context, pause time.Duration, do func(context.Context)) {
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// view returns what is known now.
func (f *feed) view() *view {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.state
	v.now, v.reports, v.rates = f.now(), slices.Clone(f.state.reports), slices.Clone(f.state.rates)
	return &v
}

// change changes what is known, and has it shown.
func (f *feed) change(do func()) {
	f.mu.Lock()
	do()
	f.mu.Unlock()
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *feed) say(format string, values ...any) {
	if f.tell != nil {
		f.tell(fmt.Sprintf(format, values...))
	}
}

// askStatus asks what the node is doing, and about the newest height while that is open.
func (f *feed) askStatus(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	var s lightnode.Status
	asked := f.now()
	err := f.ask(ctx, "/v1/status", &s)
	if err == nil && s.Kind != "light" {
		err = fmt.Errorf("%s is the API of another program, not of a light node", f.query.api)
	}
	if err != nil {
		f.failed(err)
		return
	}
	f.succeeded(&s, asked)
	f.askNewest(ctx, &s)
}

func (f *feed) ask(ctx context.Context, path string, into any) error {
	body, err := f.query.get(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the answer of %s is not a light node's: %w", f.query.api, err)
	}
	return nil
}

func (f *feed) failed(err error) {
	f.mu.Lock()
	before := f.state.problem
	f.mu.Unlock()
	if before == "" {
		f.say("NO ANSWER: %v", err)
	}
	f.change(func() { f.state.problem = err.Error() })
}

// succeeded takes in a status, and what was carried since the last.
func (f *feed) succeeded(s *lightnode.Status, asked time.Time) {
	f.mu.Lock()
	answersAgain, alarm := f.state.problem != "", f.alarm
	f.mu.Unlock()
	if answersAgain {
		f.say("the node answers again")
	}
	switch {
	case s.Alarm != "" && alarm == "":
		f.say("ALARM: %s", s.Alarm)
	case s.Alarm == "" && alarm != "":
		f.say("alarm lifted")
	}
	f.change(func() {
		if last := f.state.status; last != nil && last.StartedAt.Equal(s.StartedAt) && asked.After(f.statusAt) {
			seconds := asked.Sub(f.statusAt).Seconds()
			f.state.rates = append(f.state.rates, rate{float64(s.Received-last.Received) / seconds, float64(s.Sent-last.Sent) / seconds})
			f.state.rates = f.state.rates[max(len(f.state.rates)-keptRates, 0):]
		}
		f.state.status, f.state.problem, f.statusAt, f.alarm = s, "", asked, s.Alarm
	})
}

// askNewest asks about heights whose verdict no event tells: those before the first, and the
// newest while it is open.
func (f *feed) askNewest(ctx context.Context, s *lightnode.Status) {
	f.mu.Lock()
	looked := f.looked
	f.looked = true
	var open []uint64
	for _, r := range f.state.reports[:min(len(f.state.reports), firstLook)] {
		if r.Verdict.String() == pending || r.Verdict.String() == unavailable {
			open = append(open, r.Height)
		}
	}
	f.mu.Unlock()
	if s.Height > 0 {
		open = append(open, s.Height)
	}
	for below := uint64(1); !looked && below < firstLook && below < s.Height; below++ {
		open = append(open, s.Height-below)
	}
	for _, height := range open {
		var r lightnode.AvailabilityReport
		if f.ask(ctx, fmt.Sprintf("/v1/availability/%d", height), &r) == nil {
			f.change(func() { f.state.add(&r) })
		}
	}
}

// add puts a report among those of its neighbours, over an earlier one of its height.
func (v *view) add(r *lightnode.AvailabilityReport) {
	i, known := slices.BinarySearchFunc(v.reports, r.Height, func(old *lightnode.AvailabilityReport, height uint64) int {
		return int(int64(height) - int64(old.Height))
	})
	if known {
		v.reports[i] = r
		return
	}
	v.reports = slices.Insert(v.reports, i, r)
	v.reports = v.reports[:min(len(v.reports), keptReports)]
}

// listen takes in events until the stream ends.
func (f *feed) listen(ctx context.Context) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.query.api+"/v1/events", nil)
	if err != nil {
		return // the status says so
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusOK {
		_ = readEvents(response.Body, f.take) // a stream that ends is asked for again
	}
}

var errEvent = errors.New("an event is no light node's")

// readEvents reads server-sent events until the stream ends or take fails.
func readEvents(in io.Reader, take func(kind string, data []byte) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxEvent)
	kind := ""
	for lines.Scan() {
		line := lines.Text()
		if value, found := strings.CutPrefix(line, "event: "); found {
			kind = value
		}
		if value, found := strings.CutPrefix(line, "data: "); found {
			if err := take(kind, []byte(value)); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// take takes in one event. Kinds it does not know are for others.
func (f *feed) take(kind string, data []byte) error {
	switch kind {
	case lightnode.EventHead:
		var head lightnode.HeadReport
		if err := json.Unmarshal(data, &head); err != nil {
			return fmt.Errorf("%w: %w", errEvent, err)
		}
		f.say("head %d %x of %s", head.Height, []byte(head.Hash), head.Time.UTC().Format(time.RFC3339))
		f.change(func() {
			if s := f.state.status; s != nil && (s.Head == nil || s.Head.Height < head.Height) {
				updated := *s // frames that are being drawn have the other
				updated.Head, updated.Height = &head, head.Height
				f.state.status = &updated
			}
		})
	case lightnode.EventVerdict:
		var r lightnode.AvailabilityReport
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("%w: %w", errEvent, err)
		}
		f.say("%s", lineOf(&r))
		f.change(func() { f.state.add(&r) })
	}
	return nil
}
