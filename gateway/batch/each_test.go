package batch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestManyBlobs has a height with so many blobs that reading them takes hours: it is given up after a minute, with what was read.
func TestManyBlobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make([]bool, 100_000)
		began := time.Now()
		err := each(t.Context(), len(read), func(ctx context.Context, i int) error {
			select {
			case <-time.After(time.Second):
				read[i] = true
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if took := time.Since(began); !errors.Is(err, errPatience) || took > patience+time.Second {
			t.Errorf("%v after %s", err, took)
		}
		for i, done := range read[:(readers-1)*int(patience/time.Second)] {
			if !done {
				t.Errorf("number %d was not read", i)
			}
		}
		mistake := errors.New("a mistake")
		if err := each(t.Context(), len(read), func(context.Context, int) error { return mistake }); !errors.Is(err, mistake) {
			t.Error(err)
		}
	})
}
