package market

import (
	"bytes"
	"encoding/csv"
	"fmt"
)

// CSV is the run as a table: a line for each block under each rule.
func (r *Run) CSV() []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write([]string{ // a buffer takes everything
		"rule", "block", "seconds", "base_fee", "blob_gas", "max_blob_gas", "wanted", "refused", "waiting", "attack", "transactions",
	})
	for _, rule := range []struct {
		name     string
		outcomes []Outcome
	}{{"ashlar", r.Ashlar}, {"eip-4844", r.Ethereum}} {
		for i := range rule.outcomes {
			o := &rule.outcomes[i]
			_ = w.Write([]string{
				rule.name, fmt.Sprint(o.Height), fmt.Sprintf("%.1f", o.Time.Seconds()), o.BaseFee.String(), fmt.Sprint(o.Used),
				fmt.Sprint(o.MaxGas), fmt.Sprint(o.Wanted), fmt.Sprint(o.Refused), fmt.Sprint(o.Waiting), fmt.Sprint(o.Attack), fmt.Sprint(len(o.Bids)),
			})
		}
	}
	w.Flush()
	return out.Bytes()
}
