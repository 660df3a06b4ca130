package gateway

import (
	"log/slog"
	"time"
)

const (
	// firstSilence is how long what was said once is not said again; each time it is twice as long as before,
	firstSilence = 5 * time.Second
	// longestSilence at most.
	longestSilence = 10 * time.Minute
)

// troubles has failures that go on logged as they begin, as they change, at growing intervals, and as they end.
type troubles struct {
	began, last time.Time // when they began, and were last logged; zero: there are none
	silence     time.Duration
	said        string
}

// tell takes what the newest try came to.
func (t *troubles) tell(log *slog.Logger, err error, now time.Time) {
	switch {
	case err == nil && t.began.IsZero():
	case err == nil:
		log.Info("the gateway follows the chain again", "after", now.Sub(t.began).Round(time.Second))
		*t = troubles{}
	case t.began.IsZero():
		t.began, t.silence = now, firstSilence
		t.say(log, err, now)
	case now.Sub(t.last) >= t.silence:
		t.silence = min(2*t.silence, longestSilence)
		t.say(log, err, now)
	case err.Error() != t.said && now.Sub(t.last) >= firstSilence:
		t.say(log, err, now)
	}
}

func (t *troubles) say(log *slog.Logger, err error, now time.Time) {
	log.Warn("the gateway cannot follow the chain", "err", err, "since", t.began.UTC().Format(time.RFC3339))
	t.last, t.said = now, err.Error()
}
