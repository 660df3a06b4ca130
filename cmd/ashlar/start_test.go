package main

import (
	"slices"
	"testing"
)

func TestPlainList(t *testing.T) {
	for _, c := range []struct{ in, want []string }{
		{nil, nil},
		{[]string{"[]"}, nil},
		{[]string{"[/ip4/127.0.0.1/tcp/1]"}, []string{"/ip4/127.0.0.1/tcp/1"}},
		{[]string{"[/ip4/127.0.0.1/tcp/1 /ip4/127.0.0.1/tcp/2]"}, []string{"/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/2"}},
		{[]string{"https://[::1]"}, []string{"https://[::1]"}},
		{[]string{"a", "b"}, []string{"a", "b"}},
	} {
		if have := plainList(c.in); !slices.Equal(have, c.want) {
			t.Errorf("%q: have %q want %q", c.in, have, c.want)
		}
	}
}
