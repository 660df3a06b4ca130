package lightnode

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestConfigIsValidated(t *testing.T) {
	t.Parallel()
	valid := func() Config { return Config{Home: "h", ChainID: "c", Log: testLog(t)} }
	if c, err := valid().resolve(); err != nil || c.Profile != ProfileFull || c.Deadline != time.Minute || c.Window != 18*24*time.Hour {
		t.Fatalf("the least Config: %+v, %v", c, err)
	}
	rows := map[string]func(*Config){
		"no home":             func(c *Config) { c.Home = "" },
		"no chain":            func(c *Config) { c.ChainID = "" },
		"no log":              func(c *Config) { c.Log = nil },
		"negative deadline":   func(c *Config) { c.Deadline = -1 },
		"hasty deadline":      func(c *Config) { c.Deadline = time.Millisecond },
		"negative window":     func(c *Config) { c.Window = -time.Hour },
		"too many samples":    func(c *Config) { c.Samples = 5000 },
		"negative samples":    func(c *Config) { c.Samples = -1 },
		"negative cache":      func(c *Config) { c.CellCache = -1 },
		"too many workers":    func(c *Config) { c.Workers = 1000 },
		"unknown profile":     func(c *Config) { c.Profile = "watch" },
		"no confidence":       func(c *Config) { c.Confidence = "1" },
		"a phone's namespace": func(c *Config) { c.Profile, c.Follow = ProfilePhone, &Follow{} },
		"both strengths":      func(c *Config) { c.Samples, c.Confidence = 30, "0.9" },
		"tiny budget":         func(c *Config) { c.DataBudget = 1e6 },
		"negative wakes":      func(c *Config) { c.WakeEvery = -1 },
	}
	for name, corrupt := range rows {
		c := valid()
		corrupt(&c)
		if _, err := c.resolve(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewAsksForSomethingToTrust(t *testing.T) {
	t.Parallel()
	n, err := New(t.Context(), Config{Home: t.TempDir(), ChainID: testChain, Log: testLog(t)})
	if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "trust") {
		t.Errorf("got %v, %v", n, err)
	}
}

func TestParseTrust(t *testing.T) {
	t.Parallel()
	text := "12:" + strings.Repeat("0aF1", 16)
	trust, err := ParseTrust(text)
	if err != nil || trust.Height != 12 || trust.Hash[1] != 0xf1 || trust.String() != strings.ToLower(text) {
		t.Errorf("got %v, %v", trust, err)
	}
	for _, bad := range []string{"", ":", "12", "0:" + text[3:], "-1:" + text[3:], "12:00", text + "00", text + ":1", "9223372036854775808" + text[2:]} {
		if trust, err := ParseTrust(bad); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %v, %v", bad, trust, err)
		}
	}
}

func FuzzParseTrust(f *testing.F) {
	f.Add("12:" + strings.Repeat("0aF1", 16))
	f.Add("1:")
	f.Fuzz(func(t *testing.T, in string) {
		trust, err := ParseTrust(in)
		if err != nil {
			return
		}
		if again, err := ParseTrust(trust.String()); err != nil || again != trust {
			t.Errorf("%v became %v, %v", trust, again, err)
		}
	})
}
