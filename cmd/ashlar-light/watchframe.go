package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/lightnode"
)

// view is what watch shows: a frame is a function of it and of the terminal's size.
type view struct {
	api     string
	now     time.Time
	status  *lightnode.Status               // the last there was, nil before the first
	problem string                          // why there is no newer one, empty if there is
	reports []*lightnode.AvailabilityReport // of the newest heights, newest first
	rates   []rate                          // oldest first
}

// rate is what was received and sent in a second, in bytes.
type rate struct{ received, sent float64 }

// style is what a terminal can show.
type style struct {
	colour bool
	glyphs *glyphs
}

// glyphs are the signs of a frame.
type glyphs struct {
	verified, missing, waiting, none, vertical, horizontal, cross, dot, down, up, cut string

	bars []string
}

var (
	unicodeGlyphs = glyphs{"■", "×", "○", "·", "│", "─", "┼", " · ", "↓", "↑", "…", []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}}
	asciiGlyphs   = glyphs{"#", "x", "o", ".", "|", "-", "+", " | ", "in", "out", "~", []string{" ", ".", ":", "-", "=", "#"}}
)

// paint is how a span of text looks.
type paint string

const (
	plain  paint = ""
	bold   paint = "1"
	faint  paint = "2"
	red    paint = "1;31"
	green  paint = "32"
	yellow paint = "33"
)

// span is text of one look; it has no control characters, see clean.
type span struct {
	text string
	look paint
}

// line is one line of a frame.
type line []span

func text(format string, values ...any) span {
	return span{clean(fmt.Sprintf(format, values...)), plain}
}

func (s span) as(look paint) span { return span{s.text, look} }

// clean replaces what could move the cursor or change colours: chain ids, errors and peers' words
// come from elsewhere.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return '?'
		}
		return r
	}, s)
}

// width is how many columns a line takes: all signs used are of one.
func (l line) width() (n int) {
	for _, s := range l {
		n += len([]rune(s.text))
	}
	return n
}

// render writes a line of at most so many columns.
func (l line) render(columns int, st style) string {
	var out strings.Builder
	for _, s := range l {
		runes := []rune(s.text)
		if len(runes) > columns {
			runes = runes[:columns]
		}
		columns -= len(runes)
		if st.colour && s.look != plain && len(runes) > 0 {
			fmt.Fprintf(&out, "\x1b[%sm%s\x1b[0m", s.look, string(runes))
			continue
		}
		out.WriteString(string(runes))
	}
	return out.String()
}

// beside puts a second line at a column to the right of the first.
func (l line) beside(column int, right line) line {
	pad := max(column-l.width(), 1)
	return slices.Concat(l, line{span{strings.Repeat(" ", pad), plain}}, right)
}

// frame returns the lines of a terminal of a size, no more and none longer.
func frame(v *view, columns, rows int, st style) []string {
	head, foot := v.head(columns, st), v.foot(columns, st)
	var lines []line
	if room := rows - len(head) - len(foot); room >= 5 {
		lines = slices.Concat(head, v.body(columns, room, st), foot)
	} else {
		lines = slices.Concat(head, foot)
	}
	if len(lines) > rows {
		lines = lines[:max(rows, 0)]
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.render(columns, st)
	}
	return out
}

// head tells what is followed and whether all is well.
func (v *view) head(columns int, st style) []line {
	clock := v.now.UTC().Format("15:04:05 UTC")
	if v.status == nil {
		title := line{text("ashlar-light").as(bold)}
		return append([]line{title.beside(columns-len(clock), line{text("%s", clock)})}, v.notices(columns)...)
	}
	s := v.status
	name := shorten(s.ChainID, max(columns-len("ashlar-light  ")-len(clock)-2, 8), st)
	title := line{text("ashlar-light").as(bold), text("  %s", name)}
	lines := []line{title.beside(columns-len(clock), line{text("%s", clock)}), v.headLine(st)}
	return append(lines, v.notices(columns)...)
}

func (v *view) headLine(st style) line {
	s, dot := v.status, text("%s", st.glyphs.dot).as(faint)
	if s.Head == nil {
		return line{text("no header verified yet"), dot, text("%s", count(s.Peers, "peer"))}
	}
	return line{
		text("head "), text("%d", s.Head.Height).as(bold), dot, text("%s old", age(v.now.Sub(s.Head.Time))), dot, text("%x", firstBytes(s.Head.Hash, 6)), dot,
		text("%s", count(s.Witnesses, "witness")), dot, text("%s", count(s.Peers, "peer")),
	}
}

func firstBytes(b []byte, n int) []byte { return b[:min(n, len(b))] }

// notices tell what is wrong, in words and within four lines; one line if nothing is.
func (v *view) notices(columns int) (lines []line) {
	if v.problem != "" {
		lines = append(lines, wrap("NO ANSWER ", v.problem, columns, 3, red)...)
	}
	if v.status != nil {
		alarms := alarmsOf(v.status)
		for i, alarm := range alarms {
			if len(lines) == 4 {
				break
			}
			room := (4 - min(len(lines), 3)) / (len(alarms) - i)
			lines = append(lines, wrap("ALARM ", alarm, columns, max(room, 1), red)...)
		}
	}
	if v.status != nil && v.status.Warning != "" && len(lines) < 4 {
		lines = append(lines, wrap("", v.status.Warning, columns, 1, yellow)...)
	}
	if len(lines) == 0 && v.status != nil {
		lines = append(lines, line{text("no alarm").as(green)})
	}
	if len(lines) == 0 {
		lines = append(lines, line{text("asking %s", v.api).as(faint)})
	}
	return append(lines, line{})
}

// wrap breaks a text into lines at spaces; what is beyond the last is left out.
func wrap(label, words string, columns, most int, look paint) (lines []line) {
	current := label
	for _, word := range strings.Fields(words) {
		word = clean(word)
		if strings.TrimSpace(current) != "" && len([]rune(current))+len([]rune(word)) > columns {
			lines = append(lines, line{span{strings.TrimRight(current, " "), look}})
			current = ""
		}
		current += word + " "
	}
	lines = append(lines, line{span{strings.TrimRight(current, " "), look}})
	return lines[:min(len(lines), most)]
}

// body shows the map of a block beside the verdicts about the newest heights.
func (v *view) body(columns, rows int, st style) []line {
	if v.status == nil {
		return make([]line, rows)
	}
	shown := v.shown()
	left := matrix(shown, min(max(columns*45/100, 23), 2*64+1), rows-1, st)
	mapWidth := 0
	for _, l := range left {
		mapWidth = max(mapWidth, l.width())
	}
	right := v.verdicts(shown, rows-1, st)
	lines := make([]line, 0, rows)
	for i := range max(len(left), len(right)) {
		var l, r line
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		lines = append(lines, l.beside(mapWidth+2, r))
	}
	for len(lines) < rows {
		lines = append(lines, line{})
	}
	return lines
}

// shown is the block whose map is shown: the newest that cells were drawn of, unless one of the
// newest is unavailable.
func (v *view) shown() (newest *lightnode.AvailabilityReport) {
	for i, report := range v.reports {
		if report.Verdict.String() == unavailable && i < 12 {
			return report
		}
		if newest == nil && len(report.Coordinates) > 0 {
			newest = report
		}
	}
	return newest
}

// verdicts lists the newest heights.
func (v *view) verdicts(shown *lightnode.AvailabilityReport, rows int, st style) []line {
	lines := []line{{text("%9s %-11s %6s %6s %5s", "height", "verdict", "cells", "miss", "peers").as(faint)}}
	for _, r := range v.reports {
		if len(lines) == rows {
			break
		}
		mark := " "
		if r == shown {
			mark = ">"
		}
		lines = append(lines, line{
			text("%s%8d ", mark, r.Height), text("%-11s", r.Verdict).as(look(r.Verdict.String())),
			text(" %6s %6s %5d", fmt.Sprintf("%d/%d", r.Verified, r.Samples), missed(r), r.Peers),
		})
	}
	return lines
}

// The verdicts, and the outcomes of asking for a cell, that a frame tells apart.
const (
	available   = "available"
	unavailable = "unavailable"
	pending     = "pending"
	unasked     = "unasked"
	proved      = "verified"
)

func look(verdict string) paint {
	switch verdict {
	case available:
		return green
	case pending:
		return yellow
	}
	return red
}

// missed is the probability of having missed that an available block cannot be recovered.
func missed(a *lightnode.AvailabilityReport) string {
	switch {
	case a.Verdict.String() != available:
		return ""
	case a.Miss == 0:
		return "0"
	}
	return fmt.Sprintf("%.0e", a.Miss)
}

// foot sums up.
func (v *view) foot(columns int, st style) []line {
	leave := line{text("q or ctrl-C leaves").as(faint)}
	if v.status == nil {
		return []line{leave}
	}
	s, dot := v.status, text("%s", st.glyphs.dot).as(faint)
	sums := line{
		text("%s", heights(s)), dot, text("%d available", s.Heights.Available), dot, text("%d pending", s.Heights.Pending).as(nonzero(s.Heights.Pending, yellow)), dot,
		text("%d unavailable", s.Heights.Unavailable).as(nonzero(s.Heights.Unavailable, red)), dot, text("%d invalid", s.Heights.Invalid).as(nonzero(s.Heights.Invalid, red)),
	}
	cells := line{text("%d cells verified", s.CellsVerified), dot, text("%s kept, of %s", bytesIn(float64(s.CellsKept)), count(s.HeightsKept, "height"))}
	return []line{sums, cells, v.traffic(columns, st), leave}
}

// nonzero is a look for a count that ought to be 0.
func nonzero(n int, look paint) paint {
	if n == 0 {
		return plain
	}
	return look
}

// traffic shows what was received and sent, now and as bars over time.
func (v *view) traffic(columns int, st style) line {
	var last rate
	if len(v.rates) > 0 {
		last = v.rates[len(v.rates)-1]
	}
	g := st.glyphs
	l := line{
		text("%s %s/s  %s %s/s", g.down, bytesIn(last.received), g.up, bytesIn(last.sent)), text("%s", g.dot).as(faint),
		text("%s received, %s sent", bytesIn(float64(v.status.Received)), bytesIn(float64(v.status.Sent))),
	}
	room := min(columns-l.width()-2, len(v.rates))
	if room < 4 {
		return l
	}
	return append(l, text("  "), text("%s", bars(v.rates[len(v.rates)-room:], g.bars)).as(green))
}

// bars draws what was received, the most as the highest bar.
func bars(rates []rate, signs []string) string {
	most := 1.0
	for _, r := range rates {
		most = max(most, r.received)
	}
	var out strings.Builder
	for _, r := range rates {
		out.WriteString(signs[int(r.received/most*float64(len(signs)-1)+0.5)])
	}
	return out.String()
}

// shorten cuts a name in its middle.
func shorten(name string, columns int, st style) string {
	runes := []rune(name)
	if len(runes) <= columns {
		return name
	}
	half := max((columns-1)/2, 1)
	return string(runes[:half]) + st.glyphs.cut + string(runes[len(runes)-half:])
}

// count writes a number and what there is of it.
func count(n int, of string) string {
	switch {
	case n == 1:
		return "1 " + of
	case strings.HasSuffix(of, "s"):
		return fmt.Sprintf("%d %ses", n, of)
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// age writes a time span in its two largest units.
func age(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}

// bytesIn writes a number of bytes with a unit.
func bytesIn(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			if unit == "B" {
				return fmt.Sprintf("%.0f B", n)
			}
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.1f TiB", n)
}
