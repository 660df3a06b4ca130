package lightnode

import "time"

const (
	// headPause is the least time between two questions about the head. Anybody may announce
	// any height: without it a stranger could have the node use up what its peers allow it.
	// It doubles with each question that came to nothing, up to headPauseMost.
	headPause     = 250 * time.Millisecond
	headPauseMost = 4 * time.Second
	// headSettle is how long after its announcement a head is asked for: peers get a block one
	// after another, and whoever has not got it yet is asked in vain.
	headSettle = 500 * time.Millisecond
	// headWait is how long a height may be known by hearsay before it is verified although
	// its turn has not come, as when the chain is slow or stands still.
	headWait = time.Minute
)

// news decides when to ask peers about the head, and for what: a height is verified with its
// commit when its turn has come, so that most headers need none (they link to one that has).
// It holds no more than what peers say, none of which is believed: the most that lies bring
// about is questions, headPause and more apart. It is a value of its inputs, and one goroutine
// uses it.
type news struct {
	every uint64        // heights from one turn to the next
	poll  time.Duration // for how long nobody may announce anything before somebody is asked
	// foresees tells that a turn is asked for when it is due by the pace of the chain, because
	// nothing is announced: that is cheaper where turns are far apart.
	foresees bool

	verified uint64        // newest verified height, 0 if there is none
	at       time.Time     // of its block
	pace     time.Duration // from a block to the next, 0 if not known
	heard    uint64        // greatest height above that anybody claims, 0 if none
	claimed  uint64        // height above that a peer that was asked claims to hold, 0 if none
	since    time.Time     // when a height above was first heard of, zero if none was
	due      time.Time     // when the turn may be asked for, once it was heard of
	delay    time.Duration // how long after its block's time a turn is there, by this machine's clock
	timed    bool          // delay is known
	slack    time.Duration // by how much sooner than foreseen a turn is asked for
	pollAt   time.Time     // when somebody is asked, if nothing else happens
	tried    time.Time     // when somebody was asked last
	vain     int           // questions that came to nothing since a header was verified
}

// question is what to ask next, and when.
type question struct {
	height uint64 // to verify; 0: what the newest is
	at     time.Time
}

// turn is the height that is verified next.
func (w *news) turn() uint64 { return w.verified - w.verified%w.every + w.every }

// next returns what to ask next.
func (w *news) next(now time.Time) question {
	from := w.tried.Add(w.pause())
	waited := w.since.Add(headWait)
	switch {
	case w.claimed >= w.turn():
		return question{w.claimed - w.claimed%w.every, later(from, w.due)}
	case w.claimed > 0 && !waited.After(from):
		return question{w.claimed, from}
	case w.heard >= w.turn()+w.every: // there are later turns: to which one to go is a peer's to say
		return question{0, later(from, w.due)}
	case w.heard >= w.turn():
		return question{w.turn(), later(from, w.due)}
	case w.foresees && w.pace > 0:
		return w.foresee(now, from)
	case w.heard == 0:
		return question{0, later(from, w.pollAt)}
	case w.claimed > 0 && waited.Before(w.pollAt):
		return question{w.claimed, waited}
	}
	return question{0, later(from, earlier(waited, w.pollAt))}
}

// foresee returns what to ask by the pace of the chain: for the turn when it is due; what the
// newest is if that is later than a minute from the last question, or when so much later that
// there may be further turns.
func (w *news) foresee(now, from time.Time) question {
	due := w.at.Add(time.Duration(w.turn()-w.verified)*w.pace + w.delay - w.slack)
	look := w.tried.Add(headWait)
	switch overdue := now.After(due.Add(time.Duration(w.every) * w.pace)); {
	case overdue && w.vain == 0:
		return question{0, from}
	case overdue:
		return question{0, w.tried.Add(w.poll)}
	case due.After(look):
		return question{0, look}
	}
	return question{w.turn(), later(earlier(from, w.tried.Add(2*headPause)), due)}
}

// early takes in that the turn was asked for before there was one.
func (w *news) early(now time.Time) {
	w.tried, w.slack = now, 0
	w.heard, w.claimed = 0, 0
	w.pollAt = now.Add(min(w.pause(), w.poll))
	w.vain++
}

// settle adapts what is foreseen to a turn that was there so much later than its block's time. If
// it was there when it was first asked for, it might have been for long: turns are then asked for
// ever sooner, until one is not.
func (w *news) settle(late time.Duration) {
	if w.vain > 0 || !w.timed {
		w.delay, w.slack, w.timed = late, 0, true
		return
	}
	w.delay, w.slack = min(w.delay, late), min(max(2*w.slack, headPause), w.pace/4)
}

// pause is how long after a question another may be asked.
func (w *news) pause() time.Duration {
	return min(headPause<<min(w.vain, 8), headPauseMost, max(w.poll, headPause))
}

// hear takes in that somebody announced a height.
func (w *news) hear(height uint64, now time.Time) {
	if height <= w.verified {
		return
	}
	if w.since.IsZero() {
		w.since = now
	}
	if w.heard < w.turn() && height >= w.turn() {
		w.due = now.Add(min(headSettle, w.poll))
	}
	w.heard, w.pollAt = max(w.heard, height), now.Add(w.poll)
}

// told takes in which height a peer that was asked claims to be its newest.
func (w *news) told(height uint64, now time.Time) {
	w.tried, w.claimed = now, 0
	if height < w.heard || height <= w.verified {
		w.vain++
		w.heard = 0 // whoever claimed more will do so again
	}
	w.hear(height, now)
	w.pollAt = now.Add(w.poll)
	if height > w.verified {
		w.claimed = height
	}
}

// advanced takes in that a height was verified, and when its block was made.
func (w *news) advanced(height uint64, at, now time.Time) {
	if height > w.verified && !w.at.IsZero() {
		w.pace = max(at.Sub(w.at)/time.Duration(height-w.verified), 0)
	}
	heard, late := w.heard, now.Sub(at)
	if w.claimed > height { // blocks have been made since
		late -= time.Duration(min(w.claimed-height, w.every)) * w.pace
	}
	w.settle(late)
	w.verified, w.at, w.heard, w.claimed, w.since = height, at, 0, 0, time.Time{}
	w.tried, w.vain, w.pollAt = now, 0, now.Add(w.poll)
	w.hear(heard, now)
}

// failed takes in that a question came to nothing: what led to it is no longer believed, and
// somebody is asked soon.
func (w *news) failed(now time.Time) {
	w.heard, w.claimed, w.tried = 0, 0, now
	w.pollAt = now.Add(min(w.pause(), w.poll))
	w.vain++
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
