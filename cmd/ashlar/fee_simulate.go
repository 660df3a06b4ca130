package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/blobfee/market"
)

const allScenarios = "all"

func feeSimulateCommand() *cobra.Command {
	long := "simulate runs a demand against the chain's fee market and against EIP-4844's rule, with the same users at the same times,\n" +
		"and writes a plot (SVG) and every block (CSV) of each. Users have a price above which they do not post and a patience; no\n" +
		"node is asked. Scenarios, or all:\n"
	for _, s := range market.Scenarios() {
		long += fmt.Sprintf("\n  %-16s %s", s.Name, s.About)
	}
	cmd := &cobra.Command{
		Use:     "simulate SCENARIO",
		Short:   "Simulate the fee market beside EIP-4844's and draw it",
		Long:    long,
		Example: "  ashlar fee simulate burst --out plots",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return feeSimulate(cmd, args[0]) },
	}
	cmd.Flags().String(outFlag, ".", "directory to write SCENARIO.svg and SCENARIO.csv to; it is created")
	cmd.Flags().Int(blocksFlag, market.DefaultBlocks, "how many blocks")
	addFormatFlags(cmd)
	return cmd
}

// simulated is what the command prints of a scenario.
type simulated struct {
	Scenario string           `json:"scenario"`
	Plot     string           `json:"plot"`
	Table    string           `json:"table"`
	Rules    []market.Summary `json:"rules"`
}

func feeSimulate(cmd *cobra.Command, name string) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	scenarios := market.Scenarios()
	if name != allScenarios {
		scenario, err := market.FindScenario(name)
		if err != nil {
			return err
		}
		scenarios = []market.Scenario{scenario}
	}
	done := make([]simulated, 0, len(scenarios))
	for _, scenario := range scenarios {
		one, err := simulate(cmd, scenario)
		if err != nil {
			return err
		}
		done = append(done, *one)
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), done)
	}
	return printSimulated(cmd, done)
}

// simulate runs a scenario and writes its files.
func simulate(cmd *cobra.Command, scenario market.Scenario) (*simulated, error) {
	blocks, _ := cmd.Flags().GetInt(blocksFlag)
	run, err := scenario.Run(blocks)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", blocksFlag, err)
	}
	dir, _ := cmd.Flags().GetString(outFlag)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("--%s: %w", outFlag, err)
	}
	one := &simulated{
		Scenario: scenario.Name, Rules: run.Summaries(),
		Plot: filepath.Join(dir, scenario.Name+".svg"), Table: filepath.Join(dir, scenario.Name+".csv"),
	}
	return one, errors.Join(os.WriteFile(one.Plot, run.SVG(), 0o644), os.WriteFile(one.Table, run.CSV(), 0o644))
}

func printSimulated(cmd *cobra.Command, done []simulated) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(w, "SCENARIO\tRULE\tBASE FEE, 10⁻⁹ ASH\tSTEP\tFULL\tREFUSED\tBURNED")
	for _, one := range done {
		for _, rule := range one.Rules {
			low, _ := rule.Lowest.Float64()
			high, _ := rule.Highest.Float64()
			_, failed := fmt.Fprintf(w, "%s\t%s\t%s to %s\t×%.3g\t%.0f %%\t%.0f %%\t%.3g ASH\n", one.Scenario, rule.Rule,
				inNano(low), inNano(high), rule.Jump, 100*rule.Full, 100*rule.Refused, rule.Burned)
			err = errors.Join(err, failed)
		}
	}
	if err := errors.Join(err, w.Flush()); err != nil {
		return err
	}
	for _, one := range done {
		cmd.PrintErrln("wrote", one.Plot, "and", one.Table)
	}
	return nil
}
