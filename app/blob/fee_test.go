package blob

import (
	"errors"
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
		offer                   Offer
		burn, collect, tip, sum int64
		err                     error
	}{
		"plain pays all it offers": {offer: Offer{Gas: 10, Fee: math.NewInt(100)}, burn: 70, collect: 30, tip: 3, sum: 100},
		"plain at the price":       {offer: Offer{Gas: 10, Fee: math.NewInt(70)}, burn: 70, sum: 70},
		"plain below":              {offer: Offer{Gas: 10, Fee: math.NewInt(69)}, err: ErrFeeTooLow},
		"tip cap binds":            {offer: Offer{Gas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: amount(2)}, burn: 70, collect: 20, tip: 2, sum: 90},
		"fee cap binds":            {offer: Offer{Gas: 10, Fee: math.NewInt(80), FeeCap: amount(8), TipCap: amount(5)}, burn: 70, collect: 10, tip: 1, sum: 80},
		"execution on top":         {offer: Offer{Gas: 10, Fee: math.NewInt(95), FeeCap: amount(8), TipCap: amount(0)}, burn: 70, collect: 15, tip: 0, sum: 85},
		"fee cap below the base":   {offer: Offer{Gas: 10, Fee: math.NewInt(200), FeeCap: amount(6), TipCap: amount(0)}, err: ErrFeeTooLow},
		"fee below fee cap x gas":  {offer: Offer{Gas: 10, Fee: math.NewInt(199), FeeCap: amount(20), TipCap: amount(0)}, err: ErrFeeTooLow},
		"no fee":                   {offer: Offer{Gas: 10}, err: ErrInvalidFee},
		"negative fee":             {offer: Offer{Gas: 10, Fee: math.NewInt(-1)}, err: ErrInvalidFee},
		"nil fee cap":              {offer: Offer{Gas: 10, Fee: math.NewInt(200), FeeCap: &math.Int{}, TipCap: amount(0)}, err: ErrInvalidFee},
		"nil tip cap":              {offer: Offer{Gas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: &math.Int{}}, err: ErrInvalidFee},
		"negative tip cap":         {offer: Offer{Gas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: amount(-1)}, err: ErrInvalidFee},
		"absurd tip cap":           {offer: Offer{Gas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: &huge}, err: ErrInvalidFee},
	} {
		got, err := c.offer.Quote(math.NewInt(7))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: have error %v want %v", name, err, c.err)
		}
		if c.err != nil || err != nil {
			continue
		}
		if !got.Burn.Equal(math.NewInt(c.burn)) || !got.Collect.Equal(math.NewInt(c.collect)) || !got.Tip.Equal(math.NewInt(c.tip)) || !got.Total().Equal(math.NewInt(c.sum)) {
			t.Errorf("%s: have %v want burn %d collect %d tip %d total %d", name, got, c.burn, c.collect, c.tip, c.sum)
		}
	}
}

func TestValidateParamsNamesTheParameter(t *testing.T) {
	if err := ValidateParams(DefaultParams()); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	for name, corrupt := range map[string]func(p *blobpb.Params){
		"no rows":              func(p *blobpb.Params) { p.MaxRows = 0 },
		"too many rows":        func(p *blobpb.Params) { p.MaxRows = hardMaxRows + 1 },
		"no transaction rows":  func(p *blobpb.Params) { p.MaxTxRows = 0 },
		"parts exceed square":  func(p *blobpb.Params) { p.MaxSharedRows = p.MaxRows },
		"sum overflows":        func(p *blobpb.Params) { p.MaxTxRows, p.MaxSharedRows = 1<<31, 1<<31 },
		"target above maximum": func(p *blobpb.Params) { p.TargetBlobGas = 35 << 17 },
		"no target":            func(p *blobpb.Params) { p.TargetBlobGas = 0 },
		"no minimum":           func(p *blobpb.Params) { p.MinBaseFee = math.Int{} },
		"zero minimum":         func(p *blobpb.Params) { p.MinBaseFee = math.ZeroInt() },
		"no update fraction":   func(p *blobpb.Params) { p.UpdateFraction = 0 },
	} {
		p := DefaultParams()
		corrupt(&p)
		if err := ValidateParams(p); !errors.Is(err, ErrInvalidParams) {
			t.Errorf("%s: have %v want ErrInvalidParams", name, err)
		}
	}
}
