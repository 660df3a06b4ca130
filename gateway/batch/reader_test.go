package batch_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/batch"
)

// TestReadsGoOnWithinTheirMemory has who asks for a batch leave: the memory stays set aside until it is read, and who is gone
// already has nothing read.
func TestReadsGoOnWithinTheirMemory(t *testing.T) {
	arrived, answer := make(chan struct{}, 1), make(chan struct{})
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case arrived <- struct{}{}:
		default:
		}
		<-answer
		http.Error(w, "{}", http.StatusNotFound)
	}))
	defer node.Close()
	c, err := client.New(t.Context(), client.Config{URL: node.URL})
	if err != nil {
		t.Fatal(err)
	}
	core, err := gateway.New(gateway.Config{
		Client: c, Namespace: da.Namespace{28: 1, 27: 1}, Index: filepath.Join(t.TempDir(), "index"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	reader := batch.NewReader(core, batch.KindRollkit, func(*batch.Item) (string, bool) { return "", true }, func(context.Context, int64) error {
		held++
		return nil
	})
	blob := gateway.Sized{Ref: gateway.Ref{Height: 1, ID: da.BlobID{1}}, Size: 1}
	ctx, leave := context.WithCancel(t.Context())
	read := make(chan error, 1)
	go func() {
		_, err := reader.Batch(ctx, blob)
		read <- err
	}()
	<-arrived
	leave()
	select {
	case <-read:
		close(answer)
		t.Fatal("the memory is let go of while the batch is read")
	case <-time.After(50 * time.Millisecond):
	}
	close(answer)
	if err := <-read; err == nil {
		t.Error("a batch that no node gave")
	}
	if _, err := reader.Batch(ctx, blob); err == nil || held != 1 {
		t.Errorf("%v, set aside %d times", err, held)
	}
}
