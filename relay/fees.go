package relay

import (
	"math/big"
	"strconv"
	"strings"
)

// gwei is 10⁹ wei, in which people count what gas costs.
const gwei = 1_000_000_000

// price is what a transaction should offer, and the least cap that would do.
type price struct {
	Fees
	Least uint64
}

// market is the price of a new transaction: twice the base fee, so that it stays good for some six full
// blocks, and the tip that blocks ask for.
func (d *decider) market() price {
	least := saturatingAdd(d.Head.BaseFee, d.Tip)
	return price{Fees{Cap: saturatingAdd(d.Head.BaseFee, least), Tip: d.Tip}, least}
}

// raised is the price of taking the place of a transaction that offers fees.
func (d *decider) raised(fees Fees) price {
	p, bumped := d.market(), fees.bumped()
	p.Cap, p.Tip, p.Least = max(p.Cap, bumped.Cap), max(p.Tip, bumped.Tip), max(p.Least, bumped.Cap)
	return p
}

// within holds a price against the most that may be offered for a task.
func (d *decider) within(task Task, p price) (Fees, bool) {
	ceiling, flag := d.MaxFee, "--max-fee"
	switch task.Kind {
	case Rotate, Stage:
		ceiling, flag = d.MaxRotationFee, "--max-rotation-fee"
	case Cancel:
		ceiling = max(d.MaxFee, d.MaxRotationFee)
	}
	if max(p.Least, p.Tip) > ceiling {
		d.note(FeesHigh, task.Kind != Attest && d.closing(), "%s would have to offer %s gwei per gas, and %s is %s: waiting for blocks to charge less",
			task, inGwei(max(p.Least, p.Tip)), flag, inGwei(ceiling))
		return Fees{}, false
	}
	return Fees{Cap: min(p.Cap, ceiling), Tip: p.Tip}, true
}

// inGwei shows wei in gwei, to a thousandth.
func inGwei(wei uint64) string {
	return trimmed(strconv.FormatFloat(float64(wei)/gwei, 'f', 3, 64))
}

// inEther shows wei in ETH, rounded up to a millionth.
func inEther(wei *big.Int) string {
	const micro = 1_000_000_000_000
	millionths := new(big.Int).Div(new(big.Int).Add(wei, big.NewInt(micro-1)), big.NewInt(micro))
	digits := millionths.String()
	digits = strings.Repeat("0", max(0, 7-len(digits))) + digits
	return trimmed(digits[:len(digits)-6] + "." + digits[len(digits)-6:])
}

func trimmed(decimal string) string {
	return strings.TrimRight(strings.TrimRight(decimal, "0"), ".")
}
