package lightnode

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/sampling"
)

// Settings say how strongly blocks are sampled, and what that may cost. They can be changed
// while a node runs. At most one of Samples and Confidence is set. Without either a block is
// sampled 30 times or, with a DataBudget, as often as that pays for.
type Settings struct {
	// Samples is the number of cells drawn of a block.
	Samples int `json:"samples,omitempty"`
	// Confidence is what the cells of every block are to establish, a decimal such as
	// 0.9999; of each block the least number is drawn that does.
	Confidence string `json:"confidence,omitempty"`
	// DataBudget bounds what the node receives and sends.
	DataBudget DataBudget `json:"data_budget,omitempty"`
}

// check reports settings that contradict themselves or are out of range.
func (s Settings) check() error {
	if s.Samples < 0 || s.Samples > mostSamples {
		return fmt.Errorf("%w: Samples is %d; want 1 to %d", ErrConfig, s.Samples, mostSamples)
	}
	if s.Samples != 0 && s.Confidence != "" {
		return fmt.Errorf("%w: a number of samples and a confidence: one follows from the other; give one", ErrConfig)
	}
	if s.Confidence != "" {
		if _, err := sampling.ParseConfidence(s.Confidence); err != nil {
			return fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	return s.DataBudget.check()
}

// Change is a change of settings; nil leaves as it is. Samples of 0 leaves the choice to the
// node. To set Samples unsets Confidence, and the other way round.
type Change struct {
	Samples    *int
	Confidence *string
	DataBudget *DataBudget
}

// apply returns settings after a change.
func (c Change) apply(s Settings) (Settings, error) {
	if c.Samples != nil && c.Confidence != nil {
		return s, fmt.Errorf("%w: a number of samples and a confidence: one follows from the other; give one", ErrConfig)
	}
	if c.Samples != nil {
		s.Samples, s.Confidence = *c.Samples, ""
	}
	if c.Confidence != nil {
		s.Samples, s.Confidence = 0, *c.Confidence
	}
	if c.DataBudget != nil {
		s.DataBudget = *c.DataBudget
	}
	return s, s.check()
}

// storedSettings is how settings survive a restart: what was set while the node ran holds
// until it is started with another configuration than it was set under.
type storedSettings struct {
	Configured Settings `json:"configured"`
	Set        Settings `json:"set"`
}

// usualKs is how many blocks decide what the chain's usual k is.
const usualKs = 64

// strength knows how many cells to draw. It is safe for concurrent use.
type strength struct {
	db      *database
	profile Profile

	mu         sync.Mutex
	configured Settings
	settings   Settings            // guarded by mu, like the rest
	target     sampling.Confidence // of settings
	ks         []int               // of the newest blocks that have rows, newest last
	ledger     ledger
	costs      costs
	bought     int // what the budget buys
}

// openStrength reads what was set and spent before.
func openStrength(config *Config, db *database) (*strength, error) {
	configured := Settings{Samples: config.Samples, Confidence: config.Confidence, DataBudget: config.DataBudget}
	s := &strength{db: db, profile: config.Profile, configured: configured, costs: firstCosts(), bought: sampling.DefaultSamples}
	var stored storedSettings
	if err := errors.Join(readJSON(db, metaSettings, &stored), readJSON(db, metaSpent, &s.ledger)); err != nil {
		return nil, err
	}
	now := configured
	if stored.Configured == configured && stored.Set.check() == nil {
		now = stored.Set
	}
	s.adopt(now, config.Now())
	return s, nil
}

// adopt takes on settings that are valid; mu must be held, or nobody else know of s.
func (s *strength) adopt(settings Settings, now time.Time) {
	s.settings, s.target = settings, sampling.Confidence{}
	if settings.Confidence != "" {
		s.target, _ = sampling.ParseConfidence(settings.Confidence) // checked
	}
	if s.ledger.Budget != settings.DataBudget || s.ledger.At.IsZero() {
		s.ledger.set(settings.DataBudget, now)
	}
	s.buy()
}

// change changes settings, and writes them down before they count.
func (s *strength) change(c Change, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	settings, err := c.apply(s.settings)
	if err != nil {
		return err
	}
	if settings.DataBudget == 0 && s.profile == ProfilePhone {
		settings.DataBudget = DefaultPhoneBudget
	}
	if err := writeJSON(s.db, metaSettings, storedSettings{s.configured, settings}); err != nil {
		return err
	}
	s.adopt(settings, now)
	return nil
}

// samples returns how many cells to draw of a block of k rows.
func (s *strength) samples(k int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.samplesOf(k)
}

// wanted returns how many cells of a block of k rows there must be before its verdict is
// final: at most as many as it has, and 0 where a budget decides, which may change with each
// block.
func (s *strength) wanted(k int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.adaptive() {
		return 0
	}
	return min(s.samplesOf(k), 2*k*kzg.Columns)
}

func (s *strength) samplesOf(k int) int {
	switch {
	case s.settings.Samples > 0:
		return s.settings.Samples
	case s.settings.Confidence != "" && k > 0:
		return s.target.Samples(k)
	case s.adaptive():
		return s.bought
	}
	return sampling.DefaultSamples
}

// adaptive tells whether the number of samples follows from the budget; mu must be held.
// A phone samples at full strength, and fewer heights.
func (s *strength) adaptive() bool {
	chosen := s.settings.Samples > 0 || s.settings.Confidence != ""
	return s.settings.DataBudget > 0 && !chosen && s.profile != ProfilePhone
}

// buy works out what the budget buys; mu must be held.
func (s *strength) buy() {
	if s.adaptive() {
		s.bought = s.costs.buys(s.ledger.affordable())
	}
}

// spend charges bytes to the budget.
func (s *strength) spend(now time.Time, received, sent int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.spend(now, received, sent)
}

// learn takes in what following and sampling cost.
func (s *strength) learn(look costs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.costs.learn(look)
	s.buy()
}

// bounded tells whether there is a data budget.
func (s *strength) bounded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings.DataBudget > 0
}

// resting tells whether the credit is spent, and until when it is.
func (s *strength) resting() (bool, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.Resting, s.ledger.wakes()
}

// surplus tells whether there is credit for more than the newest heights.
func (s *strength) surplus() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.surplus()
}

// met notes the rows of a block.
func (s *strength) met(k int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k == 0 {
		return
	}
	s.ks = append(s.ks, k)
	if len(s.ks) > usualKs {
		s.ks = slices.Delete(s.ks, 0, len(s.ks)-usualKs)
	}
}

// mostRows is the largest square there can be: the one that takes most samples.
const mostRows = 256

// usual returns the median k of the newest blocks, the largest there can be before any is
// known; mu must be held.
func (s *strength) usual() int {
	if len(s.ks) == 0 {
		return mostRows
	}
	sorted := slices.Sorted(slices.Values(s.ks))
	return sorted[len(sorted)/2]
}

// StrengthReport says how strongly blocks are sampled.
type StrengthReport struct {
	Settings
	// Rows is the k that Samples and Confidence below are for: the median of the newest
	// blocks, or the largest there can be before any is known.
	Rows int `json:"usual_rows"`
	// Drawn is the number of cells drawn of such a block.
	Drawn int `json:"drawn"`
	// Reached is the confidence that buys, a decimal that is rounded down.
	Reached string `json:"reached_confidence"`
	// Adaptive tells that Drawn follows from the budget, and so may change.
	Adaptive bool `json:"adaptive"`
}

// DataReport says what a node has received and sent, and what it may. All are bytes.
type DataReport struct {
	Budget DataBudget `json:"budget_per_day"` // 0: unbounded
	// UsedToday is ReceivedToday plus SentToday, of the date Day in UTC.
	Day           string `json:"day"`
	UsedToday     int64  `json:"used_today"`
	ReceivedToday int64  `json:"received_today"`
	SentToday     int64  `json:"sent_today"`
	// Credit is what may be spent now; below 0 it is owed.
	Credit int64 `json:"credit"`
	// RestsUntil is when a node that rests, for want of credit, goes on.
	RestsUntil *time.Time `json:"rests_until,omitempty"`
	// PerCell and PerHeight are what a cell has cost lately, and a height apart from its cells.
	PerCell   int64 `json:"per_cell"`
	PerHeight int64 `json:"per_height"`
	// Share is the part of the heights that the budget pays for.
	Share float64 `json:"share_of_heights"`
}

func (s *strength) report() (strong StrengthReport, data DataReport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.usual()
	drawn := s.samplesOf(k)
	strong = StrengthReport{
		Settings: s.settings, Rows: k, Drawn: drawn, Reached: sampling.ConfidenceOf(k, drawn).String(), Adaptive: s.adaptive(),
	}
	l := &s.ledger
	data = DataReport{
		Budget: l.Budget, Day: l.Day, UsedToday: l.Received + l.Sent, ReceivedToday: l.Received, SentToday: l.Sent, Credit: int64(l.Credit),
		PerCell: int64(s.costs.perCell()), PerHeight: int64(s.costs.perHeight()), Share: 1,
	}
	if l.Budget > 0 {
		data.Share = s.costs.share(l.growth(), drawn)
	}
	if until := l.wakes(); !until.IsZero() {
		until = until.UTC()
		data.RestsUntil = &until
	}
	return strong, data
}

// save writes down what was spent.
func (s *strength) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return writeJSON(s.db, metaSpent, &s.ledger)
}

// readJSON reads a named value into out, which it leaves as it is if there is none.
func readJSON(db *database, name string, out any) error {
	encoded, err := readMeta(db, name)
	if err != nil || encoded == nil {
		return err
	}
	if err := json.Unmarshal(encoded, out); err != nil {
		return fmt.Errorf("%w: %s: %w", errRecord, name, err)
	}
	return nil
}

func writeJSON(db *database, name string, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("lightnode: encoding %s: %w", name, err)
	}
	return writeMeta(db, name, encoded)
}
