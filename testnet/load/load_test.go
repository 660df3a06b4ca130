package load

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// TestOfferKeepsItsPace: what is offered is what the rate says, however slow the answers
// are, and every blob's end is recorded.
func TestOfferKeepsItsPace(t *testing.T) {
	_, stock := newStock(t)
	synctest.Test(t, func(t *testing.T) {
		generator := NewGenerator(stock, NewMix(1))
		start := time.Now()
		var turn atomic.Int64
		post := func(ctx context.Context, _ *client.Prepared) (uint64, error) {
			switch turn.Add(1) % 3 {
			case 0:
				return 0, &client.Error{Code: client.CodeFeeTooLow}
			case 1:
				<-ctx.Done()
				return 0, fmt.Errorf("%w: %w", ctx.Err(), &client.Error{Code: client.CodeMempoolFull})
			}
			time.Sleep(40 * time.Second)
			return 9, nil
		}
		const rate, seconds = 1 << 20, 20
		records := generator.Offer(t.Context(), "p", seconds*time.Second, []Group{{Name: "g", Rate: rate, Post: post, Patience: time.Minute}})
		offered := 0
		for _, r := range records {
			offered += r.SquareBytes()
		}
		if offered < rate*seconds || offered > rate*seconds+8*kzg.RowSize {
			t.Errorf("%d bytes were offered in %d s at %d a second", offered, seconds, rate)
		}
		if took := time.Since(start); took < time.Minute || took > time.Minute+seconds*time.Second {
			t.Errorf("it took %v, want the last patience to end", took)
		}
		s := Summarize(records, nil, nil)
		if s.Final == 0 || s.Final+s.Failed["fee_too_low"]+s.Failed["patience ended on mempool_full"] != s.Submitted || s.Unexplained() != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCause(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{&client.Error{Code: client.CodeFeeTooLow}, "fee_too_low"},
		{fmt.Errorf("%w; last: %w", context.DeadlineExceeded, &client.Error{Code: client.CodeFeeTooLow}), "patience ended on fee_too_low"},
		{&Unfinished{State: "accepted", Err: context.DeadlineExceeded}, "patience ended, accepted and waiting for room in a block"},
		{&Unfinished{Err: context.DeadlineExceeded}, "patience ended, queued behind others of its account"},
		{context.Canceled, "interrupted"},
		{context.DeadlineExceeded, Unexplained + ": context deadline exceeded"},
		{errors.New("odd"), Unexplained + ": odd"},
	} {
		if have := Cause(test.err); have != test.want {
			t.Errorf("%v: have %q want %q", test.err, have, test.want)
		}
	}
}

func testMarket() Market {
	return Market{MaxRows: 34, Params: blobfee.Params{
		MaxGas: 34 << 17, BlockTime: 2 * time.Second, Reserve: big.NewInt(1e9), UpdateFraction: 4_245_093_508,
	}}
}

// testBlocks are full blocks, each two seconds after the one before, at the prices that the
// formula gives.
func testBlocks(n int) []Block {
	m := testMarket()
	var blocks []Block
	for i := range n {
		blocks = append(blocks, Block{
			Height: uint64(i + 1), Time: time.Unix(int64(1000+2*i), 0), Rows: 34, BlobGas: m.MaxGas,
		})
	}
	m.Derive(blocks)
	for i := range blocks {
		blocks[i].BaseFee = blocks[i].Formula
	}
	return blocks
}

// TestDeriveFindsAPriceThatIsOff: by one aash, in one block.
func TestDeriveFindsAPriceThatIsOff(t *testing.T) {
	m, blocks := testMarket(), testBlocks(20)
	if differ := m.Derive(blocks); len(differ) != 0 {
		t.Fatalf("heights %v differ from themselves", differ)
	}
	if blocks[0].Formula != "1000000000" || blocks[1].Formula != "1125000000" && !strings.HasPrefix(blocks[1].Formula, "1124999") {
		t.Errorf("the first prices are %s and %s, want the reserve and an eighth more", blocks[0].Formula, blocks[1].Formula)
	}
	price, _ := new(big.Int).SetString(blocks[7].BaseFee, 10)
	blocks[7].BaseFee = price.Add(price, big.NewInt(1)).String()
	if differ := m.Derive(blocks); len(differ) != 1 || differ[0] != 8 {
		t.Errorf("heights %v differ, want 8", differ)
	}
	blocks = testBlocks(20)
	blocks[4].Time = blocks[4].Time.Add(time.Millisecond)
	if differ := m.Derive(blocks); len(differ) == 0 {
		t.Error("a block's time does not matter to the formula: then it is not checked")
	}
}

func TestParseMarket(t *testing.T) {
	const genesis = `{"app_state": {"blob": {"excess": "7", "params": {"max_rows": 34, "reserve_price": "1000000000", "block_time": "2s", "update_fraction": "4245093508"}}}}`
	m, err := parseMarket([]byte(genesis))
	if err != nil || m.Excess != 7 || m.MaxRows != 34 || m.MaxGas != 34<<17 || m.BlockTime != 2*time.Second || m.Reserve.Int64() != 1e9 {
		t.Errorf("%+v, %v", m, err)
	}
	for _, damage := range []string{`"7"`, `34`, `"1000000000"`, `"2s"`, `"4245093508"`} {
		if _, err := parseMarket([]byte(strings.Replace(genesis, damage, `"x"`, 1))); err == nil {
			t.Errorf("%s replaced by x was read", damage)
		}
	}
}

func TestSummaries(t *testing.T) {
	blocks := testBlocks(10) // height h at 1000 + 2(h-1) s: the head at 1007 s is 3
	at := func(s float64) time.Time { return time.Unix(0, int64(s*1e9)) }
	if head := HeadAt(blocks, at(1007)); head != 3 {
		t.Errorf("the head at 1007 s is %d, want 3", head)
	}
	records := []Record{
		{Item: Item{Index: 0, Size: 1000}, Submitted: at(1007), Done: at(1009), Height: 4},
		{Item: Item{Index: 1, Size: 1000}, Submitted: at(1007), Done: at(1015), Height: 7},
		{Item: Item{Index: 2, Size: 1000}, Submitted: at(1007), Cause: "fee_too_low"},
		{Item: Item{Index: 3, Size: 1000}, Cause: ""},
	}
	s := Summarize(records, blocks, map[int]bool{0: true})
	if s.Final != 2 || s.Within3 != 0.25 || s.ReadBack != 1 || s.Bytes != 2000 || s.SquareBytes != 2*kzg.CellSize {
		t.Errorf("%+v", s)
	}
	if s.Seconds.P50 != 2 || s.Seconds.P99 != 8 || s.Blocks.P50 != 1 || s.Blocks.Max != 4 {
		t.Errorf("latencies %+v %+v", s.Seconds, s.Blocks)
	}
	if s.Unexplained() != 1 {
		t.Errorf("%d failures have no cause, want the one", s.Unexplained())
	}
	c := testMarket().SumUp(blocks, 3, 99)
	if c.Blocks != 8 || c.Interval.Max != 2 || c.Filled != 1 || c.Waste != 0 || c.MBPerSecond != round3(34*0.131072/2) {
		t.Errorf("%+v", c)
	}
}

// TestPlotIsSVG: well-formed whatever it shows, with the names in it.
func TestPlotIsSVG(t *testing.T) {
	blocks := testBlocks(30)
	plot := &Plot{
		Title: "a < b & c", Start: blocks[0].Time, End: blocks[29].Time, Blocks: blocks, Market: testMarket(), Capacity: 2e6,
		Spans: []Span{{"half", blocks[0].Time, blocks[9].Time, 1e6}, {"twice", blocks[9].Time, blocks[29].Time, 4e6}},
		Marks: []Mark{{"kill -9", blocks[20].Time}},
		Records: []Record{
			{Group: "pays", Submitted: blocks[3].Time, Done: blocks[5].Time, Height: 5},
			{Group: "saves", Submitted: blocks[3].Time, Cause: "fee_too_low"},
			{Group: "never submitted"},
		},
	}
	svg := plot.SVG()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"a &lt; b &amp; c", "half", "twice", "kill -9", "pays", "saves"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in the plot", want)
		}
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Error("the plot has places that are none")
	}
}
