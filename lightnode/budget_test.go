package lightnode

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestParseDataBudget(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]DataBudget{
		"200MB/day": 200e6, "200MB": 200e6, "50MB/day": 50e6, "1GB/day": 1e9, "1GiB/day": 1 << 30, "64MiB/day": 64 << 20,
		"3000kB/day": 3e6, "4096KiB/day": 4 << 20, "2000001/day": 2000001, "none": 0,
	} {
		got, err := ParseDataBudget(text)
		if err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
		if again, err := ParseDataBudget(got.String()); err != nil || again != want {
			t.Errorf("%q is shown as %q: %d, %v", text, got.String(), again, err)
		}
	}
	for _, bad := range []string{"", "0", "1MB", "-200MB", "200 MB", "200mb/day", "200MB/month", "1.5GB", "99999999999GB", "007MB", "MB", "9999999999GiB", "9223372037GB"} {
		if got, err := ParseDataBudget(bad); !errors.Is(err, ErrConfig) || strings.Contains(err.Error(), "budget of -") {
			t.Errorf("%q: %d, %v", bad, got, err)
		}
	}
}

func FuzzParseDataBudget(f *testing.F) {
	f.Add("200MB/day")
	f.Add("none")
	f.Fuzz(func(t *testing.T, in string) {
		budget, err := ParseDataBudget(in)
		if err != nil {
			return
		}
		if again, err := ParseDataBudget(budget.String()); err != nil || again != budget {
			t.Errorf("%q: %d became %d, %v", in, budget, again, err)
		}
	})
}

// simulation is a chain and a node that follows it within a budget.
type simulation struct {
	t        *testing.T
	ledger   ledger
	costs    costs
	samples  int
	fixed    int // samples, if not bought
	now      time.Time
	spent    []int64 // by second
	blocks   float64
	checked  int
	interval float64 // seconds
	height   float64 // bytes
	cell     float64
}

func newSimulation(t *testing.T, budget DataBudget, interval, height, cell float64) *simulation {
	s := &simulation{t: t, now: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), costs: firstCosts(), interval: interval, height: height, cell: cell, samples: 30}
	s.ledger.set(budget, s.now)
	return s
}

// run lets time pass, with blocks at random moments.
func (s *simulation) run(d time.Duration, random *rand.Rand) {
	look := costs{}
	for range int(d.Seconds()) {
		s.now = s.now.Add(time.Second)
		var bytes int64
		if random.Float64() < 1/s.interval {
			look.blocks++
			s.blocks++
			if !s.ledger.Resting {
				s.checked++
				look.heights++
				look.cells += float64(s.samples)
				look.cellBytes += float64(s.samples) * s.cell
				look.otherBytes += s.height
				bytes = int64(float64(s.samples)*s.cell + s.height)
			}
		}
		look.seconds++
		s.ledger.spend(s.now, bytes*9/10, bytes/10)
		s.spent = append(s.spent, bytes)
		if look.seconds >= 30 {
			s.costs.learn(look)
			look = costs{}
			if s.samples = s.fixed; s.fixed == 0 {
				s.samples = s.costs.buys(s.ledger.affordable())
			}
		}
	}
}

// dearest returns the most that any 24 hours cost.
func (s *simulation) dearest() (most int64) {
	var sum int64
	for i, bytes := range s.spent {
		sum += bytes
		if i >= 86400 {
			sum -= s.spent[i-86400]
		}
		most = max(most, sum)
	}
	return most
}

// TestBudgetIsKeptWhateverTheChainDoes has block times, costs and the budget change under a
// node, and adds up what any 24 hours cost.
func TestBudgetIsKeptWhateverTheChainDoes(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name                   string
		budget                 DataBudget
		interval, height, cell float64
		fixed                  int
		least                  float64 // of the budget that is used
	}{
		{"plenty", 2e9, 6, 25e3, 2400, 0, 0.9},
		{"enough for a few samples", 700e6, 6, 25e3, 2400, 0, 0.9},
		{"not enough for the least", 200e6, 6, 25e3, 2400, 0, 0.8},
		{"very little", 5e6, 6, 25e3, 2400, 0, 0.5},
		{"fast blocks", 1e9, 1, 10e3, 2400, 0, 0.9},
		{"slow blocks", 500e6, 30, 30e3, 2400, 0, 0.9},
		{"a confidence beyond its means", 500e6, 6, 25e3, 2400, 47, 0.8},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newSimulation(t, row.budget, row.interval, row.height, row.cell)
			s.fixed = row.fixed
			random := rand.New(rand.NewPCG(1, 2))
			s.run(30*time.Hour, random)
			s.interval, s.height = s.interval/2, s.height*3 // twice as many, three times as dear
			s.run(20*time.Hour, random)
			s.interval, s.cell = s.interval*4, s.cell*1.5
			s.run(30*time.Hour, random)
			one := s.height*3 + 200*s.cell // under way when credit ends
			if got := float64(s.dearest()); got > float64(row.budget)+one {
				t.Errorf("a day cost %.0f of %d", got, row.budget)
			} else if got < row.least*float64(row.budget) {
				t.Errorf("no day cost more than %.0f of %d: too little was bought", got, row.budget)
			}
		})
	}
}

func TestBudgetBuysMoreWhenBlocksAreRarer(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	s := newSimulation(t, 2e9, 6, 25e3, 2400)
	s.run(4*time.Hour, random)
	before := s.samples
	s.interval = 12
	s.run(2*time.Hour, random)
	if s.samples < before*3/2 {
		t.Errorf("%d samples at 6 s, %d at 12 s", before, s.samples)
	}
	if s.checked < int(s.blocks) {
		t.Errorf("checked %d heights of %.0f, with credit for all", s.checked, s.blocks)
	}
	if share := s.costs.share(s.ledger.growth(), s.samples); share < 0.8 {
		t.Errorf("the budget is said to pay for %.2f of the heights", share)
	}
}

func TestLedgerCountsByDate(t *testing.T) {
	t.Parallel()
	l := ledger{}
	now := time.Date(2026, 11, 21, 23, 59, 58, 0, time.UTC)
	l.set(0, now)
	l.spend(now, 1000, 10)
	if l.Received != 1000 || l.Sent != 10 || l.Day != "2026-11-21" || l.Resting {
		t.Errorf("without a budget: %+v", l)
	}
	l.spend(now.Add(3*time.Second), 5, 1)
	if l.Received != 5 || l.Sent != 1 || l.Day != "2026-11-22" {
		t.Errorf("the next day: %+v", l)
	}
}

func TestLedgerSurvivesClocks(t *testing.T) {
	t.Parallel()
	l := ledger{}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	l.set(24e6, now)
	begun := l.Credit
	if begun != 5e5 {
		t.Fatalf("credit begins at %v", begun)
	}
	l.spend(now.Add(-time.Hour), 0, 0)
	if l.Credit != begun {
		t.Errorf("going back in time makes %v of %v", l.Credit, begun)
	}
	l.spend(now.AddDate(1, 0, 0), 0, 0)
	if l.Credit != 1e6 {
		t.Errorf("a year makes %v; an hour's worth is the most", l.Credit)
	}
	l.spend(l.At, 2e6, 0)
	if !l.Resting || l.Credit != -1e6 {
		t.Errorf("after spending what is not there: %+v", l)
	}
	until := l.wakes()
	l.spend(until.Add(-time.Minute), 0, 0)
	early := l.Resting
	l.spend(until.Add(time.Second), 0, 0)
	if !early || l.Resting || !l.wakes().IsZero() {
		t.Errorf("rests until %v: a minute before %v, then %v", until, early, l.Resting)
	}
}
