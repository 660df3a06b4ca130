package main

import (
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/testnet"
)

func TestSummaryNamesWhatFailed(t *testing.T) {
	report := &testnet.Report{Failed: "expectation not met: light-2 finds every height available", Seconds: 12}
	have := summary(report, "r/report.json", "r/logs")
	for _, want := range []string{"FAILED after 12 s", "light-2 finds every height", "NOT detected", "NOT recovered", "r/logs"} {
		if !strings.Contains(have, want) {
			t.Errorf("no %q in\n%s", want, have)
		}
	}
}

func TestSummaryOfSuccess(t *testing.T) {
	report := &testnet.Report{
		Passed: true, WithholdingDetected: true, RecoveredAfterKill: true,
		PeakMemory: map[string]uint64{"validator-1": 300 << 20, "light-1": 90 << 20},
	}
	have := summary(report, "r/report.json", "r/logs")
	if strings.Contains(have, "NOT") || strings.Contains(have, "FAILED") || !strings.Contains(have, "light-1 90, validator-1 300 MiB") {
		t.Errorf("have\n%s", have)
	}
}
