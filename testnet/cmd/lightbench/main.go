// Command lightbench measures what a light node costs: for several sizes of squares it
// runs a generator that stands in for the chain, an ashlar-light that follows it, and looks
// at that from outside. It writes report.json and plot.svg, and fails when a limit is passed.
//
// With "generate CONFIG" as arguments it is the generator.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/testnet"
	"github.com/ashlar-da/ashlar/testnet/lightbench"
)

// stagger is the time between the starts of two light nodes, so that cold starts do not
// share processors.
const stagger = 5 * time.Second

// A phone, and the node whose settings change, follow squares of judgedK rows. The phone wakes each wakeEvery,
// oftener than it would, so that a run has several wakes.
const (
	judgedK   = 33
	wakeEvery = 40 * time.Second
)

// settings are what a node is told one after another, each for a third of its time.
func settings() []lightbench.Setting {
	return []lightbench.Setting{{Budget: 200e6}, {Budget: 20e6}, {Confidence: "0.9999"}}
}

// options are what the flags say.
type options struct {
	light, out   string
	emulator     string
	quick        bool
	sizes        []int
	interval     time.Duration
	validators   int
	nodes, known int
	commitEvery  int
	duration     time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := measure
	if len(os.Args) == 3 && os.Args[1] == "generate" {
		run = generate
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "lightbench:", err)
		os.Exit(1)
	}
}

// generate is what the generator's process does.
func generate(ctx context.Context) error {
	var config lightbench.GeneratorConfig
	if err := json.Unmarshal([]byte(os.Args[2]), &config); err != nil {
		return err
	}
	config.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	return lightbench.Generate(ctx, config, os.Stdout)
}

func parse() (o options, err error) {
	sizes := flag.String("k", "1,33,64,128", "rows of the squares, a light node for each")
	flag.StringVar(&o.light, "light", "build/ashlar-light", "the light node's binary")
	flag.StringVar(&o.emulator, "emulator", "", "what runs a light node of another architecture, such as qemu-aarch64-static; only its verdicts and size are judged then")
	flag.StringVar(&o.out, "out", "build/lightbench", "folder for the report, the plot and the logs")
	flag.BoolVar(&o.quick, "quick", false, "five minutes in all, instead of an hour")
	flag.DurationVar(&o.interval, "interval", 6*time.Second, "time between blocks")
	flag.IntVar(&o.validators, "validators", 100, "validators that sign each block")
	flag.IntVar(&o.nodes, "nodes", 8, "full nodes that serve the chain")
	flag.IntVar(&o.known, "known", 2, "full nodes the light node is told of; it finds the others")
	flag.IntVar(&o.commitEvery, "commit-every", 0, "heights from one that the light node verifies by its commit to the next; 0: its default")
	flag.DurationVar(&o.duration, "duration", 0, "how long each light node runs; 0: an hour for k = 33, 10 minutes otherwise, 4 minutes with -quick")
	flag.Parse()
	for _, size := range strings.Split(*sizes, ",") {
		k, err := strconv.Atoi(size)
		if err != nil || k < 1 || k > 256 {
			return o, fmt.Errorf("-k %q: want numbers of rows from 1 to 256, separated by commas", *sizes)
		}
		o.sizes = append(o.sizes, k)
	}
	return o, nil
}

// measure runs all measurements, side by side, and reports.
func measure(ctx context.Context) error {
	o, err := parse()
	if err != nil {
		return err
	}
	if o.light, err = filepath.Abs(o.light); err != nil {
		return err
	}
	if o.emulator != "" {
		if o.emulator, err = exec.LookPath(o.emulator); err != nil {
			return fmt.Errorf("no emulator: install it, as `apt-get install qemu-user-static` does with qemu-aarch64-static (%w)", err)
		}
	}
	binary, err := os.Stat(o.light)
	if err != nil {
		return fmt.Errorf("no light node to measure: run `make build` first (%w)", err)
	}
	report := &lightbench.Report{
		At: time.Now().UTC(), Machine: machine(), Quick: o.quick, Validators: o.validators, Nodes: o.nodes, Known: o.known, Binary: binary.Size(), Emulator: o.emulator,
	}
	progress := testnet.NewProgress(os.Stdout, time.Now)
	if err := o.runAll(ctx, progress, report); err != nil {
		return err
	}
	report.Judge()
	if err := report.Write(o.out); err != nil {
		return err
	}
	progress.Say("%s, %d validators, %d full nodes; bytes are counted by %s", report.Machine, o.validators, o.nodes, report.Results[0].Counted)
	fmt.Println()
	report.Print(os.Stdout)
	report.Phone.Print(os.Stdout)
	if report.Budget != nil {
		report.Budget.Print(os.Stdout)
	}
	fmt.Printf("\nreport: %s\nplot:   %s\n", filepath.Join(o.out, "report.json"), filepath.Join(o.out, "plot.svg"))
	if len(report.Failed) > 0 {
		return errors.New("a light node is to cost less: " + strings.Join(report.Failed, "; "))
	}
	return nil
}

// machine names the processor and system.
func machine() string {
	name := runtime.GOARCH
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere the architecture has to do
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			name = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %d processors, %s", name, runtime.NumCPU(), runtime.GOOS)
}

// runAll prepares every chain, then starts the light nodes one after another and lets them
// run side by side: what one does is too little to disturb the others. It fills in the report.
func (o options) runAll(ctx context.Context, progress *testnet.Progress, report *lightbench.Report) error {
	progress.Phase("Prove squares and start the chains")
	var runs []*lightbench.Run
	for i, k := range append(slices.Clone(o.sizes), judgedK, judgedK) {
		config := o.config(i, k)
		if i >= len(o.sizes) {
			config.Dir = filepath.Join(o.out, []string{"phone", "budget"}[i-len(o.sizes)])
		}
		run, err := lightbench.NewRun(ctx, config)
		if err != nil {
			return err
		}
		defer run.Close()
		runs = append(runs, run)
		progress.Say("%s: the chain is up", filepath.Base(config.Dir))
	}
	progress.Phase("Follow the chains")
	report.Results = make([]lightbench.Result, len(o.sizes))
	group, ctx := errgroup.WithContext(ctx)
	for i := range o.sizes {
		group.Go(func() error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Duration(i) * stagger):
			}
			result, err := runs[i].Measure(ctx)
			if err != nil {
				return fmt.Errorf("k = %d: %w", o.sizes[i], err)
			}
			report.Results[i] = *result
			progress.Say("k = %d: done", o.sizes[i])
			return nil
		})
	}
	group.Go(func() (err error) {
		if report.Phone, err = runs[len(o.sizes)].MeasurePhone(ctx, wakeEvery); err != nil {
			return fmt.Errorf("phone: %w", err)
		}
		return nil
	})
	group.Go(func() (err error) {
		if o.emulator != "" {
			return nil // its phases would be over before it has begun
		}
		if report.Budget, err = runs[len(o.sizes)+1].MeasureBudget(ctx, settings()...); err != nil {
			return fmt.Errorf("budget: %w", err)
		}
		return nil
	})
	return group.Wait()
}

// config describes the measurement for squares of k rows.
func (o options) config(number, k int) lightbench.Config {
	duration := o.durationOf(k)
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return lightbench.Config{
		Number: number, Light: o.light, Emulator: o.emulator, Generator: []string{self, "generate"}, Dir: filepath.Join(o.out, fmt.Sprintf("k%d", k)),
		Duration: duration, WarmUp: min(duration/8, time.Minute), Nodes: o.nodes, Known: o.known, CommitEvery: o.commitEvery,
		Generate: lightbench.GeneratorConfig{
			Chain: lightbench.ChainConfig{ID: "lightbench-1", Validators: o.validators, Txs: 64, SetHeights: 25},
			K:     k, Interval: o.interval, History: 5, Spread: 500 * time.Millisecond,
		},
	}
}

func (o options) durationOf(k int) time.Duration {
	switch {
	case o.duration > 0:
		return o.duration
	case o.quick:
		return 4 * time.Minute
	case k == 33:
		return time.Hour
	}
	return 10 * time.Minute
}
