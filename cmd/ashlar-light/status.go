package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ashlar-da/ashlar/lightnode"
)

func newStatus() *cobra.Command {
	q := &query{}
	command := &cobra.Command{
		Use:   "status",
		Short: "Show what the running node is doing",
		Long: `Show what the running node is doing.

On a terminal, hashes that do not fit its width are shortened in the middle;
--output json, or a pipe, has all their digits.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var s lightnode.Status
			return q.show(command, "/v1/status", &s, func(out io.Writer) { printStatus(out, &s) })
		},
	}
	q.register(command)
	return command
}

// table writes aligned lines of a label and a value.
func table(out io.Writer, lines [][2]string) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, line := range lines {
		if line[1] != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", line[0], line[1]) // to a terminal or a pipe that is gone
		}
	}
	_ = w.Flush()
}

// fitted is table for a terminal: hashes are shortened in lines that it would wrap.
func fitted(out io.Writer, lines [][2]string) {
	label := 0
	for _, line := range lines {
		label = max(label, len(line[0]))
	}
	if columns := columnsOf(out); columns > 0 {
		for i := range lines {
			lines[i][1] = fitHashes(lines[i][1], columns-label-2, styleOf(os.Getenv))
		}
	}
	table(out, lines)
}

// columnsOf returns how wide a terminal is, 0 for anything else.
func columnsOf(out io.Writer) int {
	file, isFile := out.(*os.File)
	if !isFile {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// hashes are hex digits of hashes and namespaces; hashColumns is what is left of one that is shortened.
var hashes = regexp.MustCompile(`\b[0-9a-f]{58,64}\b`)

const hashColumns = 17

// fitHashes shortens the hashes in a text that is wider than so many columns.
func fitHashes(text string, columns int, st style) string {
	if len([]rune(text)) <= columns {
		return text
	}
	return hashes.ReplaceAllStringFunc(text, func(hash string) string { return shorten(hash, hashColumns, st) })
}

// heights writes which heights are known.
func heights(s *lightnode.Status) string {
	if s.Heights.Newest == 0 {
		return "none yet"
	}
	return fmt.Sprintf("%d to %d", s.Heights.Oldest, s.Heights.Newest)
}

// availableHeights writes how many heights are available, and how sure that is.
func availableHeights(s *lightnode.Status) string {
	if s.Heights.Available == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (confidence at least %s)", s.Heights.Available, confidence(s.MinConfidence))
}

// following writes how far the delivery of a namespace has got, nothing without one.
func following(n *lightnode.NamespaceReport) string {
	switch {
	case n == nil:
		return ""
	case n.Out == "":
		return fmt.Sprintf("%s, over HTTP", n.Namespace)
	case n.Waits != "":
		return fmt.Sprintf("%s, delivered below %d, which waits: %s", n.Namespace, n.Next, n.Waits)
	}
	return fmt.Sprintf("%s, delivered below %d to %s", n.Namespace, n.Next, n.Out)
}

func printStatus(out io.Writer, s *lightnode.Status) {
	head := "none verified yet"
	if s.Head != nil {
		head = fmt.Sprintf("%d of %s, %x", s.Head.Height, s.Head.Time.Format("2006-01-02 15:04:05 MST"), []byte(s.Head.Hash))
	}
	witnesses := fmt.Sprint(s.Witnesses)
	if s.Witnesses == 0 && s.Head != nil {
		witnesses = "0 (a single source vouches for the newest header)"
	}
	var rows [][2]string
	for _, alarm := range alarmsOf(s) {
		rows = append(rows, [2]string{"ALARM", alarm})
	}
	fitted(out, append(rows, [][2]string{
		{"WARNING", s.Warning},
		{"chain", s.ChainID},
		{"head", head},
		{"trust", s.Trust},
		{"peers", fmt.Sprint(s.Peers)},
		{"witnesses", witnesses},
		{"heights", heights(s)},
		{"available", availableHeights(s)},
		{"unavailable", fmt.Sprint(s.Heights.Unavailable)},
		{"invalid", fmt.Sprint(s.Heights.Invalid)},
		{"pending", fmt.Sprint(s.Heights.Pending)},
		{"sampling", strength(&s.Strength)},
		{"data", data(&s.Data)},
		{"phone", phone(s.Phone)},
		{"cells verified", fmt.Sprint(s.CellsVerified)},
		{"namespace", following(s.Namespace)},
		{"cells kept", fmt.Sprintf("%.1f MiB of %d heights", float64(s.CellsKept)/(1<<20), s.HeightsKept)},
		{"traffic", fmt.Sprintf("%s received, %s sent since %s", bytesIn(float64(s.Received)), bytesIn(float64(s.Sent)), s.StartedAt.Format("2006-01-02 15:04:05 MST"))},
		{"head error", s.HeadError},
		{"link error", s.LinkError},
	}...))
}

// alarmsOf returns a node's alarms one by one, if it tells them so.
func alarmsOf(s *lightnode.Status) []string {
	if len(s.Alarms) == 0 && s.Alarm != "" {
		return []string{s.Alarm}
	}
	return s.Alarms
}
