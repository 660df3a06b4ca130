package lightbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/testnet"
)

// PhoneResult is what a light node of the phone profile took.
type PhoneResult struct {
	K       int    `json:"k"`
	Counted string `json:"bytes_counted_by"`
	// Wakes are those that were seen to end. Interface is what was counted outside during all of
	// them, in bytes, 0 without a counter, to hold the node's own count against.
	Wakes     []lightnode.WakeReport `json:"wakes"`
	Interface uint64                 `json:"interface_bytes"`
	// Phone is what the node says it checked, of the heights of the run.
	Phone lightnode.PhoneReport `json:"phone"`
}

// Bytes returns the mean of a wake, by the node's own count.
func (p *PhoneResult) Bytes() float64 {
	var sum int64
	for i := range p.Wakes {
		sum += p.Wakes[i].Bytes()
	}
	return float64(sum) / float64(max(len(p.Wakes), 1))
}

// Longest returns the longest wake, in seconds.
func (p *PhoneResult) Longest() (longest float64) {
	for i := range p.Wakes {
		longest = max(longest, p.Wakes[i].Seconds)
	}
	return longest
}

// PerDay returns the bytes of a day of wakes so long apart.
func (p *PhoneResult) PerDay(every time.Duration) float64 {
	return p.Bytes() * (24 * time.Hour).Seconds() / every.Seconds()
}

// Print writes what a terminal shows.
func (p *PhoneResult) Print(out io.Writer) {
	_, _ = fmt.Fprintf(out, "\nphone profile, k = %d: %d wakes, of %.0f KiB each and %.1f s at most; at one in 15 minutes %.1f MB a day; %.1f %% of %d heights checked; counted outside %.0f KiB\n",
		p.K, len(p.Wakes), p.Bytes()/1024, p.Longest(), p.PerDay(lightnode.DefaultWakeEvery)/1e6, 100*p.Phone.Share, p.Phone.Passed, float64(p.Interface)/1024)
}

// MeasurePhone runs a light node of the phone profile for the run's duration, waking so often,
// and says what it took. It closes the run.
func (r *Run) MeasurePhone(ctx context.Context, every time.Duration) (*PhoneResult, error) {
	defer r.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	path, args := r.command("--profile", "phone", "--wake-every", every.String())
	r.light = testnet.NewProcess("phone", r.config.Dir, path, args, func(err error) { cancel(err) })
	if err := r.light.Start(); err != nil {
		return nil, err
	}
	r.meter = &meter{network: r.network, api: fmt.Sprintf("http://%s:%d", r.network.API, apiPort)}
	out := &PhoneResult{K: r.config.Generate.K, Counted: r.network.Counted}
	if err := r.watchPhone(ctx, out); err != nil {
		return nil, err
	}
	if len(out.Wakes) == 0 {
		return nil, fmt.Errorf("the phone ended no wake in %v; its log is %s", r.config.Duration, filepath.Join(r.config.Dir, "phone.log"))
	}
	return out, nil
}

// watchPhone notes the wakes that end within the run's duration.
func (r *Run) watchPhone(ctx context.Context, out *PhoneResult) error {
	bounded, cancel := context.WithTimeout(ctx, r.config.Duration)
	defer cancel()
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-bounded.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return nil
		case <-ticks.C:
		}
		status, err := r.status(bounded)
		if err != nil || status.Phone == nil || status.Phone.Last == nil {
			continue // it is starting, or at its first wake
		}
		last := status.Phone.Last
		if n := len(out.Wakes); n > 0 && out.Wakes[n-1].Began.Equal(last.Began) {
			continue
		}
		out.Wakes, out.Phone = append(out.Wakes, *last), *status.Phone
		received, sent, err := r.network.Bytes()
		if err != nil && !errors.Is(err, errNoCounters) {
			return err
		}
		out.Interface = received + sent
	}
}
