package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
	"github.com/ashlar-da/ashlar/testnet/load"
)

// sweepSettings is what a sweep is made of.
type sweepSettings struct {
	// from is the first load, in 10⁶ bytes of square a second; each is factor times the one before.
	from, factor float64
	step         time.Duration
	rows         int
	accounts     int
}

func (s *sweepSettings) flags(flags *flag.FlagSet) {
	flags.Float64Var(&s.from, "sweep-from", 0.75, "first load of a sweep, in MB of square a second")
	flags.Float64Var(&s.factor, "sweep-factor", 1.25, "how much more each load of a sweep is than the one before")
	flags.DurationVar(&s.step, "sweep-step", time.Minute, "how long a sweep offers each load")
	flags.IntVar(&s.rows, "sweep-rows", 128, "rows that a square holds in a sweep")
	flags.IntVar(&s.accounts, "sweep-accounts", 8, "how many submit in a sweep")
}

// What a load of a sweep has to keep to count as sustained.
const (
	sweptWithin3 = 0.99 // share of all blobs that are final within three blocks
	sweptInTime  = 0.9  // share of what is offered that blocks take as it comes
	maxSteps     = 24
)

// sweepReport is what sweep.json holds.
type sweepReport struct {
	Headline string `json:"headline"`
	// Sustained is the number of the last step that kept its bounds, −1 if none did.
	Sustained int             `json:"sustained_step"`
	Broke     string          `json:"then"`
	Steps     []step          `json:"steps"`
	Network   shape           `json:"network"`
	MaxRows   int             `json:"max_rows"`
	Machine   testnet.Machine `json:"machine"`
}

// step is one load of a sweep.
type step struct {
	phase
	// Broken names the bound that was not kept, empty if all were.
	Broken string `json:"broken,omitempty"`
	// PerBlock is what one validator's time from block to block goes to, in seconds.
	PerBlock account `json:"seconds_per_block"`
	// CheckTx is how long one transaction holds ABCI's mutex to be checked, and Verify its KZG, in
	// seconds.
	CheckTx float64 `json:"mutex_seconds_per_tx"`
	Verify  float64 `json:"verify_seconds_per_tx"`
	// Profile is where that validator's processor time went, in shares.
	Profile map[string]float64 `json:"cpu_profile"`
}

// runSweep raises the load until a bound breaks.
func runSweep(ctx context.Context, s settings) error {
	s.rows = s.sweep.rows
	r := &run{network: newNetwork(s), readBack: map[int]bool{}}
	r.Progress.Print(sweepIntroduction)
	defer func() { r.stop() }()
	out := &sweepReport{Sustained: -1, Network: s.shape(), MaxRows: s.rows, Machine: r.Report.Machine}
	err := r.sweepAll(ctx, out)
	out.Headline = out.headline()
	path := filepath.Join(s.out, "sweep.json")
	err = errors.Join(err, write(path, out))
	r.Progress.Print(sweepSummary(out, path))
	return err
}

// sweepAll takes step after step.
func (r *run) sweepAll(ctx context.Context, out *sweepReport) error {
	if err := r.prove(); err != nil {
		return err
	}
	who := []submitters{{name: "sweep", accounts: r.sweep.accounts, share: 1, patience: 1}}
	ctx, err := r.start(ctx, accounts(who...)...)
	if err != nil {
		return err
	}
	r.Progress.Phase("Raise the load until a bound breaks")
	for rate := r.sweep.from; len(out.Steps) < maxSteps && out.Broke == ""; rate *= r.sweep.factor {
		s, err := r.sweepStep(ctx, len(out.Steps), rate*1e6, who)
		if err != nil {
			return err
		}
		out.Steps = append(out.Steps, s)
		if out.Broke = s.Broken; s.Broken == "" {
			out.Sustained = len(out.Steps) - 1
		}
		r.Progress.Say("%s", s.line())
	}
	return nil
}

// sweepStep offers one load and sees what becomes of it.
func (r *run) sweepStep(ctx context.Context, number int, rate float64, who []submitters) (step, error) {
	// The groups' shares are of a capacity: let that be the load.
	r.interval = time.Duration(float64(r.market.MaxGas) / rate * float64(time.Second))
	observed := r.Network.FullNodes[1]
	before, err := observed.Timings(ctx)
	if err != nil {
		return step{}, err
	}
	profile := filepath.Join(r.out, fmt.Sprintf("step-%02d.pprof", number+1))
	profiled := make(chan error, 1)
	go func() { profiled <- observed.Profile(ctx, int(max(r.sweep.step.Seconds()/2, 1)), profile) }()
	records, err := r.offer(ctx, fmt.Sprintf("%.2f MB/s", rate/1e6), r.sweep.step, who)
	if err := errors.Join(err, <-profiled); err != nil {
		return step{}, err
	}
	r.closeClients()
	after, err := observed.Timings(ctx)
	if err != nil {
		return step{}, err
	}
	timings := after.Since(before)
	s := step{
		phase: r.phase(len(r.spans) - 1), PerBlock: accountFor(timings),
	}
	if checked := timings["held reserve"].Count; checked > 0 {
		s.CheckTx = (timings["held reserve"].Seconds + timings["held check_tx"].Seconds) / checked
		s.Verify = timings["verify"].Seconds / checked
	}
	stored, err := observed.Stored()
	if err != nil {
		return step{}, err
	}
	from, to := r.heights(s.Name)
	s.PerBlock.Store = storing(stored, from, to)
	s.Broken = s.broken(load.Summarize(records, r.blocks, nil))
	s.Profile, err = profileShares(ctx, profile)
	return s, err
}

// broken names the first bound that a step did not keep.
func (s *step) broken(all load.Summary) string {
	switch inTime := s.Chain.MBPerSecond / s.OfferedMB; {
	case all.Final < all.Submitted:
		return fmt.Sprintf("%d of %d blobs are not final%s", all.Submitted-all.Final, all.Submitted, causes(all.Failed))
	case all.Within3 < sweptWithin3:
		return fmt.Sprintf("%.1f %% of the blobs are final within 3 blocks, %.0f %% have to be", 100*all.Within3, 100*sweptWithin3)
	case inTime < sweptInTime:
		return fmt.Sprintf("blocks take %.0f %% of what is offered as it comes, %.0f %% have to be", 100*inTime, 100*sweptInTime)
	}
	return ""
}

// line sums a step up.
func (s *step) line() string {
	text := fmt.Sprintf("%s offered: %.2f in blocks, %.2f of blobs; a block of %.0f rows in %.2f s (%s); final in %.1f s, 99 %% in %.1f s and %g blocks",
		s.Name, s.Chain.MBPerSecond, s.MBPerSecond, s.Chain.Rows.P50, s.Chain.Interval.P50, s.PerBlock, s.All.Seconds.P50, s.All.Seconds.P99, s.All.Blocks.P99)
	if s.Broken != "" {
		text += "; BROKEN: " + s.Broken
	}
	return text
}

// headline says what was sustained.
func (r *sweepReport) headline() string {
	if r.Sustained < 0 {
		return fmt.Sprintf("%d validators on %d cores, %s: not even the first load was sustained", r.Network.Validators, r.Machine.Cores, r.Network.Link)
	}
	s := r.Steps[r.Sustained]
	return fmt.Sprintf("%d validators on %d cores, %s: %.2f MB/s of blobs sustained (%.2f MB/s of square), final in %.1f s (median) and %.1f s (99 %%)",
		r.Network.Validators, r.Machine.Cores, r.Network.Link, s.MBPerSecond, s.Chain.MBPerSecond, s.All.Seconds.P50, s.All.Seconds.P99)
}

const sweepIntroduction = `
Ashlar under more and more load, until blobs take more than three blocks, fail, or pile up.
`

// sweepSummary is what a reader takes away.
func sweepSummary(r *sweepReport, path string) string {
	text := "\n" + r.Headline + "\n"
	if r.Broke != "" {
		text += "At the load after that: " + r.Broke + ".\n"
	}
	if r.Sustained >= 0 {
		s := r.Steps[r.Sustained]
		text += fmt.Sprintf("There, %s.\nA block's time: %s. A transaction holds the mutex for %.1f ms, and is verified in %.1f ms. Processor time of a validator: %s.\n",
			cores(s.CPU), s.PerBlock, 1000*s.CheckTx, 1000*s.Verify, shares(s.Profile))
	}
	return text + "Report: " + testnet.Relative(path) + "\n\n"
}
