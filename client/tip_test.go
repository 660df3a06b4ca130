package client

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/da"
)

// TestTipIsOfferedAtLeast: and the cap has room for it above the base fee.
func TestTipIsOfferedAtLeast(t *testing.T) {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"height": 1, "base_fee": "1000", "gas_price": "0"}`)
	}))
	defer node.Close()
	for _, test := range []struct {
		tip, wantTip, wantCap int64
	}{
		{0, 50, 2000},
		{49, 50, 2000},
		{300, 300, 2000},
		{5000, 5000, 6000},
	} {
		c, err := New(t.Context(), Config{URL: node.URL, Tip: math.NewInt(test.tip)})
		if err != nil {
			t.Fatal(err)
		}
		prepared := &Prepared{infos: []da.BlobInfo{{Size: 1}}}
		fees, err := c.offer(t.Context(), prepared, Fees{})
		if err != nil || fees.Tip.Int64() != test.wantTip || fees.Cap.Int64() != test.wantCap {
			t.Errorf("tip %d: offers %v, %v; want a tip of %d and a cap of %d", test.tip, fees, err, test.wantTip, test.wantCap)
		}
	}
}
