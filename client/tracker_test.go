package client

import "testing"

// TestNoHeightIsLeftOut adds a flight that is to be looked for from earlier on while a later
// height is being read: heights in between are not taken for looked through.
func TestNoHeightIsLeftOut(t *testing.T) {
	key, prepared, signed := journalled(t, "one")
	namespace := prepared.infos[0].Namespace
	fly := func(since uint64) *flight {
		f := &flight{sub: newSubmission(key, prepared.infos), prepared: prepared}
		tx := *signed
		tx.since = since
		f.take(&tx)
		return f
	}
	early, late := fly(4), fly(10)
	c, err := New(t.Context(), Config{URL: "http://node"})
	if err != nil {
		t.Fatal(err)
	}
	l := newLane(c, nil, "")
	w := &watch{namespace: namespace, cursor: 10, flights: map[*flight]*lane{late: l}}
	c.tracker.watches[namespace], c.tracker.running = w, true
	reading := c.tracker.of(w)
	c.tracker.add(early, l)
	c.tracker.passed(w, reading, 11)
	c.tracker.passed(w, c.tracker.of(w), 12)
	if w.cursor != 4 || early.absent.Load() != 4 || late.absent.Load() != 12 {
		t.Errorf("looked through up to %d, absent up to %d and %d: want 4, 4 and 12", w.cursor, early.absent.Load(), late.absent.Load())
	}
}
