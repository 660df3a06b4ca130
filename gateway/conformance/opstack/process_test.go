package opstack

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/rpc"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// process is a program of the OP Stack that runs until the test ends, and what it prints.
type process struct {
	name   string
	log    string
	cmd    *exec.Cmd
	exited chan struct{}
}

// start starts what prepare.sh has built.
func start(t *testing.T, dir, name, program string, args ...string) *process {
	t.Helper()
	p := &process{name: name, log: filepath.Join(dir, name+".log"), exited: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = command(program, args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		_ = log.Close()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s ended with\n%s", name, p.tail(30))
		}
	})
	return p
}

func command(program string, args ...string) *exec.Cmd {
	return exec.Command(filepath.Join("..", "..", "..", "build", "opstack", program), args...)
}

// run runs a program to its end.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}

// stop asks the process to end, and ends it where it has not in ten seconds.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

func (p *process) runs() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// said counts the lines of the process that contain text.
func (p *process) said(t *testing.T, text string) int {
	t.Helper()
	all, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(all), text)
}

func (p *process) tail(lines int) string {
	all, _ := os.ReadFile(p.log)
	split := strings.Split(strings.TrimSpace(string(all)), "\n")
	return strings.Join(split[max(0, len(split)-lines):], "\n")
}

// client calls what is served at url, once it is.
func client(t *testing.T, url string) *rpc.Client {
	t.Helper()
	c, err := rpc.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// dial returns once a process answers at url.
func (p *process) dial(t *testing.T, url string) *rpc.Client {
	t.Helper()
	c := client(t, url)
	world.Eventually(t, func() (bool, error) {
		if !p.runs() {
			t.Fatalf("%s has ended: %s", p.name, p.tail(10))
		}
		_, err := c.SupportedModules()
		return err == nil, err
	})
	return c
}

// port returns one that nobody listens at.
func port(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}
