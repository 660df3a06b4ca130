package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrExited is wrapped by the error that tells of a process that ended by itself.
var ErrExited = errors.New("exited by itself")

// memoryInterval is the time between two looks at the memory of a process.
const memoryInterval = 500 * time.Millisecond

// Process is a program that can be started, stopped, killed and started again. Its
// output goes to a log file, to which every start appends.
type Process struct {
	name string
	path string
	args []string
	log  string
	// fatal is told when the process ends without having been asked to.
	fatal func(error)

	mu       sync.Mutex
	cmd      *exec.Cmd     // of the running process, nil when there is none
	done     chan struct{} // closed when the running process has ended
	expected bool          // the end of the running process was asked for
	peak     uint64        // bytes, over all starts
	used     time.Duration // processor time of the running process, or the last one
	before   time.Duration // processor time of earlier starts
}

// NewProcess describes a process that runs path with args and logs to dir/name.log.
// Whenever it ends without Stop or Kill, fatal is called with an error that wraps
// ErrExited and holds the end of its log.
func NewProcess(name, dir, path string, args []string, fatal func(error)) *Process {
	return &Process{name: name, path: path, args: args, log: filepath.Join(dir, name+".log"), fatal: fatal}
}

// Name returns the name of the process.
func (p *Process) Name() string { return p.name }

// Log returns the path of the log file.
func (p *Process) Log() string { return p.log }

// Start starts the process; it is an error if it runs already.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("%s runs already", p.name)
	}
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.name, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.path, p.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd, p.done, p.expected = cmd, make(chan struct{}), false
	p.before, p.used = p.before+p.used, 0
	go p.watch(cmd, p.done)
	return nil
}

// watch looks at the memory of a running process until it ends, then says so.
func (p *Process) watch(cmd *exec.Cmd, done chan struct{}) {
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		p.sampleMemory(cmd.Process.Pid, done)
	}()
	err := cmd.Wait()
	p.mu.Lock()
	p.cmd = nil
	expected := p.expected
	p.mu.Unlock()
	close(done)
	<-sampled
	if !expected {
		p.fatal(fmt.Errorf("%s %w (%s); its log %s ends with:\n%s", p.name, ErrExited, outcome(err), p.log, tail(p.log, 12)))
	}
}

// outcome says how a process ended.
func outcome(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// sampleMemory records the peak memory of a process until done is closed.
func (p *Process) sampleMemory(pid int, done <-chan struct{}) {
	tick := time.NewTicker(memoryInterval)
	defer tick.Stop()
	for {
		p.noteMemory(pid)
		select {
		case <-done:
			return
		case <-tick.C:
		}
	}
}

// noteMemory looks at the memory of a process once.
func (p *Process) noteMemory(pid int) {
	peak, used := peakMemory(pid), processorTime(pid)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.peak, p.used = max(p.peak, peak), max(p.used, used)
}

// PeakMemory returns the most resident memory the process has had, in bytes, over all
// its starts; 0 where /proc does not tell.
func (p *Process) PeakMemory() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

// PID returns the id of the running process, 0 if there is none.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Running tells whether the process runs.
func (p *Process) Running() bool { return p.PID() != 0 }

// Kill ends the process with SIGKILL, as a power cut would, and waits for its end.
func (p *Process) Kill() { p.end(syscall.SIGKILL, 0) }

// Stop asks the process to end with SIGTERM, kills it when it has not ended after
// patience, and waits for its end. A process that does not run is left alone.
func (p *Process) Stop(patience time.Duration) { p.end(syscall.SIGTERM, patience) }

// end sends a signal, and SIGKILL after patience.
func (p *Process) end(signal syscall.Signal, patience time.Duration) {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	if cmd != nil {
		p.expected = true
	}
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	p.noteMemory(cmd.Process.Pid)
	_ = cmd.Process.Signal(signal)
	if signal == syscall.SIGKILL {
		<-done
		return
	}
	select {
	case <-done:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		<-done
	}
}

// Run runs a program to its end and returns what it wrote to standard output. Its error
// holds what the program wrote to standard error.
func Run(ctx context.Context, path string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		return nil, fmt.Errorf("%s %s: %w: %s", filepath.Base(path), strings.Join(args, " "), err, lastLines(said, 6))
	}
	return stdout.Bytes(), nil
}

// peakMemory reads the peak resident memory of a process, in bytes.
func peakMemory(pid int) uint64 {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	return parsePeakMemory(string(status))
}

// parsePeakMemory finds the line "VmHWM: N kB" of /proc/PID/status.
func parsePeakMemory(status string) uint64 {
	for line := range strings.Lines(status) {
		rest, ok := strings.CutPrefix(line, "VmHWM:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	return 0
}

// tailBytes is how much of the end of a log is looked at.
const tailBytes = 16 << 10

// tail returns the last lines of a file, indented.
func tail(path string, lines int) string {
	file, err := os.Open(path)
	if err != nil {
		return "  " + err.Error()
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = file.Seek(-tailBytes, 2)
	}
	var buf bytes.Buffer
	_, _ = buf.ReadFrom(file)
	return "  " + strings.ReplaceAll(lastLines(buf.String(), lines), "\n", "\n  ")
}

// lastLines returns the last n lines of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
