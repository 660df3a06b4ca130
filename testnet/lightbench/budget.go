package lightbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet"
)

// Setting is what a light node is told while it runs.
type Setting struct {
	// Budget is in bytes a day, 0 for none; Confidence is empty for what the budget buys.
	Budget     lightnode.DataBudget `json:"data_budget_per_day"`
	Confidence string               `json:"confidence,omitempty"`
}

func (s Setting) query() string {
	q := url.Values{"data_budget": {s.Budget.String()}}
	if s.Confidence != "" {
		q.Set("confidence", s.Confidence)
	}
	return q.Encode()
}

// growth returns by how much credit grows in a second: a day's growth is the budget less an hour's, as
// much as may be saved up.
func (s Setting) growth() float64 { return float64(s.Budget) * 23 / 24 / (24 * time.Hour).Seconds() }

// BudgetPhase is what a light node took under one setting.
type BudgetPhase struct {
	Setting
	Seconds float64 `json:"seconds"`
	// Bytes were received and sent, by the interface; Own by the node's count, from a moment later on.
	Bytes uint64 `json:"bytes"`
	Own   int64  `json:"own_bytes"`
	// Credit is what could be spent in the beginning, Allowed that and what grew since; 0 without a budget.
	Credit  int64   `json:"credit"`
	Allowed float64 `json:"allowed_bytes"`
	// Rested is for how long the node was disconnected, for want of credit.
	Rested float64 `json:"rested_seconds"`
	// Told is what the node says it is set to; Drawn how many cells it means to draw of a block, which
	// establishes Reached.
	Told    Setting `json:"told"`
	Drawn   int     `json:"drawn"`
	Reached string  `json:"reached_confidence"`
	// Judged is the newest of the heights of this phase that got a verdict, Samples its cells; 0 if none did.
	Judged  uint64 `json:"judged"`
	Samples int    `json:"samples"`
}

// underWay is what may be on its way when credit ends: that is owed, and earned first.
const underWay = 256 << 10

// soon is the time, in seconds, after which a node without a budget has judged some height: five come at a time.
const soon = 75

// failure returns what is wrong with a phase, empty if nothing is.
func (p *BudgetPhase) failure() string {
	switch {
	case p.Told != p.Setting:
		return fmt.Sprintf("was told %+v, and says it is set to %+v", p.Setting, p.Told)
	case p.Budget > 0 && float64(p.Bytes) > p.Allowed+underWay:
		return fmt.Sprintf("%d bytes in %.0f s, at most %.0f", p.Bytes, p.Seconds, p.Allowed+underWay)
	case p.Confidence != "" && p.Judged == 0 && p.Seconds >= soon:
		return "no height was judged"
	case p.Confidence != "" && p.Judged > 0 && p.Samples != p.Drawn:
		return fmt.Sprintf("height %d has %d samples, of %d that %s takes", p.Judged, p.Samples, p.Drawn, p.Confidence)
	}
	return ""
}

// BudgetResult is what a light node of the full profile took whose settings changed while it ran.
type BudgetResult struct {
	K       int           `json:"k"`
	Counted string        `json:"bytes_counted_by"`
	Phases  []BudgetPhase `json:"phases"`
}

// Failures returns why it did not do as it was told, empty if it did.
func (b *BudgetResult) Failures() (failures []string) {
	for i := range b.Phases {
		if failure := b.Phases[i].failure(); failure != "" {
			failures = append(failures, fmt.Sprintf("data budget %v: %s", b.Phases[i].Budget, failure))
		}
	}
	return failures
}

// Print writes what a terminal shows.
func (b *BudgetResult) Print(out io.Writer) {
	_, _ = fmt.Fprintf(out, "\nsettings changed while it ran, k = %d\n", b.K)
	for i := range b.Phases {
		p := &b.Phases[i]
		allowed := "any"
		if p.Budget > 0 {
			allowed = fmt.Sprintf("%.2f MB", p.Allowed/1e6)
		}
		_, _ = fmt.Fprintf(out, "  data budget %v, confidence %q: %.2f MB in %.0f s, by its own count %.2f, allowed %s; rested %.0f s; %d samples of height %d, which are to establish %s\n",
			p.Budget, p.Confidence, float64(p.Bytes)/1e6, p.Seconds, float64(p.Own)/1e6, allowed, p.Rested, p.Samples, p.Judged, p.Reached)
	}
}

// MeasureBudget runs a light node under one setting after another, for the run's duration in all, and
// says what it took. It closes the run.
func (r *Run) MeasureBudget(ctx context.Context, settings ...Setting) (*BudgetResult, error) {
	defer r.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	path, args := r.command("--data-budget", settings[0].Budget.String())
	r.light = testnet.NewProcess("budget", r.config.Dir, path, args, func(err error) { cancel(err) })
	if err := r.light.Start(); err != nil {
		return nil, err
	}
	r.meter = &meter{network: r.network, api: fmt.Sprintf("http://%s:%d", r.network.API, apiPort)}
	b := &budgeted{run: r, each: r.config.Duration / time.Duration(len(settings))}
	out := &BudgetResult{K: r.config.Generate.K, Counted: r.network.Counted}
	for i, setting := range settings {
		phase, err := b.phase(ctx, setting, i == 0)
		if err != nil {
			return nil, fmt.Errorf("%w; its log is %s", err, r.light.Log())
		}
		out.Phases = append(out.Phases, *phase)
	}
	return out, nil
}

// budgeted is a light node whose settings change.
type budgeted struct {
	run  *Run
	each time.Duration // how long a setting holds
}

// phase has a setting hold for a while. The first is that of the node's start, whose credit is half of an hour's
// worth; its counters are at 0.
func (b *budgeted) phase(ctx context.Context, setting Setting, first bool) (*BudgetPhase, error) {
	p := &BudgetPhase{Setting: setting, Credit: int64(setting.Budget / 48)}
	began, before := time.Now(), uint64(0)
	var status lightnode.Status
	if !first {
		var err error
		if before, err = b.bytes(ctx); err != nil {
			return nil, err
		}
		if err := b.set(ctx, setting); err != nil {
			return nil, err
		}
		if status, err = b.run.status(ctx); err != nil {
			return nil, err
		}
		p.Credit = max(status.Data.Credit, 0)
	}
	own := status.Data.UsedToday
	status, err := b.wait(ctx, p, began)
	if err != nil {
		return nil, err
	}
	after, err := b.bytes(ctx)
	if err != nil {
		return nil, err
	}
	p.Seconds, p.Bytes, p.Own = time.Since(began).Seconds(), after-before, status.Data.UsedToday-own
	if p.Budget > 0 {
		p.Allowed = float64(p.Credit) + setting.growth()*p.Seconds
	}
	p.Told = Setting{status.Data.Budget, status.Strength.Confidence}
	p.Drawn, p.Reached = status.Strength.Drawn, status.Strength.Reached
	return p, b.newest(ctx, p, status.Height, began)
}

// wait looks at the node once a second until the setting's time is over, and returns the last status.
func (b *budgeted) wait(ctx context.Context, p *BudgetPhase, began time.Time) (status lightnode.Status, err error) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for time.Since(began) < b.each {
		select {
		case <-ctx.Done():
			return status, context.Cause(ctx)
		case <-ticks.C:
		}
		looked, failed := b.run.status(ctx)
		if err = failed; err != nil {
			continue // it is starting
		}
		status = looked
		if status.Data.RestsUntil != nil {
			p.Rested++
		}
	}
	return status, err
}

// newest finds the newest height with a verdict whose block is of this phase.
func (b *budgeted) newest(ctx context.Context, p *BudgetPhase, head uint64, began time.Time) error {
	for height := head; height > 0; height-- {
		var report lightnode.AvailabilityReport
		err := b.run.getJSON(ctx, fmt.Sprintf("/v1/availability/%d", height), &report)
		if err != nil || report.Time.Before(began) {
			return ctx.Err() // none is, or the node skipped to the head after a rest
		}
		if report.Verdict == sampling.Available {
			p.Judged, p.Samples = height, report.Samples
			return nil
		}
	}
	return nil
}

// bytes returns what the interface counted so far; without counters, what the node did.
func (b *budgeted) bytes(ctx context.Context) (uint64, error) {
	received, sent, err := b.run.network.Bytes()
	if !errors.Is(err, errNoCounters) {
		return received + sent, err
	}
	status, err := b.run.status(ctx)
	return uint64(max(status.Received+status.Sent, 0)), err
}

// set changes the node's settings as `ashlar-light set` does.
func (b *budgeted) set(ctx context.Context, setting Setting) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.run.meter.api+"/v1/settings?"+setting.query(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", request.URL, response.Status)
	}
	return nil
}

// status asks the node for its status.
func (r *Run) status(ctx context.Context) (status lightnode.Status, err error) {
	return status, r.getJSON(ctx, "/v1/status", &status)
}

// getJSON reads an answer of the node's API.
func (r *Run) getJSON(ctx context.Context, path string, into any) error {
	body, err := r.meter.get(ctx, path, "")
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(into)
}
