package lightnode

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ashlar-da/ashlar/api"
)

// answers gives the HTTP API what it asks of a node.
type answers struct {
	node *Node
}

var _ api.Lights = answers{}

// Status implements api.Lights.
func (a answers) Status(ctx context.Context) (any, error) { return a.node.Status(ctx) }

// Availability implements api.Lights.
func (a answers) Availability(ctx context.Context, height uint64) (any, error) {
	return a.node.Availability(ctx, height)
}

// Events implements api.Lights.
func (a answers) Events(ctx context.Context, after uint64) <-chan api.Event {
	return a.node.events.listen(ctx, after)
}

// metricsHandler answers with the metrics as they are: a compressor would keep 1.2 MB that
// nobody needs between two scrapes.
func (n *Node) metricsHandler() http.Handler {
	return promhttp.HandlerFor(n.config.Metrics, promhttp.HandlerOpts{DisableCompression: true})
}
