package httpserver

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// maxConnections bounds a server's connections, those that a handler took over left out: each is a file of the process, which
// may be a validator's, and who finds none left for its database ends.
const maxConnections = 1024

// connections closes the connection that has been idle for longest where there are too many, or else the newest. It is safe for
// concurrent use.
type connections struct {
	most int

	mu   sync.Mutex
	all  map[net.Conn]*list.Element // of idle, nil for those in use; guarded by mu
	idle *list.List                 // of net.Conn, the longest idle first; guarded by mu
}

func newConnections(most int) *connections {
	return &connections{most: most, all: make(map[net.Conn]*list.Element), idle: list.New()}
}

// note is an http.Server's ConnState.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	surplus := c.change(conn, state)
	if encrypted, ok := surplus.(*tls.Conn); ok {
		surplus = encrypted.NetConn() // to say goodbye may take long
	}
	if surplus != nil {
		_ = surplus.Close()
	}
}

// change notes a connection's state, and returns one to be closed, nil if there is room.
func (c *connections) change(conn net.Conn, state http.ConnState) (surplus net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.all[conn]; at != nil {
		c.idle.Remove(at)
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(c.all, conn)
		return nil
	case http.StateIdle:
		c.all[conn] = c.idle.PushBack(conn)
		return nil
	}
	c.all[conn] = nil
	if len(c.all) <= c.most {
		return nil
	}
	if oldest := c.idle.Front(); oldest != nil {
		surplus = c.idle.Remove(oldest).(net.Conn)
	} else if state == http.StateNew {
		surplus = conn
	}
	if surplus != nil {
		delete(c.all, surplus)
	}
	return surplus
}
