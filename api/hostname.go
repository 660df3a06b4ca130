package api

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// guardName refuses requests to a light node that serves its own machine alone, if they name the server by a name that
// somebody else may have pointed here: by that a foreign web page passes for a page of this server, and reads what is to be
// sampled before it is.
func (c *Config) guardName(next http.Handler) http.Handler {
	if host, _, err := net.SplitHostPort(c.Address); c.Light == nil || err != nil || !isLocal(host) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.knowsName(r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		problem, status := problemOf(Advise(fmt.Errorf("%w: nobody but this machine is served, and %.60q may be anybody's name for it", ErrUnauthorized, r.Host),
			"call it by its address, or allow the name as a web origin with --api.origins"), "")
		body, err := json.Marshal(ErrorBody{problem})
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		send(w, status, "application/json", body)
	})
}

// knowsName tells whether a request's Host is an address, localhost, or that of an origin that is allowed.
func (c *Config) knowsName(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if _, err := netip.ParseAddr(name); err == nil || isLocal(name) {
		return true
	}
	return slices.ContainsFunc(c.Origins, func(origin string) bool {
		parsed, err := url.Parse(origin)
		return origin == "*" || err == nil && strings.EqualFold(parsed.Hostname(), name)
	})
}

// isLocal tells whether a name or an address is this machine's own.
func isLocal(name string) bool {
	if address, err := netip.ParseAddr(name); err == nil {
		return address.IsLoopback()
	}
	return strings.EqualFold(name, "localhost")
}
