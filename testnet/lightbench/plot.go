package lightbench

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Where things are, in pixels.
const (
	plotWidth   = 1080
	plotLeft    = 70
	plotRight   = 30
	plotTop     = 84
	panelHeight = 150
	panelGap    = 50
)

// palette can be told apart by those who see fewer colours.
func palette() []string { return []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"} }

// smoothed is how many block intervals a rate is averaged over.
const smoothed = 5

// point is a value at a time, in seconds.
type point struct{ at, value float64 }

// panel is one diagram.
type panel struct {
	title string
	limit float64 // drawn as a dashed line; 0: none
	dots  bool
	curve func(*Result) []point
}

// panels are what a report's plot shows, from top to bottom.
func panels() []panel {
	return []panel{
		{title: "resident memory, MiB", limit: 64, curve: func(o *Result) (points []point) {
			for _, s := range o.Samples {
				points = append(points, point{s.At, mib(s.Resident)})
			}
			return points
		}},
		{title: "processor, % of a core (over 5 blocks)", limit: 2, curve: func(o *Result) []point {
			return rates(o, func(s Sample) float64 { return 100 * s.CPU })
		}},
		{title: "received per block, all told, KiB (over 5 blocks)", limit: 90, curve: func(o *Result) []point {
			return rates(o, func(s Sample) float64 { return float64(s.Received) / 1024 * o.Interval })
		}},
		{title: "from block to verdict, seconds", dots: true, curve: func(o *Result) (points []point) {
			begin := o.Verdicts[0].Checked.Add(-seconds(o.ColdStart))
			for _, v := range o.Verdicts {
				if v.Time.After(begin) {
					points = append(points, point{v.Checked.Sub(begin).Seconds(), v.Delay().Seconds()})
				}
			}
			return points
		}},
		{title: "heights with a verdict of available", curve: func(o *Result) (points []point) {
			for _, s := range o.Samples {
				if s.Streams != nil {
					points = append(points, point{s.At, float64(s.Streams.Available)})
				}
			}
			return points
		}},
	}
}

// rates returns how fast a value grew, per second, over some block intervals each.
func rates(o *Result, value func(Sample) float64) (points []point) {
	var looks []Sample
	for _, s := range o.Samples {
		if s.Streams != nil {
			looks = append(looks, s)
		}
	}
	for i := smoothed; i < len(looks); i++ {
		before := looks[i-smoothed]
		points = append(points, point{looks[i].At, (value(looks[i]) - value(before)) / (looks[i].At - before.At)})
	}
	return points
}

// canvas collects SVG.
type canvas struct {
	strings.Builder
	last float64 // the end of the time axis, in seconds
}

// SVG draws the report over time.
func (r *Report) SVG() string {
	c := &canvas{last: 1}
	for i := range r.Results {
		c.last = max(c.last, r.Results[i].Duration)
	}
	all := panels()
	height := plotTop + len(all)*(panelHeight+panelGap)
	c.draw(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222222">`+"\n", plotWidth, height)
	c.draw(`<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, height)
	c.text(plotLeft, 26, 18, "#222222", "start", "What a light node costs")
	c.legend(r)
	for i, p := range all {
		c.panel(r, p, float64(plotTop+i*(panelHeight+panelGap)))
	}
	c.WriteString("</svg>\n")
	return c.String()
}

// legend says what followed what, and names the colours.
func (c *canvas) legend(r *Report) {
	c.text(plotLeft, 46, 12, "#666666", "start", fmt.Sprintf("%d validators, %d full nodes, %s; dashed: the limit for k = %d", r.Validators, r.Nodes, r.Machine, judgedK))
	for i := range r.Results {
		x := float64(plotWidth - plotRight - 70*(len(r.Results)-i))
		c.draw(`<rect x="%.1f" y="16" width="10" height="10" fill="%s"/>`+"\n", x, colour(i))
		c.text(x+14, 25, 12, "#222222", "start", fmt.Sprintf("k = %d", r.Results[i].K))
	}
}

func colour(i int) string { return palette()[i%len(palette())] }

// panel draws one diagram of all results.
func (c *canvas) panel(r *Report, p panel, top float64) {
	curves, high := make([][]point, len(r.Results)), p.limit
	for i := range r.Results {
		curves[i] = p.curve(&r.Results[i])
		for _, at := range curves[i] {
			high = max(high, at.value)
		}
	}
	high = max(high, 1e-3) * 1.08
	y := func(value float64) float64 { return top + panelHeight*(1-min(max(value/high, 0), 1)) }
	c.axes(p.title, top, high, y)
	if p.limit > 0 {
		c.line(plotLeft, y(p.limit), plotWidth-plotRight, y(p.limit), "#222222", `stroke-width="1" stroke-dasharray="5 4"`)
	}
	for i, curve := range curves {
		if p.dots {
			for _, at := range curve {
				c.draw(`<circle cx="%.1f" cy="%.1f" r="1.8" fill="%s" fill-opacity="0.7"/>`+"\n", c.x(at.at), y(at.value), colour(i))
			}
			continue
		}
		c.curve(curve, y, colour(i))
	}
}

func (c *canvas) curve(points []point, y func(float64) float64, colour string) {
	c.WriteString(`<polyline fill="none" stroke-width="1.5" stroke="` + colour + `" points="`)
	for _, at := range points {
		c.draw("%.1f,%.1f ", c.x(at.at), y(at.value))
	}
	c.WriteString(`"/>` + "\n")
}

// x is where a time is.
func (c *canvas) x(at float64) float64 {
	return plotLeft + at/c.last*(plotWidth-plotLeft-plotRight)
}

// axes draws a panel's title, grid and axes.
func (c *canvas) axes(title string, top, high float64, y func(float64) float64) {
	c.text(plotLeft, top-7, 12, "#222222", "start", title)
	for _, tick := range ticks(high, 5) {
		c.line(plotLeft, y(tick), plotWidth-plotRight, y(tick), "#d9d9d9", `stroke-width="0.6"`)
		c.text(plotLeft-6, y(tick)+4, 11, "#666666", "end", fmt.Sprintf("%g", math.Round(tick*1000)/1000))
	}
	bottom := top + panelHeight
	c.line(plotLeft, bottom, plotWidth-plotRight, bottom, "#222222", `stroke-width="1"`)
	for _, tick := range ticks(c.last/60, 12) {
		x := c.x(60 * tick)
		c.line(x, bottom, x, bottom+4, "#222222", `stroke-width="1"`)
		c.text(x, bottom+17, 11, "#666666", "middle", fmt.Sprintf("%g min", math.Round(tick*100)/100))
	}
}

func (c *canvas) text(x, y, size float64, colour, anchor, text string) {
	c.draw(`<text x="%.1f" y="%.1f" font-size="%.0f" fill="%s" text-anchor="%s">%s</text>`+"\n", x, y, size, colour, anchor, html.EscapeString(text))
}

func (c *canvas) line(x1, y1, x2, y2 float64, colour, more string) {
	c.draw(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" %s/>`+"\n", x1, y1, x2, y2, colour, more)
}

// ticks returns round values from 0 to high, at most about count of them.
func ticks(high float64, count int) []float64 {
	step := math.Pow(10, math.Floor(math.Log10(high/float64(count))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if high/(step*factor) <= float64(count) {
			step *= factor
			break
		}
	}
	var values []float64
	for value := 0.0; value <= high; value += step {
		values = append(values, value)
	}
	return values
}

// draw adds an element.
func (c *canvas) draw(format string, args ...any) { fmt.Fprintf(&c.Builder, format, args...) }
