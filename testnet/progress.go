package testnet

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Widths of the view. A note is cut so that it never wraps in an ordinary terminal: a
// wrapped line cannot be overwritten.
const (
	noteWidth    = 79
	noteInterval = 100 * time.Millisecond // between two notes on a terminal
	lineInterval = 5 * time.Second        // between two notes elsewhere
)

// Progress shows how far a scenario is: a line for each thing that has happened, with the
// seconds since the start, and below them, on a terminal, one line that is overwritten.
type Progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time
	start    time.Time

	mu    sync.Mutex
	live  bool      // a note is on the terminal's last line
	noted time.Time // of the last line or note
	last  string    // the last note
}

// NewProgress shows progress on out, overwriting notes if out is a terminal.
func NewProgress(out io.Writer, now func() time.Time) *Progress {
	return &Progress{out: out, terminal: isTerminal(out), now: now, start: now()}
}

// isTerminal tells whether out is a terminal.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// Phase starts a part of the scenario.
func (p *Progress) Phase(title string) { p.line("\n", title) }

// Say adds a line to the current part.
func (p *Progress) Say(format string, args ...any) { p.line("", "  "+fmt.Sprintf(format, args...)) }

// Note replaces the last note. It is shown at once on a terminal, and elsewhere when
// nothing else has been for a while.
func (p *Progress) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, now := fmt.Sprintf(format, args...), p.now()
	switch since := now.Sub(p.noted); {
	case p.terminal && since >= noteInterval:
		p.write("\r\x1b[2K%s", cut(p.stamp(now)+"  … "+text, noteWidth))
		p.live, p.noted = true, now
	case !p.terminal && since >= lineInterval && text != p.last:
		p.write("%s  … %s\n", p.stamp(now), text)
		p.noted, p.last = now, text
	}
}

// Print writes text as it is, below everything shown so far.
func (p *Progress) Print(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.write("%s", text)
}

// Elapsed returns the time since the start.
func (p *Progress) Elapsed() time.Duration { return p.now().Sub(p.start) }

// line prints text behind the time, below everything shown so far.
func (p *Progress) line(before, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.clear()
	p.write("%s%s  %s\n", before, p.stamp(now), text)
	p.noted = now
}

// write shows text. Where it cannot be shown there is nobody to tell.
func (p *Progress) write(format string, args ...any) { _, _ = fmt.Fprintf(p.out, format, args...) }

// clear removes the note from the terminal.
func (p *Progress) clear() {
	if p.live {
		p.write("\r\x1b[2K")
		p.live = false
	}
}

// stamp is the time since the start, in a column of its own.
func (p *Progress) stamp(now time.Time) string {
	return fmt.Sprintf("%5.0fs", now.Sub(p.start).Seconds())
}

// cut shortens a text to a number of characters.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return strings.TrimRight(string([]rune(text)[:width-1]), " ") + "…"
}

// Relative shortens a path for a reader who works in the current folder.
func Relative(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(short, "..") {
		return short
	}
	return path
}
