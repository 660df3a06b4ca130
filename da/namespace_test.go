package da

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestNewNamespace(t *testing.T) {
	for name, test := range map[string]struct {
		user []byte
		want string // hex; empty where it must be refused
	}{
		"ten bytes":          {[]byte("0123456789"), strings.Repeat("00", 19) + "30313233343536373839"},
		"fewer, right":       {[]byte{1, 0}, strings.Repeat("00", 27) + "0100"},
		"eleven bytes":       {bytes.Repeat([]byte{1}, 11), ""},
		"none":               {nil, ""},
		"one byte, reserved": {[]byte{7}, ""},
		"zeros then one":     {[]byte{0, 0, 255}, ""},
	} {
		n, err := NewNamespace(test.user)
		if test.want == "" {
			if !errors.Is(err, ErrInvalidNamespace) {
				t.Errorf("%s: have %v, want ErrInvalidNamespace", name, err)
			}
			continue
		}
		if err != nil || n.String() != test.want {
			t.Errorf("%s: have %s, %v, want %s", name, n, err, test.want)
		}
	}
}

func TestValidateForBlob(t *testing.T) {
	valid := testNamespace(1)
	if err := valid.ValidateForBlob(); err != nil {
		t.Fatal(err)
	}
	for name, corrupt := range map[string]func(*Namespace){
		"version 1":           func(n *Namespace) { n[0] = 1 },
		"version 255":         func(n *Namespace) { n[0] = 255 },
		"first of zero bytes": func(n *Namespace) { n[1] = 1 },
		"last of zero bytes":  func(n *Namespace) { n[18] = 1 },
		"reserved":            func(n *Namespace) { *n = Namespace{28: 9} },
		"transactions'":       func(n *Namespace) { *n = TxNamespace() },
		"all zero":            func(n *Namespace) { *n = Namespace{} },
	} {
		n := valid
		corrupt(&n)
		if err := n.ValidateForBlob(); !errors.Is(err, ErrInvalidNamespace) {
			t.Errorf("%s: have %v, want ErrInvalidNamespace", name, err)
		}
	}
}

func TestParseNamespace(t *testing.T) {
	want := testNamespace(3)
	got, err := ParseNamespace(want.String())
	if err != nil || got != want {
		t.Errorf("have %s, %v, want %s", got, err, want)
	}
	for _, s := range []string{"", "00", want.String() + "00", strings.Repeat("g", 58), "0x" + want.String()} {
		if _, err := ParseNamespace(s); !errors.Is(err, ErrInvalidNamespace) {
			t.Errorf("%q: have %v, want ErrInvalidNamespace", s, err)
		}
	}
}

func FuzzParseNamespace(f *testing.F) {
	f.Add(testNamespace(1).String())
	f.Add("")
	f.Add(strings.Repeat("F", 58))
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseNamespace(s)
		if err == nil && n.String() != strings.ToLower(s) {
			t.Errorf("%q parses as %s", s, n)
		}
	})
}
