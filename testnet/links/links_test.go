package links

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// pair returns both ends of a connection of 100 ms and 1000 bytes per second.
func pair() (a, b *end) {
	there, back := newPipe(100*time.Millisecond, 1000), newPipe(100*time.Millisecond, 1000)
	return &end{in: back, out: there}, &end{in: there, out: back}
}

func TestBytesTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair()
		began := time.Now()
		sent := bytes.Repeat([]byte{1, 2, 3, 4}, 500)
		if n, err := a.Write(sent); n != len(sent) || err != nil {
			t.Fatal(n, err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("writing took %v, although there was room", took)
		}
		got := make([]byte, len(sent))
		if _, err := io.ReadFull(b, got); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("other bytes arrived, %v", err)
		}
		if took := time.Since(began); took != 2100*time.Millisecond {
			t.Errorf("2000 bytes took %v, want 2 s and the latency", took)
		}
	})
}

func TestAWriterWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair()
		written := make(chan error)
		go func() {
			_, err := a.Write(make([]byte, window+1))
			written <- err
		}()
		synctest.Wait()
		select {
		case err := <-written:
			t.Fatalf("%d bytes were written: %v", window+1, err)
		default:
		}
		if _, err := b.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair()
		began := time.Now()
		if err := errors.Join(a.SetDeadline(began.Add(time.Second)), b.SetReadDeadline(began.Add(50*time.Millisecond))); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Write([]byte("late")); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Read(make([]byte, 4)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 50*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if _, err := a.Write(make([]byte, 2*window)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestWhatWasWrittenBeforeTheEndArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair()
		if _, err := a.Write([]byte("last words")); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(b); err != nil || string(got) != "last words" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := a.Write([]byte("more")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("writing after the end: %v", err)
		}
		if _, err := b.Write([]byte("answer")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("writing to who does not listen: %v", err)
		}
	})
}
