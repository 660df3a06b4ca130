package blob

import (
	"errors"
	"math/big"
	"testing"

	"cosmossdk.io/math"

	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

func amount(n int64) *math.Int {
	i := math.NewInt(n)
	return &i
}

func TestQuote(t *testing.T) {
	huge := math.NewIntWithDecimal(1, 40)
	for name, c := range map[string]struct {
		offer          Offer
		burn, tip, sum int64
		err            error
	}{
		"plain pays all it offers": {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(120)}, burn: 82, tip: 38, sum: 120},
		"plain at the price":       {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(82)}, burn: 82, sum: 82},
		"plain below":              {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(81)}, err: ErrFeeTooLow},
		"plain below the base fee": {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(69)}, err: ErrFeeTooLow},
		"tip cap binds":            {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(212), FeeCap: amount(20), TipCap: amount(2)}, burn: 82, tip: 20, sum: 102},
		"fee cap binds":            {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(92), FeeCap: amount(8), TipCap: amount(5)}, burn: 82, tip: 10, sum: 92},
		"a tip on execution":       {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(97), FeeCap: amount(8), TipCap: amount(0)}, burn: 82, tip: 5, sum: 87},
		"no execution gas":         {offer: Offer{BlobGas: 10, Fee: math.NewInt(80), FeeCap: amount(8), TipCap: amount(0)}, burn: 70, sum: 70},
		"tip does not execute":     {offer: Offer{BlobGas: 10, Gas: 4, Fee: math.NewInt(91), FeeCap: amount(8), TipCap: amount(1)}, err: ErrFeeTooLow},
		"all the gas there is":     {offer: Offer{BlobGas: 10, Gas: 1<<64 - 1, Fee: math.NewInt(1 << 62)}, err: ErrFeeTooLow},
		"fee cap below the base":   {offer: Offer{BlobGas: 10, Fee: math.NewInt(200), FeeCap: amount(6), TipCap: amount(0)}, err: ErrFeeTooLow},
		"fee below fee cap x gas":  {offer: Offer{BlobGas: 10, Fee: math.NewInt(199), FeeCap: amount(20), TipCap: amount(0)}, err: ErrFeeTooLow},
		"no fee":                   {offer: Offer{BlobGas: 10}, err: ErrInvalidFee},
		"negative fee":             {offer: Offer{BlobGas: 10, Fee: math.NewInt(-1)}, err: ErrInvalidFee},
		"nil fee cap":              {offer: Offer{BlobGas: 10, Fee: math.NewInt(200), FeeCap: &math.Int{}, TipCap: amount(0)}, err: ErrInvalidFee},
		"nil tip cap":              {offer: Offer{BlobGas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: &math.Int{}}, err: ErrInvalidFee},
		"negative tip cap":         {offer: Offer{BlobGas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: amount(-1)}, err: ErrInvalidFee},
		"absurd tip cap":           {offer: Offer{BlobGas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: &huge}, err: ErrInvalidFee},
	} {
		got, err := c.offer.Quote(Prices{BaseFee: math.NewInt(7), Gas: math.NewInt(3)})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: have error %v want %v", name, err, c.err)
		}
		if c.err != nil || err != nil {
			continue
		}
		if !got.Burn.Equal(math.NewInt(c.burn)) || !got.Tip.Equal(math.NewInt(c.tip)) || !got.Total().Equal(math.NewInt(c.sum)) {
			t.Errorf("%s: have %v want burn %d tip %d total %d", name, got, c.burn, c.tip, c.sum)
		}
	}
}

// TestBaseFeeNoOneCanName: at a base fee that takes more bits than amounts may have,
// every offer is too low and nothing overflows.
func TestBaseFeeNoOneCanName(t *testing.T) {
	prices := Prices{BaseFee: math.NewIntFromBigInt(new(big.Int).Lsh(big.NewInt(1), 240)), Gas: math.OneInt()}
	offer := Offer{BlobGas: 1<<64 - 1, Gas: 1<<64 - 1, Fee: math.NewIntFromBigInt(new(big.Int).Lsh(big.NewInt(1), maxAmountBits-1))}
	if _, err := offer.Quote(prices); !errors.Is(err, ErrFeeTooLow) {
		t.Fatalf("have %v want ErrFeeTooLow", err)
	}
}

func TestValidateParamsNamesTheParameter(t *testing.T) {
	if err := ValidateParams(DefaultParams()); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	for name, corrupt := range map[string]func(p *blobpb.Params){
		"no rows":                 func(p *blobpb.Params) { p.MaxRows = 0 },
		"too many rows":           func(p *blobpb.Params) { p.MaxRows = hardMaxRows + 1 },
		"no transaction rows":     func(p *blobpb.Params) { p.MaxTxRows = 0 },
		"parts exceed square":     func(p *blobpb.Params) { p.MaxSharedRows = p.MaxRows },
		"a row too many to prove": func(p *blobpb.Params) { p.MaxRows, p.MaxTxRows, p.MaxSharedRows = 64, 2, hardMaxProvenRows-1 },
		"sum overflows":           func(p *blobpb.Params) { p.MaxTxRows, p.MaxSharedRows = 1<<31, 1<<31 },
		"no block time":           func(p *blobpb.Params) { p.BlockTime = 0 },
		"no reserve":              func(p *blobpb.Params) { p.ReservePrice = math.Int{} },
		"zero reserve":            func(p *blobpb.Params) { p.ReservePrice = math.ZeroInt() },
		"no gas price":            func(p *blobpb.Params) { p.MinGasPrice = math.Int{} },
		"zero gas price":          func(p *blobpb.Params) { p.MinGasPrice = math.ZeroInt() },
		"absurd gas price":        func(p *blobpb.Params) { p.MinGasPrice = math.NewIntWithDecimal(1, 20) },
		"no update fraction":      func(p *blobpb.Params) { p.UpdateFraction = 0 },
	} {
		p := DefaultParams()
		corrupt(&p)
		if err := ValidateParams(p); !errors.Is(err, ErrInvalidParams) {
			t.Errorf("%s: have %v want ErrInvalidParams", name, err)
		}
	}
}
