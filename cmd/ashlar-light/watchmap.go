package main

import (
	"fmt"
	"strings"

	"github.com/ashlar-da/ashlar/lightnode"
)

// matrixColumns is the width of the extended matrix: 64 original columns, then as many extended.
const matrixColumns = 128

// tile is what became of the cells that one sign of the map stands for. The worst of them shows.
type tile uint8

const (
	nothing tile = iota // none was drawn
	verified
	waiting // drawn, and not answered yet
	missing // drawn, asked for, and not had
)

// matrix draws a block's extended matrix within a width and a height, its title and legend
// included: the original quadrant at the top left, what extends it to the right and below.
func matrix(r *lightnode.AvailabilityReport, columns, rows int, st style) []line {
	if r == nil {
		return []line{{text("no cells drawn yet").as(faint)}}
	}
	title := line{text("block %d", r.Height), text("  "), text("%s", r.Verdict).as(look(r.Verdict.String()))}
	if r.Rows > 0 {
		title = append(title, text("  %dx%d", 2*r.Rows, matrixColumns).as(faint))
	}
	if r.Rows == 0 || len(r.Coordinates) == 0 {
		return []line{title, {text("no cells to draw").as(faint)}}
	}
	across := fit(matrixColumns/2, (columns-1)/2)
	down := fit(r.Rows, (rows-4)/2)
	if across.signs < 4 || down.signs < 1 {
		return []line{title}
	}
	tiles := place(r, across, down)
	g := st.glyphs
	heading := line{text("%s", pad("original", across.signs)), text("%s", g.vertical).as(faint), text("%s", pad("extended", across.signs))}
	lines := []line{title, heading}
	for i, row := range tiles {
		if i == down.signs {
			lines = append(lines, line{text("%s", strings.Repeat(g.horizontal, across.signs)+g.cross+strings.Repeat(g.horizontal, across.signs)).as(faint)})
		}
		lines = append(lines, draw(row, across.signs, st))
	}
	legend := line{
		text("%s", g.verified).as(green), text(" proved  "), text("%s", g.missing).as(red), text(" missing  "), text("%s", g.waiting).as(yellow), text(" asked"),
	}
	return append(lines, legend)
}

// scale shows so many cells by so many signs, each standing for as many.
type scale struct{ signs, cells int }

// fit shows all cells of a half within so many signs.
func fit(cells, signs int) scale {
	if signs < 1 {
		return scale{}
	}
	each := (cells + signs - 1) / signs
	return scale{(cells + each - 1) / each, each}
}

// sign returns which sign a cell of either half belongs to.
func (s scale) sign(cell, half int) int {
	if cell < half {
		return cell / s.cells
	}
	return s.signs + (cell-half)/s.cells
}

// place puts the coordinates drawn onto the map.
func place(r *lightnode.AvailabilityReport, across, down scale) [][]tile {
	tiles := make([][]tile, 2*down.signs)
	for i := range tiles {
		tiles[i] = make([]tile, 2*across.signs)
	}
	for i, c := range r.Coordinates {
		if c[0] < 0 || c[0] >= 2*r.Rows || c[1] < 0 || c[1] >= matrixColumns {
			continue
		}
		at := &tiles[down.sign(c[0], r.Rows)][across.sign(c[1], matrixColumns/2)]
		*at = max(*at, became(r, i))
	}
	return tiles
}

// became tells what became of a coordinate. Until a verdict is looked into nothing is known.
func became(r *lightnode.AvailabilityReport, i int) tile {
	switch {
	case r.Verdict.String() == available, i < len(r.Outcomes) && r.Outcomes[i].String() == proved:
		return verified
	case i >= len(r.Outcomes) || r.Outcomes[i].String() == unasked:
		return waiting
	}
	return missing
}

func draw(row []tile, half int, st style) (l line) {
	g := st.glyphs
	for i, t := range row {
		if i == half {
			l = append(l, text("%s", g.vertical).as(faint))
		}
		switch t {
		case verified:
			l = append(l, text("%s", g.verified).as(green))
		case missing:
			l = append(l, text("%s", g.missing).as(red))
		case waiting:
			l = append(l, text("%s", g.waiting).as(yellow))
		case nothing:
			l = append(l, text("%s", g.none).as(faint))
		}
	}
	return l
}

func pad(s string, columns int) string { return fmt.Sprintf("%-*.*s", columns, columns, s) }
