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
	bin := flag.String("bin", "build", "folder of the binary ashlar")
	out := flag.String("out", "build/conformance", "folder for the report, the logs and the network's files")
	root := flag.String("modules", "gateway/conformance", "folder of the modules with the clients")
	only := flag.String("only", "", "modules to run, separated by commas; empty: all")
	keep := flag.Bool("keep", false, "keep the chain and the gateways up until Ctrl-C, and run nothing")
	puts := flag.Int("measure", 0, "run no clients, but measure so many puts of each size by each protocol")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out, *root, *only, *keep, *puts); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// report is what build/conformance/report.json holds.
type report struct {
	Passed  bool            `json:"passed"`
	Seconds float64         `json:"seconds"`
	Machine testnet.Machine `json:"machine"`
	Clients []clientReport  `json:"clients"`
}

func run(ctx context.Context, bin, out, root, only string, keep bool, puts int) error {
	began := time.Now()
	progress := testnet.NewProgress(os.Stdout, time.Now)
	progress.Phase("Start a chain of 2 validators and 2 further full nodes, and gateways")
	net, ctx, err := startDevnet(ctx, bin, out)
	if net != nil {
		defer net.stop()
	}
	if err != nil {
		return err
	}
	environment := net.environment()
	if keep {
		progress.Say("%s", strings.Join(environment, "\n  "))
		<-ctx.Done()
		return nil
	}
	if puts > 0 {
		return net.measure(ctx, progress, puts, filepath.Join(out, "measured.json"))
	}
	modules, err := modulesIn(root, only)
	if err != nil {
		return err
	}
	result := report{Passed: true, Machine: testnet.ThisMachine()}
	for _, module := range modules {
		progress.Phase("Run the clients of " + module)
		found, err := runModule(ctx, filepath.Join(root, module), environment, filepath.Join(out, "logs"))
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
	if err := writeReport(filepath.Join(out, "report.json"), &result); err != nil {
		return err
	}
	if !result.Passed {
		return errors.New("a client failed a case, see its log in " + testnet.Relative(filepath.Join(out, "logs")))
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
