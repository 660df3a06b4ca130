package market

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The plot's geometry, in pixels.
const (
	plotWidth, plotHeight = 820, 548
	plotLeft, plotRight   = 84, 696
	priceTop, priceBottom = 84, 318
	useTop, useBottom     = 366, 492
)

// smoothed is over how many blocks the lower panel averages.
const smoothed = 8

// line is one rule in a plot. Lines differ in dash as well as in colour.
type line struct {
	label, color, dash string
	minutes            []float64
	price, use         []float64
}

// SVG draws the price under both rules, on a logarithmic axis, and below it how much of
// the blocks was used.
func (r *Run) SVG() []byte {
	p := newPlot(r)
	p.frame()
	p.event()
	p.priceAxis()
	p.useAxis()
	p.timeAxis()
	p.lines()
	p.legend()
	p.printf("</svg>\n")
	return p.out.Bytes()
}

// plot is a drawing in progress.
type plot struct {
	out       bytes.Buffer
	run       *Run
	drawn     []line
	minutes   float64
	low, high float64 // decimal logarithms at the ends of the price axis
}

func newPlot(r *Run) *plot {
	p := &plot{run: r, low: math.Inf(1), high: math.Inf(-1)}
	p.drawn = []line{
		newLine("Ashlar", "#1d5fb4", "none", r.Ashlar),
		newLine("EIP-4844", "#c2571a", "6 5", r.Ethereum), // the second is drawn over the first, and its gaps show it
	}
	for _, l := range p.drawn {
		for _, price := range l.price {
			p.low, p.high = min(p.low, math.Log10(price)), max(p.high, math.Log10(price))
		}
	}
	p.low, p.high = snapped(p.low, math.Floor), snapped(p.high+0.02, math.Ceil)
	p.minutes = r.Ashlar[len(r.Ashlar)-1].Time.Minutes()
	return p
}

// snapped rounds a decimal logarithm to that of 1, 2 or 5 times a power of ten: three
// steps to a power, near enough.
func snapped(logarithm float64, round func(float64) float64) float64 {
	third := round(logarithm * 3)
	power := math.Floor(third / 3)
	return power + math.Log10([]float64{1, 2, 5}[int(third-3*power)])
}

func newLine(label, color, dash string, outcomes []Outcome) line {
	l := line{label: label, color: color, dash: dash}
	for i := range outcomes {
		price, _ := outcomes[i].BaseFee.Float64()
		var use float64
		recent := outcomes[max(0, i-smoothed+1) : i+1]
		for j := range recent {
			use += float64(recent[j].Used) / float64(recent[j].MaxGas) / float64(len(recent))
		}
		l.minutes = append(l.minutes, outcomes[i].Time.Minutes())
		l.price, l.use = append(l.price, price/1e9), append(l.use, use)
	}
	return l
}

func (p *plot) printf(format string, args ...any) { fmt.Fprintf(&p.out, format, args...) }

func (p *plot) text(x, y float64, anchor, style, text string) {
	p.printf(`<text x="%.1f" y="%.1f" text-anchor="%s" %s>%s</text>`+"\n", x, y, anchor, style, text)
}

const (
	quiet = `font-size="12" fill="#555"`
	loud  = `font-size="13" fill="#222"`
)

func (p *plot) frame() {
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="Helvetica, Arial, sans-serif" role="img">`+"\n", plotWidth, plotHeight, plotWidth, plotHeight)
	p.printf("<title>%s</title>\n<desc>%s</desc>\n", p.run.Scenario.Title, p.run.Scenario.About)
	p.printf(`<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, plotHeight)
	p.text(plotLeft, 28, "start", `font-size="18" font-weight="bold" fill="#111"`, p.run.Scenario.Title)
	p.text(plotLeft, 48, "start", quiet, p.run.Scenario.About)
}

// event shades when what the scenario is about happens.
func (p *plot) event() {
	s := p.run.Scenario
	if s.To-s.From >= 1 {
		return
	}
	last := float64(len(p.run.Ashlar) - 1)
	from := p.x(p.run.Ashlar[int(s.From*(last+1))].Time.Minutes())
	to := p.x(p.run.Ashlar[int(min(s.To*(last+1), last))].Time.Minutes())
	for _, panel := range [][2]float64{{priceTop, priceBottom}, {useTop, useBottom}} {
		p.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#f1efe8"/>`+"\n", from, panel[0], to-from, panel[1]-panel[0])
	}
}

func (p *plot) x(minutes float64) float64 {
	return plotLeft + (plotRight-plotLeft)*minutes/p.minutes
}

func (p *plot) priceY(price float64) float64 {
	return priceBottom - (priceBottom-priceTop)*(math.Log10(price)-p.low)/(p.high-p.low)
}

func (p *plot) useY(use float64) float64 { return useBottom - (useBottom-useTop)*use }

func (p *plot) rule(y float64, color string) {
	p.printf(`<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="%s"/>`+"\n", plotLeft, y, plotRight, y, color)
}

// priceAxis marks the powers of ten, or every other, or, where there are few, also twice and
// five times those.
func (p *plot) priceAxis() {
	p.text(plotLeft-58, priceTop-14, "start", loud, "base fee, 10⁻⁹ ASH per blob gas (the reserve is 1), logarithmic")
	every := math.Ceil((p.high - p.low) / 6)
	for power := math.Floor(p.low); power <= p.high; power++ {
		for _, digit := range []float64{1, 2, 5} {
			at := power + math.Log10(digit)
			if at < p.low-1e-9 || at > p.high+1e-9 || digit > 1 && p.high-p.low > 2.5 || math.Mod(power, every) != 0 {
				continue
			}
			y := p.priceY(digit * math.Pow(10, power))
			p.rule(y, "#ddd")
			p.text(plotLeft-8, y+4, "end", quiet, decimal(digit, int(power)))
		}
	}
	p.rule(priceBottom, "#bbb")
}

// decimal shows a digit times a power of ten.
func decimal(digit float64, power int) string {
	if power >= -3 && power <= 4 {
		return strconv.FormatFloat(digit*math.Pow(10, float64(power)), 'f', max(0, -power), 64)
	}
	raised := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	return "10" + raised.Replace(strconv.Itoa(power))
}

func (p *plot) useAxis() {
	p.text(plotLeft-58, useTop-14, "start", loud, fmt.Sprintf("use of a block, mean of %d", smoothed))
	for _, percent := range []float64{0, 50, 100} {
		p.rule(p.useY(percent/100), "#ddd")
		p.text(plotLeft-8, p.useY(percent/100)+4, "end", quiet, fmt.Sprintf("%.0f %%", percent))
	}
	p.text(plotRight+8, p.useY(0.5)+4, "start", quiet, "target")
}

func (p *plot) timeAxis() {
	step := 1.0
	for _, wide := range []float64{2, 5, 10, 20, 50, 100} {
		if p.minutes/step > 8 {
			step = wide
		}
	}
	for minute := 0.0; minute <= p.minutes; minute += step {
		p.printf(`<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#888"/>`+"\n", p.x(minute), useBottom, p.x(minute), useBottom+5)
		p.text(p.x(minute), useBottom+20, "middle", quiet, fmt.Sprintf("%.0f", minute))
	}
	p.text((plotLeft+plotRight)/2, useBottom+42, "middle", loud, "minutes")
}

// lines draws the rules, and their names where they end.
func (p *plot) lines() {
	ends := make([]float64, len(p.drawn))
	for i, l := range p.drawn {
		p.path(l, l.use, p.useY, 1.4)
		p.path(l, l.price, p.priceY, 2.2)
		ends[i] = p.priceY(l.price[len(l.price)-1]) + 4
	}
	if gap := ends[0] - ends[1]; math.Abs(gap) < 17 {
		ends[0] += math.Copysign(17-math.Abs(gap), gap) / 2
		ends[1] -= math.Copysign(17-math.Abs(gap), gap) / 2
	}
	for i, l := range p.drawn {
		p.text(plotRight+8, ends[i], "start", fmt.Sprintf(`font-size="14" font-weight="bold" fill="%s"`, l.color), l.label)
	}
}

// legend says what the lines are, above the panels.
func (p *plot) legend() {
	for i, l := range p.drawn {
		x := float64(plotRight - 130*(len(p.drawn)-i))
		p.printf(`<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s" stroke-width="2.2" stroke-dasharray="%s"/>`+"\n", x, useTop-18, x+30, useTop-18, l.color, l.dash)
		p.text(x+38, useTop-14, "start", quiet, l.label+"’s rule")
	}
}

func (p *plot) path(l line, values []float64, y func(float64) float64, width float64) {
	p.printf(`<polyline fill="none" stroke="%s" stroke-width="%.1f" stroke-linejoin="round" stroke-dasharray="%s" points="`, l.color, width, l.dash)
	for i, value := range values {
		p.printf("%.1f,%.1f ", p.x(l.minutes[i]), y(value))
	}
	p.printf(`"/>` + "\n")
}
