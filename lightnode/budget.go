package lightnode

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DataBudget is the most bytes that a node may receive and send in any 24 hours, the headers
// of packets included; 0: unbounded.
type DataBudget int64

// LeastDataBudget is less than which no node can do anything useful with.
const LeastDataBudget DataBudget = 2e6

var dataBudgets = regexp.MustCompile(`^([1-9][0-9]{0,9})([kMG]B|[KMG]iB|)(?:/day)?$`)

// units are what a budget is given in, largest first.
var units = [...]struct {
	name  string
	bytes int64
}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

// ParseDataBudget reads bytes a day such as 200MB/day, and "none".
func ParseDataBudget(text string) (DataBudget, error) {
	if text == "none" {
		return 0, nil
	}
	parts := dataBudgets.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("%w: data budget %q: want bytes a day, such as 200MB/day, 1GiB/day or none", ErrConfig, text)
	}
	n, _ := strconv.ParseInt(parts[1], 10, 64) // ten digits
	for _, unit := range units {
		if unit.name != parts[2] {
			continue
		}
		if n > math.MaxInt64/unit.bytes {
			return 0, fmt.Errorf("%w: data budget %q: nothing carries that much: want none", ErrConfig, text)
		}
		n *= unit.bytes
	}
	return DataBudget(n), DataBudget(n).check()
}

// check reports a budget that nothing can be done with.
func (b DataBudget) check() error {
	if b != 0 && b < LeastDataBudget {
		return fmt.Errorf("%w: a data budget of %d bytes a day: want at least %v, or none", ErrConfig, int64(b), LeastDataBudget)
	}
	return nil
}

// String writes what ParseDataBudget reads.
func (b DataBudget) String() string {
	if b == 0 {
		return "none"
	}
	for _, unit := range units {
		if int64(b)%unit.bytes == 0 {
			return strconv.FormatInt(int64(b)/unit.bytes, 10) + unit.name + "/day"
		}
	}
	return strconv.FormatInt(int64(b), 10) + "/day"
}

// Set implements pflag.Value.
func (b *DataBudget) Set(text string) (err error) {
	*b, err = ParseDataBudget(strings.TrimSpace(text))
	return err
}

// Type implements pflag.Value.
func (b *DataBudget) Type() string { return "bytes/day" }

const (
	day = 24 * time.Hour
	// creditShare is the part of a day's budget that may be saved up.
	creditShare = 24
)

// ledger keeps a node within its budget. Credit grows evenly and is spent by what the
// connections carry. As no more is saved up than an hour's worth, and a day's growth is the
// budget less that, no 24 hours cost more than the budget, wherever they begin, but for what
// is under way when the credit ends; that is owed, and earned first.
type ledger struct {
	Budget DataBudget `json:"budget"`
	Credit float64    `json:"credit"` // bytes; below 0: owed
	At     time.Time  `json:"at"`     // when it was that
	// Day is a date in UTC, on which so much has been received and sent.
	Day      string `json:"day"`
	Received int64  `json:"received"`
	Sent     int64  `json:"sent"`
	Resting  bool   `json:"resting"`
}

// most returns the credit that may be saved up.
func (l *ledger) most() float64 { return float64(l.Budget) / creditShare }

// growth returns by how much credit grows, in bytes a second.
func (l *ledger) growth() float64 {
	return (float64(l.Budget) - l.most()) / day.Seconds()
}

// set changes the budget. A first budget comes with half the credit that may be saved up.
func (l *ledger) set(budget DataBudget, now time.Time) {
	l.grow(now)
	first := l.Budget == 0
	l.Budget = budget
	l.Credit = min(l.Credit, l.most())
	if first {
		l.Credit = l.most() / 2
	}
	l.judge()
}

// grow adds the credit of the time that has passed. A clock that went backwards adds none.
func (l *ledger) grow(now time.Time) {
	if passed := now.Sub(l.At); !l.At.IsZero() && passed > 0 {
		l.Credit = min(l.Credit+l.growth()*passed.Seconds(), l.most())
	}
	l.At = now
	if today := now.UTC().Format(time.DateOnly); l.Day != today {
		l.Day, l.Received, l.Sent = today, 0, 0
	}
}

// spend notes bytes received and sent up to now.
func (l *ledger) spend(now time.Time, received, sent int64) {
	l.grow(now)
	l.Received, l.Sent = l.Received+received, l.Sent+sent
	l.Credit -= float64(received + sent)
	l.judge()
}

// What part of the credit that may be saved up must be left for a node to go on, and be there
// for it to begin again. The first is for what is under way.
const (
	restBelow = 1. / 16
	wakeAt    = 1. / 4
)

// judge decides whether to rest.
func (l *ledger) judge() {
	switch {
	case l.Budget == 0:
		l.Credit, l.Resting = 0, false
	case l.Credit < restBelow*l.most():
		l.Resting = true
	case l.Credit >= wakeAt*l.most():
		l.Resting = false
	}
}

// wakes returns when a rest ends.
func (l *ledger) wakes() time.Time {
	if !l.Resting {
		return time.Time{}
	}
	missing := wakeAt*l.most() - l.Credit
	return l.At.Add(time.Duration(missing / l.growth() * float64(time.Second)))
}

// surplus tells whether there is credit for more than what is newest.
func (l *ledger) surplus() bool { return l.Budget == 0 || l.Credit > l.most()/2 }

// affordable returns the bytes a second that can be spent for the hour to come, such that
// half of what may be saved up is left in the end.
func (l *ledger) affordable() float64 {
	return max(l.growth()+(l.Credit-l.most()/2)/time.Hour.Seconds(), 0)
}

// costs are what following and sampling take, learnt from what they took: a mean in which a
// look counts the less the older it is.
type costs struct {
	blocks, heights float64 // that passed, and whose headers were fetched
	seconds         float64
	cells           float64
	cellBytes       float64 // of cells
	otherBytes      float64 // of everything else
}

// firstCosts is what a node takes before it knows better, with little weight.
func firstCosts() costs {
	return costs{blocks: 5, heights: 5, seconds: 30, cells: 50, cellBytes: 50 * 2500, otherBytes: 5 * 20e3}
}

// costsMemory is the time after which a look counts a third as much.
const costsMemory = 10 * time.Minute

// learn takes in what came of some time. Looks without any height tell only of time.
func (c *costs) learn(look costs) {
	fade := math.Exp(-look.seconds / costsMemory.Seconds())
	for old, now := range map[*float64]float64{
		&c.blocks: look.blocks, &c.heights: look.heights, &c.seconds: look.seconds,
		&c.cells: look.cells, &c.cellBytes: look.cellBytes, &c.otherBytes: look.otherBytes,
	} {
		*old = *old*fade + now
	}
}

// interval returns the seconds between blocks.
func (c *costs) interval() float64 { return c.seconds / max(c.blocks, 1e-3) }

// perCell and perHeight return bytes: of a cell, and of a height apart from its cells.
func (c *costs) perCell() float64   { return c.cellBytes / max(c.cells, 1e-3) }
func (c *costs) perHeight() float64 { return c.otherBytes / max(c.heights, 1e-3) }

const (
	// leastBought is the number of samples below which a budget's node rather checks fewer
	// heights: a verdict that rests on less says little.
	leastBought = 8
	mostSamples = 4096
)

// buys returns how many cells of each block so many bytes a second pay for.
func (c *costs) buys(perSecond float64) int {
	perBlock := perSecond*c.interval() - c.perHeight()
	return int(min(max(perBlock/max(c.perCell(), 1), leastBought), mostSamples))
}

// share returns the part of the blocks that so many bytes a second pay for at a number of
// samples, at most 1.
func (c *costs) share(perSecond float64, samples int) float64 {
	one := c.perHeight() + float64(samples)*c.perCell()
	return min(perSecond*c.interval()/max(one, 1), 1)
}
