package lightbench

import (
	"errors"
	"maps"
	"os"
	"testing"
	"time"
)

func golden(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParseStatus(t *testing.T) {
	got, err := parseStatus(golden(t, "status"))
	if want := (Memory{Resident: 71680 << 10, Peak: 71684 << 10, Anonymous: 34212 << 10}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "VmRSS:\t 1 kB\nVmHWM:\t 2 kB\n", "VmRSS: 1\nVmHWM: 2 kB\nRssAnon: 3 kB\n", "VmRSS: x kB\nVmHWM: 2 kB\nRssAnon: 3 kB\n"} {
		if got, err := parseStatus(bad); !errors.Is(err, errProc) {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
}

func TestParseProportional(t *testing.T) {
	if got, err := sizeIn(golden(t, "smaps_rollup"), "Pss"); err != nil || got != 70105<<10 {
		t.Errorf("got %d, %v", got, err)
	}
}

func TestParseCPU(t *testing.T) {
	if got, err := parseCPU(golden(t, "stat")); err != nil || got != 1870*time.Millisecond {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "7 (x) S 1 1", "7 (x) S 1 2 3 4 5 6 7 8 9 10 a 12"} {
		if got, err := parseCPU(bad); !errors.Is(err, errProc) {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
}

func TestReadsOneself(t *testing.T) {
	if memory, err := ReadMemory(os.Getpid()); err != nil || memory.Resident == 0 || memory.Peak < memory.Anonymous {
		t.Errorf("%+v, %v", memory, err)
	}
	if share, err := ReadProportional(os.Getpid()); err != nil || share == 0 {
		t.Errorf("%d, %v", share, err)
	}
	if _, err := ReadCPU(os.Getpid()); err != nil {
		t.Error(err)
	}
}

func TestParseMetrics(t *testing.T) {
	m, err := ParseMetrics(golden(t, "metrics"))
	if err != nil {
		t.Fatal(err)
	}
	if got := m[`ashlar_light_heights{verdict="available"}`]; got != 21 {
		t.Errorf("%v heights", got)
	}
	received, sent := m.Streams("lightbench-1")
	if want := map[string]float64{"cells/1": 1.5e6, "negotiation": 120, "/meshsub/1.3.0": 14}; !maps.Equal(received, want) {
		t.Errorf("received %v, want %v", received, want)
	}
	if want := map[string]float64{"cells/1": 4000}; !maps.Equal(sent, want) {
		t.Errorf("sent %v, want %v", sent, want)
	}
	for _, bad := range []string{"a", "a b", `a{b="c" 1`, " 1"} {
		if m, err := ParseMetrics(bad); !errors.Is(err, errMetrics) {
			t.Errorf("%q: %v, %v", bad, m, err)
		}
	}
}
