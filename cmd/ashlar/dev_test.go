package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"
)

// devProcess is the chain that a script started.
type devProcess struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// devKeyInEnv is where a script's chain is kept between commands.
type devKeyInEnv struct{}

// runDev is the command `dev start`, which runs `ashlar dev` on free ports and sets $API, $RPC,
// $DEVHOME and $ADDRESS once it answers, and `dev stop`, which interrupts it and wants it to end
// well, without a word.
func runDev(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: dev start|stop")
	}
	process := ts.Value(devKeyInEnv{}).(*devProcess)
	if args[0] == "start" {
		process.start(ts)
		return
	}
	ts.Check(process.cmd.Process.Signal(os.Interrupt))
	ts.Check(process.cmd.Wait())
	process.cmd = nil
	if process.stderr.Len() > 0 {
		ts.Fatalf("`ashlar dev` wrote to stderr:\n%s", process.stderr.String())
	}
}

func (p *devProcess) start(ts *testscript.TestScript) {
	self, err := os.Executable()
	ts.Check(err)
	p.cmd = &exec.Cmd{
		Path: self,
		// testscript runs the command that the test binary is called by.
		Args: []string{
			"ashlar", "dev", "--api.address", "127.0.0.1:0", "--rpc.laddr", "tcp://127.0.0.1:0",
			"--libp2p.listen", "/ip4/127.0.0.1/tcp/0", "--output", "json",
		},
		Dir:    ts.Getenv("WORK"),
		Env:    append(os.Environ(), "TMPDIR="+ts.Getenv("WORK")),
		Stderr: &p.stderr,
	}
	out, err := p.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(p.cmd.Start())
	ts.Defer(p.kill)
	p.read(ts, out)
}

func (p *devProcess) read(ts *testscript.TestScript, out io.Reader) {
	var facts struct{ API, RPC, Home, Address string }
	ts.Check(json.NewDecoder(out).Decode(&facts))
	ts.Setenv("API", facts.API)
	ts.Setenv("RPC", facts.RPC)
	ts.Setenv("DEVHOME", facts.Home)
	ts.Setenv("ADDRESS", facts.Address)
}

// kill ends a chain that the script has not stopped.
func (p *devProcess) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}
