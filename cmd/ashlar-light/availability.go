package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/lightnode"
)

func newAvailability() *cobra.Command {
	q := &query{}
	command := &cobra.Command{
		Use:   "availability HEIGHT",
		Short: "Show the verdict about a height, and what was checked",
		Long: `Show the verdict about a height, and what was checked.

available    every cell drawn was delivered and verified; the confidence bounds
             the chance of having been satisfied by a block that is not there
unavailable  the deadline passed without some cells, although a peer delivered
             valid ones; revised if they come late
invalid      the chain committed to a malformed DA header
pending      not known yet; silence is never taken for availability`,
		Example: "  ashlar-light availability 1234 --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			height, err := strconv.ParseUint(args[0], 10, 63)
			if err != nil || height == 0 {
				return fmt.Errorf("%q is no height: want a whole number from 1 on", args[0])
			}
			var a lightnode.AvailabilityReport
			path := fmt.Sprintf("/v1/availability/%d", height)
			return q.show(command, path, &a, func(out io.Writer) { printAvailability(out, &a) })
		},
	}
	q.register(command)
	return command
}

func printAvailability(out io.Writer, a *lightnode.AvailabilityReport) {
	checked := ""
	if a.Checked != nil {
		checked = a.Checked.Format("2006-01-02 15:04:05 MST")
	}
	fitted(out, [][2]string{
		{"height", fmt.Sprint(a.Height)},
		{"verdict", a.Verdict.String()},
		{"confidence", confidenceIn(a)},
		{"block", fmt.Sprintf("%x of %s", []byte(a.Hash), a.Time.Format("2006-01-02 15:04:05 MST"))},
		{"data root", fmt.Sprintf("%x", []byte(a.DataRoot))},
		{"rows", fmt.Sprint(a.Rows)},
		{"cells verified", fmt.Sprintf("%d of %d drawn", a.Verified, a.Samples)},
		{"cells missing", fmt.Sprintf("%d refused, %d timed out, %d garbled, when last asked for", a.Refused, a.TimedOut, a.Garbled)},
		{"checked", checked},
		{"header", headerIn(a)},
		{"asked", askedIn(a, 0)},
	})
	for i := 1; i < len(a.Asked); i++ {
		_, _ = fmt.Fprintf(out, "                %s\n", askedIn(a, i)) // to a terminal or a pipe that is gone
	}
	if a.Statement != "" {
		_, _ = fmt.Fprintf(out, "\n%s\nAssuming: %s\n", a.Statement, a.Assumption)
	}
	printCoordinates(out, a)
}

// headerIn tells how the header was verified, and by whom.
func headerIn(a *lightnode.AvailabilityReport) string {
	words := a.Header.Statement
	if a.Header.Source != "" {
		words += "; from " + a.Header.Source
	}
	if len(a.Header.Witnesses) > 0 {
		words += "; witnessed by " + strings.Join(a.Header.Witnesses, ", ")
	}
	return words
}

// askedIn tells what came of asking one peer.
func askedIn(a *lightnode.AvailabilityReport, i int) string {
	if i >= len(a.Asked) {
		return ""
	}
	p := a.Asked[i]
	return fmt.Sprintf("%s: %d verified, %d refused, %d timed out, %d garbled", p.Peer, p.Verified, p.Refused, p.TimedOut, p.Garbled)
}

// printCoordinates lists the cells drawn by what last came of asking for them.
func printCoordinates(out io.Writer, a *lightnode.AvailabilityReport) {
	by := make(map[string][]string)
	for i, c := range a.Coordinates {
		outcome := unasked
		if i < len(a.Outcomes) {
			outcome = a.Outcomes[i].String()
		}
		by[outcome] = append(by[outcome], fmt.Sprintf("%d:%d", c[0], c[1]))
	}
	for _, outcome := range []string{"verified", "refused", "timed out", "garbled", unasked} {
		if len(by[outcome]) > 0 {
			_, _ = fmt.Fprintf(out, "\n%s (row:column): %s\n", outcome, strings.Join(by[outcome], " "))
		}
	}
}

// confidenceIn writes how sure the verdict is, and why an empty block's is certain.
func confidenceIn(a *lightnode.AvailabilityReport) string {
	if a.Rows == 0 && a.Confidence == 1 {
		return "1 (the block is empty: there is nothing to sample)"
	}
	return confidence(a.Confidence)
}

// confidence writes 1 − P so that no rounding turns it into certainty.
func confidence(c float64) string {
	switch c {
	case 0:
		return "none"
	case 1:
		return "1"
	}
	return fmt.Sprintf("1 − %.1e", 1-c)
}
