package api

import (
	"context"
	"net/http"
	"sync"
	"testing"
)

func TestRequestsInFlightAreBounded(t *testing.T) {
	config := fullConfig(newSquares(), new(fakeSubmitter))
	config.MaxStreams = 1
	url := start(t, config) + "/v1/namespaces/" + goodNamespace + "/blobs?from=5"
	first := listen(t, url, "")
	first()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
		t.Errorf("one stream too many: %s", response.Status)
	}
}

// crowd sends n requests for a path and returns when all have begun; the test ends after them.
func crowd(t *testing.T, h http.Handler, path string, n int, begun <-chan struct{}) {
	t.Helper()
	var group sync.WaitGroup
	t.Cleanup(group.Wait)
	for range n {
		group.Go(func() {
			if w := ask(h, "GET", path, nil); w.Code != http.StatusOK {
				t.Errorf("%s: %d, %s", path, w.Code, w.Body)
			}
		})
		<-begun
	}
}

// blocking is a chain whose fees nobody learns before it is released.
type blocking struct {
	Chain
	begun, release chan struct{}
}

func (b blocking) Fees(ctx context.Context) (*Fees, error) {
	b.begun <- struct{}{}
	<-b.release
	return b.Chain.Fees(ctx)
}

// TestBoundsAreApart takes all slots of one kind at a time.
func TestBoundsAreApart(t *testing.T) {
	for _, test := range []struct {
		name, taken string
		slots       int
		want        map[string]int
	}{
		{"reads", "/v1/fees", 3, map[string]int{"/healthz": 200, "/openapi.json": 200, "/v1/status": 429, "/none": 404}},
		{"asides", "/metrics", maxAsides, map[string]int{"/healthz": 200, "/openapi.json": 429, "/metrics": 429, "/v1/status": 200, "/none": 404}},
	} {
		t.Run(test.name, func(t *testing.T) {
			begun, release := make(chan struct{}), make(chan struct{})
			config := fullConfig(newSquares(), new(fakeSubmitter))
			config.MaxRequests = 3
			config.Full.Chain = blocking{config.Full.Chain, begun, release}
			config.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				begun <- struct{}{}
				<-release
			})
			h := newHandler(t, config)
			crowd(t, h, test.taken, test.slots, begun)
			defer close(release)
			for path, want := range test.want {
				if w := ask(h, "GET", path, nil); w.Code != want {
					t.Errorf("%s: %d, want %d: %s", path, w.Code, want, w.Body)
				}
			}
		})
	}
}
