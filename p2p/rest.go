package p2p

import (
	"errors"
	"sync/atomic"

	"github.com/libp2p/go-libp2p/core/network"
)

// rest tells whether a host is to have nothing to do with anybody.
type rest struct{ resting atomic.Bool }

// notifiee has connections closed that came about while a rest began.
func (r *rest) notifiee() network.Notifiee {
	return &network.NotifyBundle{ConnectedF: func(_ network.Network, conn network.Conn) {
		if r.resting.Load() {
			_ = conn.Close() // it is gone either way
		}
	}}
}

// Rest closes all connections and has none made, in either direction, until Resume. A host
// that rests neither sends nor receives anything but what tells its peers so.
func (h *Host) Rest() error {
	h.rest.resting.Store(true)
	var errs []error
	for _, id := range h.Peers() {
		errs = append(errs, h.host.Network().ClosePeer(id))
	}
	return errors.Join(errs...)
}

// Resume ends a rest. Peers of the Config are dialled again within a minute; a caller in a
// hurry connects to whom it wants. A new host does not rest.
func (h *Host) Resume() { h.rest.resting.Store(false) }

// Resting tells whether the host rests.
func (h *Host) Resting() bool { return h.rest.resting.Load() }
