package lightbench

import (
	"strings"
	"testing"
)

// TestBudgetIsJudged spoils a phase that is as it should be.
func TestBudgetIsJudged(t *testing.T) {
	budget := Setting{Budget: 200e6}
	if got := budget.growth() * 86400; got < 191e6 || got > 192e6 {
		t.Errorf("a day's growth of 200 MB is %.0f", got)
	}
	good := BudgetPhase{Setting: budget, Told: budget, Bytes: 3e6, Allowed: 4e6, Drawn: 8}
	sure := BudgetPhase{Setting: Setting{Confidence: "0.9999"}, Told: Setting{Confidence: "0.9999"}, Bytes: 1e9, Seconds: soon, Drawn: 31, Judged: 9, Samples: 31}
	for want, spoil := range map[string]func(kept, sure *BudgetPhase){
		"":                     func(_, _ *BudgetPhase) {},
		"says it is set to":    func(kept, _ *BudgetPhase) { kept.Told.Budget = 20e6 },
		"4500000 bytes":        func(kept, _ *BudgetPhase) { kept.Bytes = 4.5e6 },
		"no height":            func(_, sure *BudgetPhase) { sure.Judged = 0 },
		"has 30 samples":       func(_, sure *BudgetPhase) { sure.Samples = 30 },
		"set to {Budget:20MB/": func(_, sure *BudgetPhase) { sure.Told = Setting{Budget: 20e6} },
	} {
		result := &BudgetResult{Phases: []BudgetPhase{good, sure}}
		spoil(&result.Phases[0], &result.Phases[1])
		report := &Report{Budget: result}
		report.Judge()
		if want == "" && len(report.Failed) > 0 || want != "" && (len(report.Failed) != 1 || !strings.Contains(report.Failed[0], want)) {
			t.Errorf("%q: failures %q", want, report.Failed)
		}
	}
}
