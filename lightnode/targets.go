package lightnode

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	// mostTargets bounds the heights that wait for a phone to sample them, mostRandom those
	// that a wake draws, mostNamed those that an app named: the others are left to be drawn.
	mostTargets = 256
	mostRandom  = 64
	mostNamed   = mostTargets - mostRandom
	// lateTries is how many wakes look for the late cells of an unavailable height.
	lateTries = 8
)

// ErrTooManyNamed means that no more heights can wait to be sampled.
var ErrTooManyNamed = errors.New("lightnode: too many heights wait to be sampled: the data budget or the peers cannot keep up")

// target is a height that a phone is to sample.
type target struct {
	Height uint64 `json:"height"`
	// Named tells that an app asked for it; otherwise it was drawn.
	Named bool `json:"named,omitempty"`
	// Judged tells that it has been found unavailable, and since been tried so many times.
	Judged bool `json:"judged,omitempty"`
	Tries  int  `json:"tries,omitempty"`
}

// targets is what a phone has checked and is to check. It is on disk before a peer can learn
// which heights were drawn, so that a peer's silence about one does not make the node draw
// another.
type targets struct {
	// Start is the newest height when the profile began; those above count. Head is the
	// newest verified one.
	Start uint64      `json:"start"`
	Head  *HeadReport `json:"head,omitempty"`
	// Waiting are the heights still to be sampled.
	Waiting []target `json:"waiting"`
	// Checked are the heights above Start that got a verdict, CheckedNamed those of them
	// that were named.
	Checked      uint64 `json:"checked"`
	CheckedNamed uint64 `json:"checked_named"`
	// WakeBytes and HeightBytes are what a wake has cost apart from its heights, and a height.
	WakeBytes   float64     `json:"wake_bytes"`
	HeightBytes float64     `json:"height_bytes"`
	Last        *WakeReport `json:"last,omitempty"`
}

// head returns the newest verified height, 0 if there is none.
func (t *targets) head() uint64 {
	if t.Head == nil {
		return 0
	}
	return t.Head.Height
}

// passed counts the heights that there were to check.
func (t *targets) passed() uint64 { return t.head() - min(t.Start, t.head()) }

// advance notes a newer head and draws n of the heights that came with it, the first head
// among them.
func (t *targets) advance(random io.Reader, head *HeadReport, n int) error {
	before := t.head()
	if t.Head == nil {
		t.Start = head.Height - 1
		before = t.Start
	}
	t.Head = head
	return t.draw(random, before, head.Height, n)
}

// draw adds n random heights of (above, to], fewer if there are fewer or no more may wait.
func (t *targets) draw(random io.Reader, above, to uint64, n int) error {
	var open []uint64
	if to > above && to-above <= 2*mostTargets { // few enough to list
		for height := above + 1; height <= to; height++ {
			if !t.waits(height) {
				open = append(open, height)
			}
		}
		n = min(n, len(open))
	}
	for n = min(n, mostRandom, mostTargets-len(t.Waiting)); n > 0 && to > above; {
		i, err := uniform(random, drawable(open, above, to))
		if err != nil {
			return err
		}
		height := above + 1 + i
		if open != nil {
			height = open[i]
			open = slices.Delete(open, int(i), int(i)+1)
		}
		if !t.waits(height) {
			t.Waiting = append(t.Waiting, target{Height: height})
			n--
		}
	}
	return nil
}

// drawable counts the heights to draw from.
func drawable(open []uint64, above, to uint64) uint64 {
	if open != nil {
		return uint64(len(open))
	}
	return to - above
}

// uniform draws a number in [0, n), every one as likely; n is above 0.
func uniform(random io.Reader, n uint64) (uint64, error) {
	var word [8]byte
	for {
		if _, err := io.ReadFull(random, word[:]); err != nil {
			return 0, fmt.Errorf("lightnode: drawing heights: %w", err)
		}
		const most = 1<<64 - 1
		if v := binary.BigEndian.Uint64(word[:]); v < most-most%n {
			return v % n, nil
		}
	}
}

// waits tells whether a height waits already.
func (t *targets) waits(height uint64) bool {
	return slices.ContainsFunc(t.Waiting, func(w target) bool { return w.Height == height })
}

// name adds a height that an app asks for.
func (t *targets) name(height uint64) error {
	named := 0
	for i := range t.Waiting {
		if t.Waiting[i].Height == height {
			t.Waiting[i].Named = true
			return nil
		}
		named += flag(t.Waiting[i].Named)
	}
	if named >= mostNamed || len(t.Waiting) >= mostTargets {
		return fmt.Errorf("%w: %d do", ErrTooManyNamed, len(t.Waiting))
	}
	t.Waiting = append(t.Waiting, target{Height: height, Named: true})
	return nil
}

// drop gives a height up, of which nothing was checked.
func (t *targets) drop(height uint64) {
	t.Waiting = slices.DeleteFunc(t.Waiting, func(w target) bool { return w.Height == height })
}

// due returns the heights to work on, those named first and the newest first among them.
func (t *targets) due() []target {
	due := slices.DeleteFunc(slices.Clone(t.Waiting), func(w target) bool { return w.Height > t.head() })
	slices.SortFunc(due, func(a, b target) int {
		if a.Named != b.Named {
			return cmp.Compare(flag(b.Named), flag(a.Named))
		}
		return cmp.Compare(b.Height, a.Height)
	})
	return due
}

// settle notes what a wake made of a height: nothing if r is nil or pending.
func (t *targets) settle(height uint64, r *record) {
	i := slices.IndexFunc(t.Waiting, func(w target) bool { return w.Height == height })
	if i < 0 || r == nil || r.Checked.IsZero() || r.Verdict.Verdict == 0 {
		return
	}
	w := &t.Waiting[i]
	if !w.Judged && height > t.Start {
		t.Checked++
		t.CheckedNamed += uint64(flag(w.Named))
	}
	w.Judged = true
	w.Tries++
	if r.finished() || w.Tries >= lateTries {
		t.Waiting = slices.Delete(t.Waiting, i, i+1)
	}
}

// affords returns how many heights a wake pays for besides those that wait.
func (t *targets) affords(bytes float64) int {
	left := (bytes-t.WakeBytes)/max(t.HeightBytes, 1) - float64(len(t.due()))
	return int(max(min(left, mostRandom), 0))
}

// learn takes in what a wake cost.
func (t *targets) learn(connecting, sampling int64, heights int) {
	blend := func(old *float64, now float64) { *old += (now - *old) / 4 }
	blend(&t.WakeBytes, float64(connecting))
	if heights > 0 {
		blend(&t.HeightBytes, float64(sampling)/float64(heights))
	}
}

// WakeReport says what a phone's wake came to.
type WakeReport struct {
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	// Head is the newest verified height, Peers how many were connected.
	Head  uint64 `json:"head"`
	Peers int    `json:"peers"`
	// Allowed is what the wake might receive and send, and Received and Sent what it did.
	Allowed  int64 `json:"allowed_bytes"`
	Received int64 `json:"received_bytes"`
	Sent     int64 `json:"sent_bytes"`
	// Drawn is how many heights were drawn in this wake; Available, Unavailable and Invalid
	// are verdicts reached in it; Pending is how many heights were worked on without one.
	Drawn       int `json:"drawn"`
	Available   int `json:"available"`
	Unavailable int `json:"unavailable"`
	Invalid     int `json:"invalid"`
	Pending     int `json:"pending"`
	// Waiting is how many heights wait for a later wake.
	Waiting int `json:"waiting"`
	// Ended says what ended the wake: done, bytes, time, no_peer, or no_head where no header
	// verified.
	Ended string `json:"ended"`
}

// Bytes returns what the wake received and sent.
func (r *WakeReport) Bytes() int64 { return r.Received + r.Sent }

// PhoneReport says what the phone profile has checked.
type PhoneReport struct {
	// Since is the height above which heights count; Passed is how many there have been,
	// and Checked how many of them got a verdict, Named of those because they were named.
	Since   uint64 `json:"since_height"`
	Passed  uint64 `json:"heights_passed"`
	Checked uint64 `json:"heights_checked"`
	Named   uint64 `json:"heights_named"`
	// Share is Checked of Passed, 0 if none passed.
	Share float64 `json:"share"`
	// Waiting is how many heights are still to be sampled.
	Waiting int         `json:"waiting"`
	Last    *WakeReport `json:"last_wake,omitempty"`
}

func (t *targets) report() *PhoneReport {
	r := &PhoneReport{Since: t.Start, Passed: t.passed(), Checked: t.Checked, Named: t.CheckedNamed, Waiting: len(t.Waiting), Last: t.Last}
	if r.Passed > 0 {
		r.Share = float64(r.Checked) / float64(r.Passed)
	}
	return r
}
