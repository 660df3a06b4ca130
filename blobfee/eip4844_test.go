package blobfee

import (
	"math/big"
	"testing"
)

// cancun are Ethereum's constants at Cancun: target 3 blobs, maximum 6.
func cancun() EIP4844 {
	return EIP4844{TargetGas: 3 * gasPerBlob, MaxGas: 6 * gasPerBlob, MinBaseFee: big.NewInt(1), UpdateFraction: 3338477}
}

func TestFakeExponentialMatchesEIP4844(t *testing.T) {
	for _, c := range []struct{ factor, numerator, denominator, want int64 }{
		{1, 0, 1, 1},
		{38493, 0, 1000, 38493},
		{0, 1234, 2345, 0},
		{1, 2, 1, 6}, // 7.389
		{1, 4, 2, 6},
		{1, 3, 1, 16}, // 20.09
		{1, 6, 2, 18},
		{1, 4, 1, 49}, // 54.60
		{1, 8, 2, 50},
		{10, 8, 2, 542}, // 540.598
		{11, 8, 2, 596}, // 600.58
		{1, 5, 1, 136},  // 148.4
		{1, 5, 2, 11},   // 12.18
		{2, 5, 2, 23},   // 24.36
		{1, 50000000, 2225652, 5709098764},
	} {
		got := fakeExponential(big.NewInt(c.factor), big.NewInt(c.numerator), big.NewInt(c.denominator))
		if got.Cmp(big.NewInt(c.want)) != 0 {
			t.Errorf("fakeExponential(%d, %d, %d): have %v want %v", c.factor, c.numerator, c.denominator, got, c.want)
		}
	}
}

func TestBaseFeeMatchesEIP4844(t *testing.T) {
	for _, c := range []struct {
		excess uint64
		want   int64
	}{
		{0, 1},
		{2314057, 1},
		{2314058, 2},
		{10 * 1024 * 1024, 23},
	} {
		if got := cancun().BaseFee(c.excess); got.Cmp(big.NewInt(c.want)) != 0 {
			t.Errorf("BaseFee(%d): have %v want %v", c.excess, got, c.want)
		}
	}
}

func TestNextExcessMatchesEIP4844(t *testing.T) {
	target := uint64(3 * gasPerBlob)
	for _, c := range []struct{ excess, used, want uint64 }{
		{0, 0, 0},
		{0, 1 * gasPerBlob, 0},
		{0, 3 * gasPerBlob, 0},
		{0, 4 * gasPerBlob, gasPerBlob},
		{1, 4 * gasPerBlob, gasPerBlob + 1},
		{1, 5 * gasPerBlob, 2*gasPerBlob + 1},
		{target, 3 * gasPerBlob, target},
		{target, 2 * gasPerBlob, target - gasPerBlob},
		{target, 1 * gasPerBlob, target - 2*gasPerBlob},
		{target, 0, 0},
		{gasPerBlob - 1, 2 * gasPerBlob, 0},
		{^uint64(0), 4 * gasPerBlob, ^uint64(0) - target},
	} {
		if got := cancun().NextExcess(c.excess, c.used); got != c.want {
			t.Errorf("NextExcess(%d, %d): have %d want %d", c.excess, c.used, got, c.want)
		}
	}
}

// TestReserveOfEIP7918: where execution is dear, the excess rises by a third of what is
// used beyond EIP-7691's constants, and does not fall.
func TestReserveOfEIP7918(t *testing.T) {
	prague := EIP4844{TargetGas: 6 * gasPerBlob, MaxGas: 9 * gasPerBlob, MinBaseFee: big.NewInt(1), UpdateFraction: 5007716}
	dear, cheap := big.NewInt(1_000_000_000), big.NewInt(0)
	excess := uint64(20 * gasPerBlob)
	for _, c := range []struct {
		used      uint64
		execution *big.Int
		want      uint64
	}{
		{0, dear, excess},
		{6 * gasPerBlob, dear, excess + 2*gasPerBlob},
		{9 * gasPerBlob, dear, excess + 3*gasPerBlob},
		{0, cheap, excess - 6*gasPerBlob},
		{9 * gasPerBlob, cheap, excess + 3*gasPerBlob},
	} {
		if got := prague.NextExcessWithReserve(excess, c.used, c.execution); got != c.want {
			t.Errorf("used %d at %v: have %d want %d", c.used, c.execution, got, c.want)
		}
	}
	if got := prague.NextExcessWithReserve(gasPerBlob, 0, dear); got != 0 {
		t.Errorf("below the target the excess is %d, want 0", got)
	}
}
