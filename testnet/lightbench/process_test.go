package lightbench

import (
	"strings"
	"testing"
)

// A generator whose output is no longer its lines is ended, and the measurement fails.
func TestGeneratorThatWritesSomethingElse(t *testing.T) {
	t.Parallel()
	p, err := startProcess(t.TempDir()+"/log", []string{"sh", "-c", `echo '{"trust": "1:aa"}'; echo a panic; exec sleep 3600`})
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	if err := p.stop(); err == nil || !strings.Contains(err.Error(), "a panic") {
		t.Errorf("stop: %v, want what was written", err)
	}
	if lines := p.Lines(); len(lines) != 1 || lines[0].Trust != "1:aa" {
		t.Errorf("lines %+v, want the first", lines)
	}
}
