package app_test

import (
	"testing"

	"cosmossdk.io/math"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
)

// TestBlobsBehindATransferLeaveNoGap: a transfer that names all of a block's gas never finds
// room beside blobs. What its sender posts after it takes part in no packing, however high its
// tip, and is not tried.
func TestBlobsBehindATransferLeaveNoGap(t *testing.T) {
	c := newChain(t, steep)
	sender := c.accounts[4]
	tips := func(tip int64) offer { return offer{feeCap: 3e9 + tip, tipCap: tip} }
	named := func(thousandths int64) terms {
		return terms{gas: 200_000, fee: app.OneASH().QuoRaw(1000).MulRaw(thousandths)}
	}
	c.accept(
		c.sign(sender, terms{gas: app.MaxBlockGas, fee: app.OneASH()}, banktypes.NewMsgSend(sender.address(), sender.address(), coins(math.OneInt()))),
		c.blobTx(sender, terms{sequence: 1}, tips(1e9), rowBlob(t, 1), rowBlob(t, 2)),
		c.blobTx(c.accounts[2], named(10), tips(1e8), rowBlob(t, 3)),
		c.blobTx(c.accounts[3], named(19), tips(1e8), rowBlob(t, 4), rowBlob(t, 5)),
	)
	block, err := da.ParseBlock(da.DefaultLimits(), c.propose())
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, message := range block.Messages {
		rows += message.OwnRows()
	}
	if rows != 2 {
		t.Errorf("%d of 2 rows are used", rows)
	}
}
