package testnet

import (
	"context"
	"strings"
	"sync"
	"time"
)

// death is the end of a process that nobody asked for.
type death struct {
	process *Process
	cause   error
}

// KeepRunning keeps the network up until ctx ends: from now on a process that ends by itself
// no longer ends the network's context, but is reported and, after pause, started again.
func (s *Scenario) KeepRunning(ctx context.Context, pause time.Duration) {
	deaths := make(chan death)
	s.Network.onExit(func(p *Process, cause error) {
		select {
		case deaths <- death{p, cause}:
		case <-ctx.Done():
		}
	})
	var restarts sync.WaitGroup
	defer restarts.Wait()
	for {
		select {
		case d := <-deaths:
			restarts.Go(func() { s.restart(ctx, d, pause) })
		case <-ctx.Done():
			return
		}
	}
}

// restart reports a death and starts the process again, unless ctx ends before.
func (s *Scenario) restart(ctx context.Context, d death, pause time.Duration) {
	what, _, _ := strings.Cut(d.cause.Error(), ";") // the log's end is in the log
	s.Progress.Say("%s; it is started again in %s, its log is %s", what, pause, Relative(d.process.Log()))
	select {
	case <-ctx.Done():
		return
	case <-time.After(pause):
	}
	if err := d.process.Start(); err != nil {
		s.Progress.Say("%v", err)
		return
	}
	s.Progress.Say("%s runs again, process %d", d.process.Name(), d.process.PID())
}
