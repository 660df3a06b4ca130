package testnet

import (
	"strings"
	"testing"
	"time"
)

func TestParseProcessorTime(t *testing.T) {
	const fields = " S 1 2 3 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 5 0 100 0 0"
	for _, test := range []struct {
		name, stat string
		want       time.Duration
	}{
		{"a process", "12 (ashlar)" + fields, 4 * time.Second},
		{"a name with brackets and blanks", "12 (a) b (c 7)" + fields, 4 * time.Second},
		{"cut short", "12 (ashlar) S 1 2 3", 0},
		{"no numbers", "12 (ashlar)" + strings.ReplaceAll(fields, "250", "x"), 0},
		{"nothing", "", 0},
	} {
		if have := parseProcessorTime(test.stat); have != test.want {
			t.Errorf("%s: have %v want %v", test.name, have, test.want)
		}
	}
}

func TestGenesisValues(t *testing.T) {
	const text = `{"app_state": {"blob": {"params": {"max_rows": 34, "reserve_price": "1000000000"}}}, "big": 18446744073709551615}`
	changed, err := Genesis{"app_state.blob.params.max_rows": 64}.edit([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"max_rows": 64`, `"reserve_price": "1000000000"`, `18446744073709551615`} {
		if !strings.Contains(string(changed), want) {
			t.Errorf("no %s in %s", want, changed)
		}
	}
	for _, path := range []string{"app_state.blob.params.rows", "app_state.bank.params", "max_rows", ""} {
		if _, err := (Genesis{path: 1}).edit([]byte(text)); err == nil {
			t.Errorf("%q: a value that is not there was changed", path)
		}
	}
}
