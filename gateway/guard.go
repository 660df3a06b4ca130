package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
)

// ErrInternal means that a mistake in this program ended what was asked for. The log has where.
var ErrInternal = errors.New("internal error, see the gateway's log")

// Guard keeps the process, which may be a node, from ending by a panic of what serves a request.
type Guard struct {
	Log *slog.Logger
	// Panics counts them; nil: nobody does.
	Panics prometheus.Counter
}

// Call calls do, and fails with ErrInternal where that panics.
func (g *Guard) Call(do func() error) (err error) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		err = ErrInternal
		if cause == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
			return
		}
		g.Log.Error("panic in the gateway", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		if g.Panics != nil {
			g.Panics.Inc()
		}
	}()
	return do()
}
