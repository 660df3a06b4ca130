package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ashlar": main})
}

// TestCommands runs the transcripts in testdata: each is a session at a shell.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NS", "00000000000000000000000000000000000000000000000000616c7068")
			env.Values[devKeyInEnv{}] = new(devProcess)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"random": writeRandom,
			"field":  setField,
			"dev":    runDev,
			"forge":  forgeCertificate,
		},
		RequireExplicitExec: true,
	})
}
