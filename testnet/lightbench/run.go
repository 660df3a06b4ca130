package lightbench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/testnet"
)

// Config describes a measurement of one light node.
type Config struct {
	// Number tells apart the runs of a process.
	Number int
	// Light is the path of ashlar-light, and Emulator of what runs it, empty if the machine
	// itself does; Generator a command that runs Generate with the
	// GeneratorConfig it is given in JSON as its last argument.
	Light     string
	Emulator  string
	Generator []string
	// Dir is a folder for the files of the run.
	Dir string
	// Duration is how long the light node runs.
	Duration time.Duration
	// WarmUp is for how long after its first verdict the node is left alone before its
	// traffic, processor time and memory count.
	WarmUp time.Duration
	// Nodes is how many full nodes there are, of which the light node is told Known.
	Nodes, Known int
	// CommitEvery is that of the light node; 0: its default.
	CommitEvery int
	// Generate describes the chain; the run fills in addresses and the folder.
	Generate GeneratorConfig
}

// apiPort is where the light node's API listens, on an address of its own.
const apiPort = 26690

// Run is one light node being measured.
type Run struct {
	config    Config
	network   *Network
	generator *process
	light     *testnet.Process
	meter     *meter
}

// NewRun makes the network and starts the generator; it returns once the chain is ready.
func NewRun(ctx context.Context, config Config) (*Run, error) {
	r := &Run{config: config}
	var err error
	if r.network, err = NewNetwork(ctx, config.Number, config.Nodes); err != nil {
		r.network = Loopback(config.Number, config.Nodes)
	}
	if err := os.RemoveAll(config.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.Dir, 0o755); err != nil {
		return nil, err
	}
	config.Generate.Addresses, config.Generate.Dir = r.network.Nodes, config.Dir
	encoded, err := json.Marshal(config.Generate)
	if err != nil {
		return nil, err
	}
	r.generator, err = startProcess(filepath.Join(config.Dir, "generator.log"), append(config.Generator, string(encoded)))
	if err == nil {
		err = r.generator.ready(ctx)
	}
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("generator: %w", err)
	}
	return r, nil
}

// Close ends what still runs and removes the network.
func (r *Run) Close() {
	if r.light != nil {
		r.light.Stop(10 * time.Second)
	}
	if r.generator != nil {
		_ = r.generator.stop() // what it wrote is of no use any more
	}
	r.network.Remove()
}

// Measure runs the light node and says what it took. It closes the run.
func (r *Run) Measure(ctx context.Context) (*Result, error) {
	defer r.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	path, args := r.command()
	r.light = testnet.NewProcess("light", r.config.Dir, path, args, func(err error) { cancel(err) })
	started := time.Now()
	if err := r.light.Start(); err != nil {
		return nil, err
	}
	r.meter = &meter{
		network: r.network, chainID: r.config.Generate.Chain.ID, api: fmt.Sprintf("http://%s:%d", r.network.API, apiPort),
		pid: r.light.PID, started: started, every: time.Second, scrape: r.config.Generate.Interval,
	}
	if err := r.watch(ctx); err != nil {
		return nil, err
	}
	usage := r.light.Usage()
	r.light.Stop(20 * time.Second)
	if err := r.generator.stop(); err != nil {
		return nil, err
	}
	disk, err := ReadDisk(filepath.Join(r.config.Dir, "home"))
	if err != nil {
		return nil, err
	}
	return r.result(started, usage, disk)
}

// command is how to run ashlar-light where it is to run, by the emulator if there is one, with more
// arguments than its own.
func (r *Run) command(more ...string) (path string, args []string) {
	light := slices.Concat([]string{r.config.Light}, r.arguments(r.generator.Lines()[0]), more)
	if r.config.Emulator != "" {
		light = slices.Insert(light, 0, r.config.Emulator)
	}
	return r.network.Command(light[0], light[1:])
}

// arguments are those of ashlar-light: its defaults, but for where it listens and what it
// cannot do without.
func (r *Run) arguments(first Line) []string {
	args := []string{
		"start", "--home", filepath.Join(r.config.Dir, "home"), "--chain-id", r.config.Generate.Chain.ID, "--trust", first.Trust,
		"--api.addr", fmt.Sprintf("%s:%d", r.network.API, apiPort),
		"--listen", "/ip4/" + r.network.Light + "/tcp/0", "--listen", "/ip4/" + r.network.Light + "/udp/0/quic-v1",
	}
	if r.config.CommitEvery > 0 {
		args = append(args, "--commit-every", strconv.Itoa(r.config.CommitEvery))
	}
	for _, peer := range first.Peers[:min(r.config.Known, len(first.Peers))] {
		args = append(args, "--peer", peer)
	}
	return args
}

// watch measures for the run's duration.
func (r *Run) watch(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, r.config.Duration)
	defer cancel()
	group, bounded := errgroup.WithContext(bounded)
	group.Go(func() error { return r.meter.watch(bounded) })
	group.Go(func() error { return r.meter.listen(bounded) })
	err := group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if len(r.meter.Verdicts()) == 0 {
		return fmt.Errorf("the light node reached no verdict in %v; its log is %s", r.config.Duration, r.light.Log())
	}
	return nil
}

// process is a generator that runs.
type process struct {
	cmd  *exec.Cmd
	log  *os.File
	pipe io.ReadCloser
	done chan struct{} // closed when the output has ended
	// fault is why the output could not be read to its end; it is set before done is closed.
	fault error

	mu    sync.Mutex
	lines []Line        // guarded by mu
	begun chan struct{} // closed after the first line
}

// startProcess starts a generator; its errors go to a log.
func startProcess(log string, command []string) (*process, error) {
	p := &process{cmd: exec.Command(command[0], command[1:]...), done: make(chan struct{}), begun: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if p.log, err = os.Create(log); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.log
	if p.pipe, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read()
	return p, nil
}

// read takes in lines until the output ends. A generator that writes anything else is killed.
func (p *process) read() {
	defer close(p.done)
	scanner := bufio.NewScanner(p.pipe)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line Line
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			p.fault = fmt.Errorf("the generator wrote %.80q: %w", scanner.Bytes(), err)
			break
		}
		p.mu.Lock()
		p.lines = append(p.lines, line)
		if len(p.lines) == 1 {
			close(p.begun)
		}
		p.mu.Unlock()
	}
	if p.fault == nil {
		p.fault = scanner.Err()
	}
	if p.fault != nil {
		_ = p.cmd.Process.Kill() // it would wait for a reader
	}
}

// ready waits for the first line.
func (p *process) ready(ctx context.Context) error {
	select {
	case <-p.begun:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.done:
		return errors.Join(p.fault, fmt.Errorf("it ended before the chain was ready; its log is %s", p.log.Name()))
	}
}

// Lines returns what was written so far.
func (p *process) Lines() []Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Line(nil), p.lines...)
}

// stop asks the generator to end, waits for its end, which it is made to come to, and returns why its output is not whole.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	kill := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	<-p.done
	_ = p.cmd.Wait()
	_ = p.log.Close()
	return p.fault
}
