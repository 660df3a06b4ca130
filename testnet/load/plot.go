package load

import (
	"fmt"
	"html"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Plot is what a load's picture shows, over the time since Start.
type Plot struct {
	Title, Subtitle string
	Start, End      time.Time
	Spans           []Span
	Marks           []Mark
	Blocks          []Block
	Records         []Record
	Market          Market
	// Capacity is in bytes of square a second.
	Capacity float64
}

// Span is a part of the time, with what was offered in it, in bytes of square a second.
type Span struct {
	Name     string
	From, To time.Time
	Offered  float64
}

// Mark is a moment at which something was done.
type Mark struct {
	Name string
	At   time.Time
}

// Where things are, in pixels.
const (
	plotWidth   = 1080
	plotLeft    = 86
	plotRight   = 24
	plotTop     = 110
	panelHeight = 150
	panelGap    = 52
)

// The colours can be told apart by those who see fewer.
const (
	inkColour     = "#222222"
	faintColour   = "#d9d9d9"
	blueColour    = "#0072b2"
	orangeColour  = "#e69f00"
	greenColour   = "#009e73"
	redColour     = "#d55e00"
	purpleColour  = "#cc79a7"
	greyColour    = "#999999"
	shadeColour   = "#f4f6f8"
	captionColour = "#666666"
)

// canvas collects SVG.
type canvas struct {
	strings.Builder
	plot *Plot
}

// panel is one of the diagrams: its place and its scale.
type panel struct {
	top       float64
	low, high float64 // of the values, or of their logarithms
	log       bool
}

// SVG draws the plot.
func (p *Plot) SVG() string {
	c := &canvas{plot: p}
	panels := []func(top float64){c.throughput, c.price, c.latency, c.intervals}
	height := plotTop + len(panels)*(panelHeight+panelGap) - 12
	fmt.Fprintf(&c.Builder, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="%s">`+"\n", plotWidth, height, inkColour)
	fmt.Fprintf(&c.Builder, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, height)
	c.text(plotLeft, 28, 18, inkColour, "start", p.Title)
	c.text(plotLeft, 48, 12, captionColour, "start", p.Subtitle)
	c.shade(height)
	for i, draw := range panels {
		draw(float64(plotTop + i*(panelHeight+panelGap)))
	}
	c.marks(height)
	c.WriteString("</svg>\n")
	return c.String()
}

// x is where a time is.
func (c *canvas) x(at time.Time) float64 {
	share := at.Sub(c.plot.Start).Seconds() / c.plot.End.Sub(c.plot.Start).Seconds()
	return plotLeft + share*(plotWidth-plotLeft-plotRight)
}

// shows tells whether a time is within the plot.
func (c *canvas) shows(at time.Time) bool { return !at.Before(c.plot.Start) && !at.After(c.plot.End) }

// y is where a value is in a panel.
func (p panel) y(value float64) float64 {
	if p.log {
		value = math.Log10(value)
	}
	share := (value - p.low) / (p.high - p.low)
	return p.top + panelHeight*(1-min(max(share, 0), 1))
}

func (c *canvas) text(x, y, size float64, colour, anchor, text string) {
	fmt.Fprintf(&c.Builder, `<text x="%.1f" y="%.1f" font-size="%.0f" fill="%s" text-anchor="%s">%s</text>`+"\n", x, y, size, colour, anchor, html.EscapeString(text))
}

func (c *canvas) line(x1, y1, x2, y2 float64, colour, more string) {
	fmt.Fprintf(&c.Builder, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" %s/>`+"\n", x1, y1, x2, y2, colour, more)
}

// shade tints spans, and names them.
func (c *canvas) shade(height int) {
	for _, span := range c.plot.Spans {
		from, to := c.x(span.From), c.x(span.To)
		fmt.Fprintf(&c.Builder, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", from, plotTop-24, to-from, height-plotTop-8, shadeColour)
		c.text((from+to)/2, plotTop-43, 12, inkColour, "middle", span.Name)
	}
}

// marks draws moments through all panels.
func (c *canvas) marks(height int) {
	for _, mark := range c.plot.Marks {
		x := c.x(mark.At)
		c.line(x, plotTop-26, x, float64(height-panelGap+12), redColour, `stroke-width="1" stroke-dasharray="2 3"`)
		c.text(x, plotTop-29, 10, redColour, "middle", mark.Name)
	}
}

// key is an entry of a panel's legend.
type key struct{ colour, name string }

// frame draws a panel's title, legend, grid and axes.
func (c *canvas) frame(p panel, title string, ticks []float64, label func(float64) string, keys ...key) {
	c.text(plotLeft, p.top-6, 12, inkColour, "start", title)
	at := float64(plotWidth - plotRight)
	for i := len(keys) - 1; i >= 0; i-- {
		c.text(at, p.top-6, 11, captionColour, "end", keys[i].name)
		at -= 6*float64(utf8.RuneCountInString(keys[i].name)) + 8
		fmt.Fprintf(&c.Builder, `<rect x="%.1f" y="%.1f" width="9" height="9" fill="%s"/>`+"\n", at-6, p.top-15, keys[i].colour)
		at -= 20
	}
	for _, tick := range ticks {
		y := p.y(tick)
		c.line(plotLeft, y, plotWidth-plotRight, y, faintColour, `stroke-width="0.6"`)
		c.text(plotLeft-6, y+4, 11, captionColour, "end", label(tick))
	}
	c.line(plotLeft, p.top+panelHeight, plotWidth-plotRight, p.top+panelHeight, inkColour, `stroke-width="1"`)
	c.seconds(p)
}

// seconds labels the time axis.
func (c *canvas) seconds(p panel) {
	total := c.plot.End.Sub(c.plot.Start).Seconds()
	for _, tick := range linearTicks(total, 10) {
		x := c.x(c.plot.Start.Add(time.Duration(tick * float64(time.Second))))
		c.line(x, p.top+panelHeight, x, p.top+panelHeight+4, inkColour, `stroke-width="1"`)
		c.text(x, p.top+panelHeight+17, 11, captionColour, "middle", fmt.Sprintf("%.0f s", tick))
	}
}

// linearTicks returns round values from 0 to high, about count of them.
func linearTicks(high float64, count int) []float64 {
	if high <= 0 {
		return []float64{0}
	}
	step := math.Pow(10, math.Floor(math.Log10(high/float64(count))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if high/(step*factor) <= float64(count) {
			step *= factor
			break
		}
	}
	var ticks []float64
	for tick := 0.0; tick <= high*1.0001; tick += step {
		ticks = append(ticks, tick)
	}
	return ticks
}

// linear returns a panel from 0 to high, and its ticks.
func linear(top, high float64) (panel, []float64) {
	high = max(high, 1e-9) * 1.08
	return panel{top: top, high: high}, linearTicks(high, 5)
}

func plainLabel(x float64) string { return fmt.Sprintf("%g", math.Round(x*1000)/1000) }

// throughput shows what blocks were charged for, and what was offered.
func (c *canvas) throughput(top float64) {
	high := c.plot.Capacity
	for _, span := range c.plot.Spans {
		high = max(high, span.Offered)
	}
	p, ticks := linear(top, high/1e6)
	c.frame(p, "in blocks, MB of square a second", ticks, plainLabel,
		key{blueColour, "in blocks"}, key{orangeColour, "offered"}, key{inkColour, "capacity"})
	c.eachBlock(func(from, to float64, block Block, took float64) {
		y := p.y(float64(block.BlobGas) / took / 1e6)
		fmt.Fprintf(&c.Builder, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="0.75"/>`+"\n", from, y, max(to-from-0.6, 0.4), p.top+panelHeight-y, blueColour)
	})
	for _, span := range c.plot.Spans {
		c.line(c.x(span.From), p.y(span.Offered/1e6), c.x(span.To), p.y(span.Offered/1e6), orangeColour, `stroke-width="2"`)
	}
	c.line(plotLeft, p.y(c.plot.Capacity/1e6), plotWidth-plotRight, p.y(c.plot.Capacity/1e6), inkColour, `stroke-width="1" stroke-dasharray="5 4"`)
}

// eachBlock calls draw with where a block begins and ends, and its duration in seconds.
func (c *canvas) eachBlock(draw func(from, to float64, block Block, took float64)) {
	for i := 1; i < len(c.plot.Blocks); i++ {
		block, before := c.plot.Blocks[i], c.plot.Blocks[i-1]
		if c.shows(before.Time) && c.shows(block.Time) {
			draw(c.x(before.Time), c.x(block.Time), block, max(block.Time.Sub(before.Time).Seconds(), 1e-3))
		}
	}
}

// price shows the base fee in multiples of the reserve price, and the formula's.
func (c *canvas) price(top float64) {
	highest := 1.0
	c.eachBlock(func(_, _ float64, block Block, _ float64) { highest = max(highest, c.multiple(block.BaseFee)) })
	p := panel{top: top, log: true, low: -0.05, high: max(math.Log10(highest)*1.1, 0.2)}
	ticks := []float64{1, 1.2, 1.5}
	if p.high > 0.6 {
		ticks = []float64{1, 2, 5}
	}
	for tick := 10.0; math.Log10(tick) <= p.high; tick *= 10 {
		ticks = append(ticks, tick)
	}
	if p.high > 2 {
		ticks = slices.DeleteFunc(ticks, func(tick float64) bool { return tick > 1 && tick < 10 })
	}
	ticks = slices.DeleteFunc(ticks, func(tick float64) bool { return math.Log10(tick) > p.high })
	c.frame(p, "base fee, in multiples of the reserve price", ticks, plainLabel,
		key{greenColour, "charged"}, key{inkColour, "by the formula"})
	c.eachBlock(func(from, to float64, block Block, _ float64) {
		c.line(from, p.y(c.multiple(block.BaseFee)), to, p.y(c.multiple(block.BaseFee)), greenColour, `stroke-width="3"`)
		fmt.Fprintf(&c.Builder, `<circle cx="%.1f" cy="%.1f" r="1.3" fill="%s"/>`+"\n", (from+to)/2, p.y(c.multiple(block.Formula)), inkColour)
	})
}

// multiple is a base fee in multiples of the reserve price.
func (c *canvas) multiple(fee string) float64 {
	price, ok := new(big.Float).SetString(fee)
	if !ok {
		return 1
	}
	multiple, _ := price.Quo(price, new(big.Float).SetInt(c.plot.Market.Reserve)).Float64()
	return max(multiple, 1e-3)
}

// latency shows every final blob by when it was submitted, and on the axis those that were
// given up.
func (c *canvas) latency(top float64) {
	highest := 1.0
	for i := range c.plot.Records {
		if r := &c.plot.Records[i]; r.Final() && !r.Given {
			highest = max(highest, r.Done.Sub(r.Submitted).Seconds())
		}
	}
	p, ticks := linear(top, highest)
	colours, keys := c.groups()
	c.frame(p, "seconds from submission to final, each blob", ticks, plainLabel, append(keys, key{redColour, "given up"})...)
	for i := range c.plot.Records {
		r := &c.plot.Records[i]
		switch {
		case r.Submitted.IsZero() || !c.shows(r.Submitted):
		case r.Final() && !r.Given:
			fmt.Fprintf(&c.Builder, `<circle cx="%.1f" cy="%.1f" r="1.6" fill="%s" fill-opacity="0.6"/>`+"\n", c.x(r.Submitted), p.y(r.Done.Sub(r.Submitted).Seconds()), colours[r.Group])
		default:
			x := c.x(r.Submitted)
			c.line(x, p.top+panelHeight-1, x, p.top+panelHeight-7, redColour, `stroke-width="1"`)
		}
	}
}

// groups gives each group of submitters a colour, in the order they appear in.
func (c *canvas) groups() (map[string]string, []key) {
	palette := []string{greyColour, blueColour, greenColour, orangeColour, purpleColour}
	colours := map[string]string{}
	var keys []key
	for i := range c.plot.Records {
		group := c.plot.Records[i].Group
		if colours[group] == "" {
			colours[group] = palette[len(colours)%len(palette)]
			keys = append(keys, key{colours[group], group})
		}
	}
	return colours, keys
}

// intervals shows the time from block to block.
func (c *canvas) intervals(top float64) {
	longest := c.plot.Market.BlockTime.Seconds()
	c.eachBlock(func(_, _ float64, _ Block, took float64) { longest = max(longest, took) })
	p, ticks := linear(top, longest)
	c.frame(p, "seconds from block to block", ticks, plainLabel, key{purpleColour, "block"}, key{inkColour, "governed block time"})
	c.eachBlock(func(from, to float64, _ Block, took float64) {
		c.line(from, p.y(took), to, p.y(took), purpleColour, `stroke-width="3"`)
	})
	target := p.y(c.plot.Market.BlockTime.Seconds())
	c.line(plotLeft, target, plotWidth-plotRight, target, inkColour, `stroke-width="1" stroke-dasharray="5 4"`)
}
