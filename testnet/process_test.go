package testnet

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shell describes a process that runs a shell script. Errors of its own accord go to the
// channel returned.
func shell(t *testing.T, script string) (*Process, chan error) {
	t.Helper()
	fatal := make(chan error, 1)
	p := NewProcess("child", t.TempDir(), "/bin/sh", []string{"-c", script}, func(err error) { fatal <- err })
	t.Cleanup(p.Kill)
	return p, fatal
}

// logged waits until the log of a process holds a text.
func logged(t *testing.T, p *Process, text string) {
	t.Helper()
	err := Wait(t.Context(), time.Minute, text, func(context.Context) (bool, error) {
		log, err := os.ReadFile(p.Log())
		return strings.Contains(string(log), text), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestProcessStopsInOrder(t *testing.T) {
	p, fatal := shell(t, `trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done`)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	logged(t, p, "ready")
	p.Stop(time.Minute)
	logged(t, p, "bye")
	if p.Running() {
		t.Error("runs after Stop")
	}
	select {
	case err := <-fatal:
		t.Errorf("an end that was asked for is reported: %v", err)
	default:
	}
}

func TestProcessThatIgnoresSIGTERMIsKilled(t *testing.T) {
	p, _ := shell(t, `trap '' TERM; echo ready; while :; do sleep 0.01; done`)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	logged(t, p, "ready")
	p.Stop(time.Millisecond)
	if p.Running() {
		t.Error("runs after Stop")
	}
}

func TestProcessStartsAgainAndKeepsItsLog(t *testing.T) {
	p, _ := shell(t, `echo ready; sleep 600`)
	for starts := range 2 {
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(); err == nil {
			t.Error("a process that runs was started again")
		}
		logged(t, p, strings.Repeat("ready\n", starts+1))
		p.Kill()
	}
}

func TestProcessThatEndsByItselfIsReportedWithItsLog(t *testing.T) {
	p, fatal := shell(t, `echo the disk is on fire; exit 3`)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	err := <-fatal
	if !errors.Is(err, ErrExited) || !strings.Contains(err.Error(), "disk is on fire") || !strings.Contains(err.Error(), "status 3") {
		t.Errorf("have %v; want its status and the end of its log", err)
	}
}

func TestProcessReportsItsMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("this system has no /proc")
	}
	p, _ := shell(t, `echo ready; sleep 600`)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	logged(t, p, "ready")
	p.Kill()
	if p.PeakMemory() == 0 {
		t.Error("the memory of a process that ran is unknown")
	}
}

func TestProcessThatCannotStart(t *testing.T) {
	p := NewProcess("child", t.TempDir(), filepath.Join(t.TempDir(), "absent"), nil, func(error) {})
	if err := p.Start(); err == nil || p.Running() {
		t.Errorf("have %v, running %v", err, p.Running())
	}
	p.Kill()
}

func TestParsePeakMemory(t *testing.T) {
	for status, want := range map[string]uint64{
		"Name:\tashlar\nVmHWM:\t  123456 kB\nVmRSS:\t 1 kB\n": 123456 << 10,
		"Name:\tashlar\n":       0,
		"VmHWM:\t many kB\n":    0,
		"":                      0,
		"VmHWM:\t18 kB":         18 << 10,
		"x VmHWM:\t18 kB\n":     0,
		"VmHWM:\t-1 kB\nfoo\n":  0,
		"\n\n\nVmHWM:\t7 kB\n":  7 << 10,
		"VmHWMs:\t7 kB\nVmRSS:": 0,
	} {
		if have := parsePeakMemory(status); have != want {
			t.Errorf("%q: have %d want %d", status, have, want)
		}
	}
}

func TestRunReportsWhatAProgramSaid(t *testing.T) {
	out, err := Run(t.Context(), "/bin/sh", "-c", "echo out; echo err >&2")
	if err != nil || string(out) != "out\n" {
		t.Errorf("have %q, %v", out, err)
	}
	if _, err := Run(t.Context(), "/bin/sh", "-c", "echo no such key >&2; exit 1"); err == nil || !strings.Contains(err.Error(), "no such key") {
		t.Errorf("have %v; want what the program said", err)
	}
}
