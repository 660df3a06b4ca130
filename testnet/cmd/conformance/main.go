// Command conformance starts a chain and gateways to it, has the clients of rollups' own stacks use them, and writes
// which client passed which case. Each client has a module of its own in gateway/conformance.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "build", "folder of the binary ashlar")
	flag.StringVar(&o.out, "out", "build/conformance", "folder for the report, the logs and the network's files")
	flag.StringVar(&o.root, "modules", "gateway/conformance", "folder of the modules with the clients")
	flag.StringVar(&o.only, "only", "", "modules to run, or protocols to measure, separated by commas; empty: all")
	flag.BoolVar(&o.keep, "keep", false, "keep the chain and the gateways up until Ctrl-C, and run nothing")
	flag.IntVar(&o.puts, "measure", 0, "run no clients, but measure so many puts of each size by each protocol")
	flag.DurationVar(&o.within, "within", 42*time.Second, "begin no further put of a size by a protocol after that long, so that fewer are measured on a slow machine")
	flag.IntVar(&o.port, "port", 27600, "where the search for free ports begins: far from another run's, as nodes that restart need theirs again")
	record := flag.String("record", "", "run nothing, but write the figures of this measured.json into docs/rollups.md and keep them in testdata")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do := func() error { return run(ctx, o) }
	if *record != "" {
		do = func() error { return recordFigures(*record) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	bin, out, root, only string
	keep                 bool
	puts, port           int
	within               time.Duration
}

// report is what build/conformance/report.json holds.
type report struct {
	Passed  bool            `json:"passed"`
	Seconds float64         `json:"seconds"`
	Machine testnet.Machine `json:"machine"`
	Clients []clientReport  `json:"clients"`
}

func run(ctx context.Context, o options) error {
	began, load := time.Now(), loadAverage()
	progress := testnet.NewProgress(os.Stdout, time.Now)
	progress.Phase("Start a chain of 2 validators and further full nodes, and gateways")
	net, ctx, err := startDevnet(ctx, o)
	if net != nil {
		defer net.stop()
	}
	if err != nil {
		return err
	}
	if o.puts > 0 {
		return net.measure(ctx, progress, o, load)
	}
	environment := net.environment()
	if o.keep {
		progress.Say("%s", strings.Join(environment, "\n  "))
		<-ctx.Done()
		return nil
	}
	modules, err := modulesIn(o.root, o.only)
	if err != nil {
		return err
	}
	result := report{Passed: true, Machine: testnet.ThisMachine()}
	for _, module := range modules {
		progress.Phase("Run the clients of " + module)
		found, err := runModule(ctx, filepath.Join(o.root, module), environment, filepath.Join(o.out, "logs"))
		if err != nil {
			return err
		}
		for _, c := range found {
			result.Passed = result.Passed && c.Passed
		}
		result.Clients = append(result.Clients, found...)
	}
	result.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
	progress.Print("\n" + table(result.Clients))
	if err := writeReport(filepath.Join(o.out, "report.json"), &result); err != nil {
		return err
	}
	if !result.Passed {
		return errors.New("a client failed a case, see its log in " + testnet.Relative(filepath.Join(o.out, "logs")))
	}
	return nil
}

// modulesIn lists the folders that are Go modules with tests.
func modulesIn(root, only string) ([]string, error) {
	if only != "" {
		return strings.Split(only, ","), nil
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "go.mod"))
	if err != nil {
		return nil, err
	}
	var modules []string
	for _, file := range files {
		dir := filepath.Dir(file)
		if tests, _ := filepath.Glob(filepath.Join(dir, "*_test.go")); len(tests) > 0 {
			modules = append(modules, filepath.Base(dir))
		}
	}
	if len(modules) == 0 {
		return nil, fmt.Errorf("no modules in %s: run from the root of the repository", root)
	}
	return modules, nil
}
