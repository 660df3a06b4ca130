package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
	"github.com/ashlar-da/ashlar/testnet/load"
)

// Names of the phases.
const (
	warmPhase  = "warm-up"
	halfPhase  = "half of capacity"
	twicePhase = "twice the capacity"
)

// run is the scenario and what its parts hand on.
type run struct {
	network
	interval time.Duration // from block to block, as measured
	records  []load.Record
	blocks   []load.Block
	spans    []load.Span
	cpu      []map[string]float64 // cores used, for each of spans
	memory   []uint64             // the most a full node has had, in bytes, by the end of each of spans
	graded   []graded             // estimates of fees, for each of spans
	marks    []load.Mark
	readBack map[int]bool
	unmet    []error
}

// runLoad plays the scenario and reports it whatever became of it.
func runLoad(ctx context.Context, s settings) error {
	r := &run{network: newNetwork(s), readBack: map[int]bool{}}
	r.Progress.Print(introduction)
	played := r.play(ctx)
	err := errors.Join(append([]error{played}, r.unmet...)...)
	report := r.report(err)
	r.stop()
	path := filepath.Join(s.out, "report.json")
	written := write(path, report)
	if len(r.spans) > 0 { // else there is nothing to draw
		written = errors.Join(written, os.WriteFile(filepath.Join(s.out, "report.svg"), []byte(r.plot(report).SVG()), 0o644))
	}
	r.Progress.Print(summary(report, path, filepath.Join(s.out, "report.svg")))
	return errors.Join(err, written)
}

// play runs the parts in order.
func (r *run) play(ctx context.Context) error {
	if err := r.prove(); err != nil {
		return err
	}
	ctx, err := r.start(ctx, accounts(slices.Concat(warmLoad(), halfLoad(), twiceLoad())...)...)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		play func(context.Context) error
	}{
		{fmt.Sprintf("Measure the time from block to block at half of the governed capacity, for %s", r.warm), r.measure},
		{fmt.Sprintf("Offer half of capacity for %s, by one submitter", r.half), r.offerHalf},
		{fmt.Sprintf("Offer twice the capacity for %s, and kill a validator meanwhile", r.twice), r.offerTwice},
		{"Look for what was given up, and read every final blob back from another node", r.settle},
		{"Hold every block's base fee against the formula", r.checkPrice},
		{"Let light nodes find every block available", r.checkLights},
	} {
		if err := r.Phase(ctx, part.name, part.play); err != nil {
			return err
		}
	}
	return nil
}

// warmLoad is what the time from block to block is measured under.
func warmLoad() []submitters {
	return []submitters{{name: warmPhase, accounts: 1, share: 0.5, patience: 1}}
}

// accounts names the accounts of all submitters.
func accounts(all ...submitters) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.names()...)
	}
	return names
}

// bound records whether a bound was kept, and goes on.
func (r *run) bound(met bool, expect, format string, args ...any) {
	if err := r.Expect(met, expect, format, args...); err != nil {
		r.Progress.Say("✗ %s: %s", expect, fmt.Sprintf(format, args...))
		r.unmet = append(r.unmet, err)
	}
}

// offer has groups submit for a while and returns what became of it.
func (r *run) offer(ctx context.Context, phase string, duration time.Duration, who []submitters) ([]load.Record, error) {
	capacity := r.market.Capacity(r.interval)
	var groups []load.Group
	offered := 0.0
	for _, s := range who {
		group, err := r.group(ctx, s, s.share*capacity)
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
		offered += group.Rate
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go r.watch(watching)
	estimates, err := r.estimates(ctx)
	if err != nil {
		return nil, err
	}
	start, before := time.Now(), r.Network.Usage()
	records := r.generator.Offer(ctx, phase, duration, groups)
	usage := r.Network.Usage()
	r.cpu, r.memory = append(r.cpu, used(before, usage, time.Since(start))), append(r.memory, r.mostMemory(usage))
	r.spans = append(r.spans, load.Span{Name: phase, From: start, To: start.Add(duration), Offered: offered})
	r.records = append(r.records, records...)
	after, err := r.estimates(ctx)
	r.graded = append(r.graded, estimates.until(after))
	return records, errors.Join(ctx.Err(), err, r.look(ctx))
}

// used is how many processors each process used between two looks.
func used(before, after map[string]testnet.Usage, took time.Duration) map[string]float64 {
	cores := map[string]float64{}
	for name, usage := range after {
		cores[name] = math.Round(100*(usage.CPU-before[name].CPU)/took.Seconds()) / 100
	}
	return cores
}

// mostMemory returns the most memory that a full node has had, in bytes.
func (r *run) mostMemory(usage map[string]testnet.Usage) uint64 {
	var most uint64
	for _, node := range r.Network.FullNodes {
		most = max(most, usage[node.Name].PeakMemory)
	}
	return most
}

// watch shows how far the load is, until ctx ends.
func (r *run) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		submitted, final, failed := r.generator.Count()
		if status, err := r.reader(0).Status(ctx); err == nil {
			r.Progress.Note("height %d: %d blobs submitted, %d final, %d failed", status.Height, submitted, final, failed)
		}
	}
}

// look reads the blocks made since the last look.
func (r *run) look(ctx context.Context) error {
	node := r.reader(0)
	head, err := node.Head(ctx)
	if err != nil {
		return err
	}
	r.blocks, err = load.ReadBlocks(ctx, node.API, r.blocks, head)
	return err
}

// measure finds the time that blocks take under load. Capacity is what full blocks hold in that,
// or in the governed block time where that is longer: the price moves by it.
func (r *run) measure(ctx context.Context) error {
	r.interval = r.blockTime
	if _, err := r.offer(ctx, warmPhase, r.warm, warmLoad()); err != nil {
		return err
	}
	first := load.HeadAt(r.blocks, r.spans[0].From) + 2
	chain := r.market.SumUp(r.blocks, first, uint64(len(r.blocks)))
	r.interval = max(r.blockTime, time.Duration(chain.Interval.P50*float64(time.Second)))
	r.Progress.Say("a block in %.2f s, governed are %.2f s: capacity is %d rows in the longer, %.2f MB of square a second", chain.Interval.P50, r.blockTime.Seconds(), r.market.MaxRows, r.market.Capacity(r.interval)/1e6)
	return nil
}

// offerHalf holds the first load to its bounds.
func (r *run) offerHalf(ctx context.Context) error {
	records, err := r.offer(ctx, halfPhase, r.half, halfLoad())
	if err != nil {
		return err
	}
	s := load.Summarize(records, r.blocks, nil)
	r.bound(s.Within3 >= 0.999, "at half of capacity 99.9 % are final within 3 blocks",
		"%.2f %% of %d; half of them in %.1f s, 99 %% in %.1f s and %g blocks", 100*s.Within3, s.Submitted, s.Seconds.P50, s.Seconds.P99, s.Blocks.P99)
	r.bound(s.Final == s.Submitted, "at half of capacity nothing fails", "%d of %d are final%s", s.Final, s.Submitted, causes(s.Failed))
	return nil
}

// offerTwice holds the second load to its bounds.
func (r *run) offerTwice(ctx context.Context) error {
	killed := make(chan error, 1)
	go func() { killed <- r.kill(ctx, r.twice/2) }()
	records, err := r.offer(ctx, twicePhase, r.twice, twiceLoad())
	if err := errors.Join(err, <-killed); err != nil {
		return err
	}
	byGroup := map[string][]load.Record{}
	for _, record := range records {
		byGroup[record.Group] = append(byGroup[record.Group], record)
	}
	for i, who := range twiceLoad() {
		s := load.Summarize(byGroup[who.name], r.blocks, nil)
		r.Progress.Say("%-15s %4d of %4d are final, half of them within %.1f s%s", who.name+":", s.Final, s.Submitted, s.Seconds.P50, causes(s.Failed))
		if i == 0 {
			r.bound(s.Final == s.Submitted, "at twice the capacity all who pay get in", "%d of %d", s.Final, s.Submitted)
		}
	}
	all := load.Summarize(records, r.blocks, nil)
	r.bound(all.Unexplained() == 0, "nobody is lost silently", "%d of %d not final, all with a cause that has a name", all.Submitted-all.Final, all.Submitted)
	return nil
}

// kill ends the validator that submitters prefer with SIGKILL, and starts it again once the
// chain has gone on without it.
func (r *run) kill(ctx context.Context, after time.Duration) error {
	victim, witness := r.Network.FullNodes[0], r.reader(0)
	select {
	case <-time.After(after):
	case <-ctx.Done():
		return ctx.Err()
	}
	before, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	victim.Kill()
	r.marks = append(r.marks, load.Mark{Name: "kill -9 " + victim.Name, At: time.Now()})
	r.Progress.Say("%s is killed at height %d", victim.Name, before)
	if err := witness.WaitHeight(ctx, startLimit, before+3); err != nil {
		return err
	}
	if err := victim.Start(); err != nil {
		return err
	}
	r.marks = append(r.marks, load.Mark{Name: "started again", At: time.Now()})
	head, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	err = victim.WaitHeight(ctx, startLimit, head+2)
	r.bound(err == nil, "a killed validator catches up", "%s was killed at height %d and follows from %d on (%v)", victim.Name, before, head+2, err)
	return nil
}

// newNetwork returns a network that is not there yet.
func newNetwork(s settings) network {
	return network{settings: s, Scenario: testnet.Scenario{
		Progress: testnet.NewProgress(os.Stdout, time.Now),
		Report:   &testnet.Report{ChainID: chainID, Machine: testnet.ThisMachine()},
	}}
}
