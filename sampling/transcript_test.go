package sampling

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts anew instead of checking them")

// TestTranscripts replays the sessions of testdata: a line that starts with > is a
// command, what follows is what it led to, and lines that start with # are comments.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(content))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(content) {
				t.Errorf("have\n%s\nwant\n%s", got, content)
			}
		})
	}
}

func replay(t *testing.T, content string) string {
	t.Helper()
	var out strings.Builder
	var s *Session
	for line := range strings.Lines(content) {
		command, isCommand := strings.CutPrefix(line, "> ")
		if isCommand || strings.HasPrefix(line, "#") || line == "\n" {
			out.WriteString(line)
		}
		if isCommand {
			var said string
			s, said = execute(t, s, strings.TrimSpace(command))
			out.WriteString(said)
		}
	}
	return out.String()
}

// execute runs one command and returns what it says, and where the session stands.
func execute(t *testing.T, s *Session, command string) (*Session, string) {
	t.Helper()
	verb, rest, _ := strings.Cut(command, " ")
	var a, b int
	var said string
	switch verb {
	case "new":
		scan(t, rest, "k=%d samples=%d", &a, &b)
		s = newSession(t, 1, a, b)
		said = "drew " + list(s.Coords())
	case "next":
		scan(t, rest, "%d", &a)
		said = "ask " + list(s.Next(a))
	case "deliver":
		var from, what string
		scan(t, rest, "%d from %s %s", &a, &from, &what)
		s.Deliver(s.Coords()[a], from, outcomeNamed(t, strings.ReplaceAll(what, "-", " ")))
	case "raise":
		scan(t, rest, "%d", &a)
		if err := s.Raise(seeded(2), a); err != nil {
			t.Fatal(err)
		}
		said = "drew " + list(s.Coords())
	case "retry":
		s.Retry()
	case "expire":
		s.Expire()
	case "restart":
		s = restarted(t, s)
	default:
		t.Fatalf("unknown command %q", command)
	}
	if said != "" {
		said = "  " + said + "\n"
	}
	return s, said + "  " + describe(s) + "\n"
}

func restarted(t *testing.T, s *Session) *Session {
	t.Helper()
	encoded, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeSession(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func scan(t *testing.T, text, format string, into ...any) {
	t.Helper()
	if _, err := fmt.Sscanf(text, format, into...); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}

func outcomeNamed(t *testing.T, name string) Outcome {
	t.Helper()
	for i, known := range outcomes {
		if known == name {
			return Outcome(i)
		}
	}
	t.Fatalf("unknown outcome %q", name)
	return 0
}

func list(coords []erasure.Coord) string {
	var parts []string
	for _, c := range coords {
		parts = append(parts, fmt.Sprintf("(%d,%d)", c.Row, c.Column))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, " ")
}

func describe(s *Session) string {
	a := s.Availability()
	return fmt.Sprintf("%v: %d samples, %d verified, %d refused, %d timed out, %d garbled, %d peers; confidence %.6f, miss %.2e",
		a.Verdict, a.Samples, a.Verified, a.Refused, a.TimedOut, a.Garbled, a.Peers, a.Confidence, a.Miss)
}
