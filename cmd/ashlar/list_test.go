package main

import (
	"slices"
	"testing"
)

func TestListReadsBothForms(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"[]", nil},
		{"/ip4/127.0.0.1/tcp/1", []string{"/ip4/127.0.0.1/tcp/1"}},
		{"/ip4/127.0.0.1/tcp/1,/ip4/127.0.0.1/udp/1/quic-v1", []string{"/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/udp/1/quic-v1"}},
		{"[/ip4/127.0.0.1/tcp/1 /ip4/127.0.0.1/udp/1/quic-v1]", []string{"/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/udp/1/quic-v1"}},
	} {
		var l list
		if err := l.Set(test.text); err != nil || !slices.Equal(l, test.want) {
			t.Errorf("Set(%q) gives %q (%v), want %q", test.text, l, err, test.want)
		}
	}
}
