package testnet

import (
	"strings"
	"testing"
	"time"
)

// view returns a progress view that writes into text, and a function that lets time pass.
func view(terminal bool) (p *Progress, text *strings.Builder, pass func(time.Duration)) {
	now := time.Unix(0, 0)
	text = new(strings.Builder)
	p = NewProgress(text, func() time.Time { return now })
	p.terminal = terminal
	return p, text, func(d time.Duration) { now = now.Add(d) }
}

func TestProgressInALogHoldsPlainLines(t *testing.T) {
	p, text, pass := view(false)
	p.Phase("Start")
	pass(12 * time.Second)
	p.Note("1 of 9")
	p.Note("2 of 9")
	pass(time.Second)
	p.Note("3 of 9")
	pass(6 * time.Second)
	p.Note("4 of 9")
	p.Say("%d started", 9)
	want := "\n    0s  Start\n   12s  … 1 of 9\n   19s  … 4 of 9\n   19s    9 started\n"
	if have := text.String(); have != want {
		t.Errorf("have %q\nwant %q", have, want)
	}
}

func TestProgressOnATerminalOverwritesNotes(t *testing.T) {
	p, text, pass := view(true)
	p.Phase("Start")
	pass(time.Second)
	p.Note("%s", strings.Repeat("long ", 40))
	pass(time.Millisecond)
	p.Note("too soon to be shown")
	p.Say("done")
	have := text.String()
	note, rest, ok := strings.Cut(strings.TrimPrefix(have, "\n    0s  Start\n\r\x1b[2K"), "\r\x1b[2K")
	if !ok || rest != "    1s    done\n" {
		t.Fatalf("have %q", have)
	}
	if n := len([]rune(note)); n > noteWidth || !strings.HasSuffix(note, "…") {
		t.Errorf("a note of %d characters: %q", n, note)
	}
	if strings.Contains(have, "too soon") {
		t.Error("notes come faster than a reader can follow")
	}
}

func TestPhaseOnATerminalClearsTheNoteFirst(t *testing.T) {
	p, text, pass := view(true)
	pass(time.Second)
	p.Note("soon gone")
	p.Phase("Next")
	if have, want := text.String(), "\r\x1b[2K    1s  … soon gone\r\x1b[2K\n    1s  Next\n"; have != want {
		t.Errorf("have %q\nwant %q", have, want)
	}
}
