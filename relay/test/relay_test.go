package test

import (
	"testing"
	"time"
)

func TestCatchesUp(t *testing.T) {
	w := newWorld(t, 5)
	w.ashlar.advance(53) // to height 54, of epoch 5; the set of epoch 6 is taken
	r := w.open(w.config(0))
	w.relayed(r, 20, func() bool { return w.epoch() == 6 && idle(r) })
	if n := w.nonce(0); n != 6 {
		t.Errorf("%d transactions for 6 rotations", n)
	}
	if s := r.Status(); s.Rotated != 6 || s.Reverted != 0 || s.Sent != 6 {
		t.Errorf("status %+v", s)
	}
	w.ashlar.advance(10)
	w.relayed(r, 10, func() bool { return w.epoch() == 7 && idle(r) })
}

func TestSchedule(t *testing.T) {
	w := newWorld(t, 5)
	c := w.config(0)
	c.Policy.Every = 10 * time.Minute
	r := w.open(c)
	w.relayed(r, 10, func() bool { return w.attested(1) && w.epoch() == 1 && idle(r) })
	w.ashlar.advance(5)
	for range 5 {
		w.step(r)
		w.l1.Mine(1)
	}
	if w.attested(6) {
		t.Error("a certificate was posted before its time")
	}
}

func TestPostsHeights(t *testing.T) {
	w := newWorld(t, 5)
	w.ashlar.advance(25) // to height 26, of epoch 2
	c := w.config(0)
	c.Heights, c.Once = []uint64{24, 3}, true
	r := w.open(c)
	done := false
	for range 20 {
		if done = w.step(r); done {
			break
		}
		w.l1.Mine(1)
	}
	if !done || !w.attested(24) || w.epoch() != 3 {
		t.Errorf("done %v, epoch %d\n%s", done, w.epoch(), w.log.String())
	}
}
