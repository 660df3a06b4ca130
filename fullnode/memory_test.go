package fullnode

import (
	"runtime/debug"
	"testing"
)

// TestTheMemoryLimitIsSetUnlessTheEnvironmentDoes: 0 and the environment leave it alone.
func TestTheMemoryLimitIsSetUnlessTheEnvironmentDoes(t *testing.T) {
	was := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(was) })
	for name, test := range map[string]struct {
		limit       int64
		environment string
		want        int64
	}{
		"set":                {1 << 30, "", 1 << 30},
		"none":               {0, "", 1 << 40},
		"by the environment": {1 << 30, "2GiB", 1 << 40},
	} {
		t.Run(name, func(t *testing.T) {
			debug.SetMemoryLimit(1 << 40)
			t.Setenv("GOMEMLIMIT", test.environment)
			(&Config{MemoryLimit: test.limit}).limitMemory()
			if have := debug.SetMemoryLimit(-1); have != test.want {
				t.Errorf("have %d want %d", have, test.want)
			}
		})
	}
}
