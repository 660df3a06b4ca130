package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// lineWidth is how long an expectation and what was found may be to share a line.
const lineWidth = 64

// ErrUnmet is wrapped by the error of an expectation that was not met.
var ErrUnmet = errors.New("expectation not met")

// Scenario plays on a network, shows what happens and reports it.
type Scenario struct {
	Network  *Network
	Progress *Progress
	Report   *Report
}

// Phase runs one part of the scenario and records how long it took.
func (s *Scenario) Phase(ctx context.Context, name string, play func(context.Context) error) error {
	s.Progress.Phase(name)
	start := s.Progress.Elapsed()
	err := play(ctx)
	s.Report.Phases = append(s.Report.Phases, Phase{name, round((s.Progress.Elapsed() - start).Seconds())})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Expect records whether an expectation was met and what was found. If it was not, it
// returns an error that says so.
func (s *Scenario) Expect(met bool, expect, format string, args ...any) error {
	found := fmt.Sprintf(format, args...)
	s.Report.Expectations = append(s.Report.Expectations, Expectation{expect, met, found})
	if !met {
		return fmt.Errorf("%w: %s: %s", ErrUnmet, expect, found)
	}
	if utf8.RuneCountInString(expect+found) > lineWidth {
		s.Progress.Say("✓ %s:", expect)
		s.Progress.Say("  %s", found)
		return nil
	}
	s.Progress.Say("✓ %s: %s", expect, found)
	return nil
}

// ExpectNo records an expectation as unmet if there is an error that kept it from being
// met, and returns that error.
func (s *Scenario) ExpectNo(err error, expect string) error {
	if err == nil {
		return nil
	}
	return s.Expect(false, expect, "%v", err)
}

// StartLightNode starts a light node that knows some full nodes, and begins with the
// first header of the chain.
func (s *Scenario) StartLightNode(ctx context.Context, config LightConfig, knows ...*FullNode) (*LightNode, error) {
	var err error
	if config.Trust, err = s.Network.FullNodes[0].Trust(ctx, 1); err != nil {
		return nil, err
	}
	for _, node := range knows {
		address, err := s.Network.PeerAddress(node)
		if err != nil {
			return nil, err
		}
		config.Peers = append(config.Peers, address)
	}
	node, err := s.Network.AddLightNode(config)
	if err != nil {
		return nil, err
	}
	return node, node.Start()
}

// ThisMachine describes the machine the scenario runs on.
func ThisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version()}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// round keeps a tenth of a second.
func round(seconds float64) float64 {
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond).Seconds()
}
