package main

import (
	"errors"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
	"github.com/ashlar-da/ashlar/testnet/load"
)

func TestParseTop(t *testing.T) {
	const top = `File: ashlar
Type: cpu
Showing nodes accounting for 10s, 100% of 10s total
      flat  flat%   sum%        cum   cum%
        5s 50.00% 50.00%         6s 60.00%  github.com/consensys/gnark-crypto/ecc/bls12-381/fp.(*Element).Mul (inline)
        2s 20.00% 70.00%         2s 20.00%  github.com/ashlar-da/ashlar/erasure/kzg.(*comb).lookUp
        1s 10.00% 80.00%         1s 10.00%  runtime.scanobject
        1s 10.00% 90.00%         1s 10.00%  runtime.memmove
        1s 10.00%   100%         1s 10.00%  main.other
`
	want := map[string]float64{"KZG": 0.7, "garbage collection": 0.1, "copying and clearing memory": 0.1, "everything else": 0.1}
	if have := parseTop(top); !maps.Equal(have, want) {
		t.Errorf("have %v want %v", have, want)
	}
}

func TestAccountDividesByBlocks(t *testing.T) {
	have := accountFor(testnet.Timings{
		"interval": {Count: 4, Seconds: 12}, "step NewHeight": {Count: 4, Seconds: 8}, "step Propose": {Count: 5, Seconds: 2},
		"abci process_proposal": {Count: 5, Seconds: 1}, "step PrecommitWait": {Count: 1, Seconds: 1}, "step Precommit": {Count: 4, Seconds: 1},
	})
	if have.Interval != 3 || have.Wait != 2 || have.Propose != 0.5 || have.Process != 0.2 || have.Precommit != 0.5 {
		t.Errorf("%+v", have)
	}
}

func TestStoring(t *testing.T) {
	stored := map[uint64]time.Duration{1: time.Hour, 2: time.Second, 4: 3 * time.Second}
	if have := storing(stored, 2, 4); have != 2 {
		t.Errorf("have %v want the mean of heights 2 and 4", have)
	}
	if have := storing(nil, 2, 4); have != 0 {
		t.Errorf("of none: %v", have)
	}
}

func TestBrokenNamesTheBound(t *testing.T) {
	for _, test := range []struct {
		name  string
		chain load.Chain
		all   load.Summary
		want  string
	}{
		{"all kept", load.Chain{MBPerSecond: 1}, load.Summary{Submitted: 100, Final: 100, Within3: 1}, ""},
		{"one failed", load.Chain{MBPerSecond: 1}, load.Summary{Submitted: 100, Final: 99, Within3: 1, Failed: map[string]int{"fee_too_low": 1}}, "1× fee_too_low"},
		{"late", load.Chain{MBPerSecond: 1}, load.Summary{Submitted: 100, Final: 100, Within3: 0.5}, "within 3 blocks"},
		{"piling up", load.Chain{MBPerSecond: 0.5}, load.Summary{Submitted: 100, Final: 100, Within3: 1}, "50 % of what is offered"},
	} {
		s := step{phase: phase{OfferedMB: 1, Chain: test.chain}}
		if have := s.broken(test.all); !strings.Contains(have, test.want) || test.want == "" && have != "" {
			t.Errorf("%s: have %q want %q", test.name, have, test.want)
		}
	}
}

func TestFailuresListsEach(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	have := failures(errors.Join(nil, errors.Join(a), errors.Join(b, nil)))
	if len(have) != 2 || have[0] != "a" || have[1] != "b" {
		t.Errorf("have %v", have)
	}
	if have := failures(nil); have == nil || len(have) != 0 {
		t.Errorf("of none: %v, want a list that JSON shows as one", have)
	}
}

func TestCausesBeginWithTheMostFrequent(t *testing.T) {
	if have := causes(map[string]int{"a": 1, "b": 3}); have != "; 3× b, 1× a" {
		t.Errorf("have %q", have)
	}
}

func TestSummarySaysWhatFailed(t *testing.T) {
	r := &report{Failed: []string{"expectation not met: nobody is lost silently"}, Seconds: 9, Phases: []phase{{Name: halfPhase}}}
	if have := summary(r, "r.json", "r.svg"); !strings.Contains(have, "FAILED after 9 s:\n  expectation not met: nobody") || !strings.Contains(have, halfPhase) {
		t.Errorf("have\n%s", have)
	}
	r = &report{Passed: true, Expectations: make([]testnet.Expectation, 3)}
	if have := summary(r, "r.json", "r.svg"); !strings.Contains(have, "all 3 bounds kept") {
		t.Errorf("have\n%s", have)
	}
}

// TestShapeSaysWhatLiesBetween: a figure over a link must not pass for one without.
func TestShapeSaysWhatLiesBetween(t *testing.T) {
	link := testnet.LongLink(150*time.Millisecond, 0.02)
	s := settings{validators: 4, link: &link}
	if have := s.shape().Link; !strings.Contains(have, "150ms each way, 2 % of packets lost") {
		t.Errorf("have %q", have)
	}
	s.link = nil
	if have := s.shape().Link; have != "loopback" {
		t.Errorf("have %q", have)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, s := range []settings{{validators: 1, rows: 34}, {validators: 4, rows: 19}} {
		if s.check() == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	if err := (&settings{validators: 2, rows: 20}).check(); err != nil {
		t.Error(err)
	}
}

// TestGradedUntil holds that what was graded before a phase is left out of it.
func TestGradedUntil(t *testing.T) {
	before := graded{Stated: 0.9, Expected: 0.9, Observed: 1, Trials: 10}
	after := graded{Stated: 0.9, Expected: 0.92, Observed: 0.9, Trials: 50}
	got := before.until(after)
	if got.Trials != 40 || math.Abs(got.Observed-0.875) > 1e-12 || math.Abs(got.Expected-0.925) > 1e-12 {
		t.Errorf("got %+v, want 40 trials, 0.875 observed and 0.925 expected", got)
	}
	if none := after.until(after); none != (graded{Stated: 0.9}) {
		t.Errorf("no trials: got %+v", none)
	}
}
