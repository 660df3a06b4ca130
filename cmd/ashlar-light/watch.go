package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ashlar-da/ashlar/lightnode"
)

func newWatch() *cobra.Command {
	q := &query{}
	command := &cobra.Command{
		Use:   "watch",
		Short: "Watch the running node: heads, verdicts, cells, traffic and alarms, as they come",
		Long: `Watch the running node: heads, verdicts, cells, traffic and alarms, as they come.

On a terminal it is a live view with a map of the block sampled last; q or ctrl-C
leaves it. Into a pipe or a file it writes a line for every head, verdict and
alarm. NO_COLOR leaves out colours, and TERM=dumb the view.`,
		Example: "  ashlar-light watch\n  ashlar-light watch | grep -v available",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, cancel := context.WithCancel(command.Context())
			defer cancel()
			f := newFeed(q, time.Now)
			out, isFile := command.OutOrStdout().(*os.File)
			if !isFile || !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
				return follow(ctx, f, command.OutOrStdout())
			}
			return watch(ctx, cancel, f, out)
		},
	}
	q.registerAddress(command)
	return command
}

// What a terminal is told: another screen without a cursor and without wrapping, and back; and
// to go to the beginning of a row and clear it.
const (
	enter = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leave = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	row   = "\x1b[%d;1H\x1b[2K"
)

const redraw = time.Second

// watch shows frames until the context ends or a key asks for the end, and leaves the terminal
// as it was.
func watch(ctx context.Context, cancel context.CancelFunc, f *feed, out *os.File) (err error) {
	in := int(os.Stdin.Fd())
	if term.IsTerminal(in) {
		before, err := term.MakeRaw(in) // so that what is typed does not show, and q is a key
		if err != nil {
			return fmt.Errorf("the terminal: %w", err)
		}
		defer func() { _ = term.Restore(in, before) }()
		go awaitKey(os.Stdin, cancel)
	}
	if _, err := out.WriteString(enter); err != nil {
		return err
	}
	defer func() { _, _ = out.WriteString(leave) }()
	go f.run(ctx)
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		if err := show(f.view(), out); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.news:
		case <-ticker.C: // the time passes, and the terminal may have another size
		}
	}
}

// awaitKey cancels when somebody types q, ctrl-C or ctrl-D, which a raw terminal makes no signals
// of. It ends with the process at the latest: reading a terminal cannot be interrupted.
func awaitKey(in io.Reader, cancel context.CancelFunc) {
	var key [1]byte
	for {
		if n, err := in.Read(key[:]); err != nil || n == 1 && strings.IndexByte("qQ\x03\x04", key[0]) >= 0 {
			cancel()
			return
		}
	}
}

// show writes a frame in one call, so that it does not flicker.
func show(v *view, out *os.File) error {
	columns, rows, err := term.GetSize(int(out.Fd()))
	if err != nil || columns <= 0 || rows <= 0 {
		columns, rows = 80, 24
	}
	_, err = out.WriteString(paintRows(frame(v, columns, rows, styleOf(os.Getenv)), rows))
	return err
}

// paintRows writes lines over all rows of a terminal. A row is cleared before it is written:
// clearing its rest would take the last sign of a full one.
func paintRows(lines []string, rows int) string {
	var out strings.Builder
	for i := range rows {
		fmt.Fprintf(&out, row, i+1)
		if i < len(lines) {
			out.WriteString(lines[i])
		}
	}
	return out.String()
}

// styleOf returns what the terminal can show, by its environment.
func styleOf(env func(string) string) style {
	st := style{colour: env("NO_COLOR") == "", glyphs: &asciiGlyphs}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToUpper(env(name)); locale != "" {
			if strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8") {
				st.glyphs = &unicodeGlyphs
			}
			break
		}
	}
	return st
}

// follow writes a line for each piece of news, for where no terminal is.
func follow(ctx context.Context, f *feed, out io.Writer) error {
	lines := make(chan string, 64)
	f.tell = func(line string) {
		select {
		case lines <- line:
		case <-ctx.Done():
		}
	}
	go f.run(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-lines:
			if _, err := fmt.Fprintf(out, "%s %s\n", f.now().UTC().Format(time.RFC3339), clean(line)); err != nil {
				return err
			}
		}
	}
}

// lineOf tells of a verdict in a line.
func lineOf(r *lightnode.AvailabilityReport) string {
	return fmt.Sprintf("height %d %s: confidence %s, %d of %d cells verified, %d refused, %d timed out, %d garbled, of %s",
		r.Height, r.Verdict, confidenceIn(r), r.Verified, r.Samples, r.Refused, r.TimedOut, r.Garbled, count(r.Peers, "peer"))
}
