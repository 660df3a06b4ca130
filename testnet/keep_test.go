package testnet

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledProcessesAreStartedAgain kills a process from outside, as a user does.
func TestKilledProcessesAreStartedAgain(t *testing.T) {
	config := Config{Dir: t.TempDir()}
	if err := prepareDir(&config); err != nil {
		t.Fatal(err)
	}
	progress, out, _ := view(false)
	s := &Scenario{Progress: progress, Network: &Network{config: config, fail: func(err error) { t.Errorf("the network ends: %v", err) }}}
	p := s.Network.newProcess("child", "/bin/sh", []string{"-c", "echo ready; sleep 600"})
	ctx, cancel := context.WithCancel(t.Context())
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		s.KeepRunning(ctx, time.Millisecond)
	}()
	if err := Wait(t.Context(), time.Minute, "the keeper", func(context.Context) (bool, error) { return s.Network.keeps(), nil }); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	logged(t, p, "ready")
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	logged(t, p, "ready\nready")
	cancel()
	<-kept
	s.Network.Stop()
	if said := out.String(); !strings.Contains(said, "child exited by itself (signal: killed); it is started again") {
		t.Errorf("it says %q", said)
	}
}

// keeps tells whether deaths are taken care of.
func (n *Network) keeps() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.exited != nil
}
