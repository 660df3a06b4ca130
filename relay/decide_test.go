package relay

import (
	"math/big"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func testPolicy() *Policy {
	p := DefaultPolicy()
	p.Every = 10 * time.Minute
	return &p
}

var (
	rotation = Task{Kind: Rotate, Epoch: 7, Root: Root{7}}
	newest   = Task{Kind: Attest, Epoch: 7, Height: 700, Root: Root{1}}
	older    = Task{Kind: Attest, Epoch: 7, Height: 690, Root: Root{2}}
	askedFor = Task{Kind: Attest, Epoch: 6, Height: 650, Root: Root{3}}
)

// idle is a view of a contract that lacks nothing, at block 1000 and a base fee of 10 gwei.
func idle() *View {
	return &View{
		Now: noon, Head: Head{Number: 1000, BaseFee: 10 * gwei}, Tip: gwei,
		Account:    Account{Balance: big.NewInt(1e18), Nonce: 5, Settled: 5, Pending: 5},
		Contract:   Contract{Epoch: 7, Expires: noon.Add(14 * 24 * time.Hour), Attested: map[Root]bool{}},
		Checks:     map[Task]Check{rotation: {Gas: 1_000_000}, newest: {Gas: 250_000}, older: {Gas: 250_000}, askedFor: {Gas: 250_000}},
		LastAttest: noon.Add(-time.Minute),
	}
}

// waiting adds a slot that is not included.
func waiting(v *View, nonce uint64, task Task, fees Fees, head uint64, known bool) {
	a := Attempt{Task: task, Fees: fees, Gas: 250_000, Head: head}
	v.Slots = append(v.Slots, Sighting{Slot: Slot{nonce, []Attempt{a}}, Known: known, Offered: head})
	if known {
		v.Account.Pending = nonce + 1
	}
}

// included adds a slot that a block has.
func included(v *View, nonce uint64, task Task, block uint64, reverted bool) {
	a := Attempt{Task: task, Fees: Fees{20 * gwei, gwei}, Gas: 250_000, Head: block - 1}
	v.Slots = append(v.Slots, Sighting{Slot: Slot{nonce, []Attempt{a}}, Included: &a, Block: block, Reverted: reverted, Time: v.Now, Paid: big.NewInt(1)})
	v.Account.Nonce, v.Account.Pending = nonce+1, nonce+1
}

func TestDecide(t *testing.T) {
	cheap := Fees{21 * gwei, gwei} // twice the base fee and the tip
	for _, c := range []struct {
		name   string
		change func(p *Policy, v *View)
		want   Decision
		about  []Subject
	}{
		{"nothing", func(*Policy, *View) {}, Decision{Do: Wait}, nil},
		{"a rotation", func(_ *Policy, v *View) { v.Node.Rotation = &rotation }, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: cheap, Gas: 1_000_000}, nil},
		{"a rotation not yet tried", func(_ *Policy, v *View) { v.Node.Rotation = &rotation; delete(v.Checks, rotation) }, Decision{Do: Try, Task: rotation}, nil},
		{"the schedule is not due", func(_ *Policy, v *View) { v.Node.Newest = &newest }, Decision{Do: Wait}, nil},
		{"the schedule is due", func(_ *Policy, v *View) { v.Node.Newest, v.LastAttest = &newest, noon.Add(-10*time.Minute) }, Decision{Do: Send, Task: newest, Nonce: 5, Fees: cheap, Gas: 250_000}, nil},
		{"no schedule", func(p *Policy, v *View) { p.Every, v.Node.Newest, v.LastAttest = 0, &newest, time.Time{} }, Decision{Do: Wait}, nil},
		{"never posted", func(_ *Policy, v *View) { v.Node.Newest, v.LastAttest = &newest, time.Time{} }, Decision{Do: Send, Task: newest, Nonce: 5, Fees: cheap, Gas: 250_000}, nil},
		{"just posted, not settled", func(_ *Policy, v *View) {
			v.Node.Newest, v.LastAttest = &newest, noon.Add(-time.Hour)
			included(v, 4, older, 999, false)
		}, Decision{Do: Wait}, nil},
		{"asked for", func(_ *Policy, v *View) { v.Node.Asked = []Task{askedFor} }, Decision{Do: Send, Task: askedFor, Nonce: 5, Fees: cheap, Gas: 250_000}, nil},
		{"rotations go first", func(_ *Policy, v *View) { v.Node.Asked, v.Node.Rotation = []Task{askedFor}, &rotation }, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: cheap, Gas: 1_000_000}, nil},
		{"a refused rotation does not hold up a certificate", func(_ *Policy, v *View) {
			v.Node.Asked, v.Node.Rotation = []Task{askedFor}, &rotation
			v.Checks[rotation] = Check{Refusal: "WrongSetHash"}
		}, Decision{Do: Send, Task: askedFor, Nonce: 5, Fees: cheap, Gas: 250_000}, []Subject{Refused}},
		{"more gas than a transaction may have", func(_ *Policy, v *View) { v.Node.Rotation = &rotation; v.Checks[rotation] = Check{Gas: 1<<24 + 1} }, Decision{Do: Wait}, []Subject{Refused}},

		{"expired", func(_ *Policy, v *View) { v.Node.Rotation, v.Contract.Expired = &rotation, true }, Decision{Do: Wait}, []Subject{Expired}},
		{"about to expire", func(_ *Policy, v *View) { v.Contract.Expires = noon.Add(time.Hour) }, Decision{Do: Wait}, []Subject{Expiring}},

		{"dear", func(_ *Policy, v *View) { v.Node.Asked, v.Head.BaseFee = []Task{askedFor}, 49*gwei+1 }, Decision{Do: Wait}, []Subject{FeesHigh}},
		{"just not too dear", func(_ *Policy, v *View) { v.Node.Asked, v.Head.BaseFee = []Task{askedFor}, 49*gwei }, Decision{Do: Send, Task: askedFor, Nonce: 5, Fees: Fees{50 * gwei, gwei}, Gas: 250_000}, nil},
		{"dear, and worth it", func(_ *Policy, v *View) { v.Node.Rotation, v.Head.BaseFee = &rotation, 100*gwei }, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: Fees{201 * gwei, gwei}, Gas: 1_000_000}, nil},
		{"beyond all measure", func(_ *Policy, v *View) { v.Node.Rotation, v.Head.BaseFee = &rotation, ^uint64(0) }, Decision{Do: Wait}, []Subject{FeesHigh}},
		{"a tip beyond all measure", func(_ *Policy, v *View) { v.Node.Rotation, v.Tip = &rotation, 501*gwei }, Decision{Do: Wait}, []Subject{FeesHigh}},
		{"no money", func(_ *Policy, v *View) {
			v.Node.Rotation, v.Account.Balance = &rotation, big.NewInt(20*gwei*1_000_000)
		}, Decision{Do: Wait}, []Subject{Funds}},
		{"money for a certificate only", func(_ *Policy, v *View) {
			v.Node.Rotation, v.Node.Asked, v.Account.Balance = &rotation, []Task{askedFor}, big.NewInt(20*gwei*1_000_000)
		}, Decision{Do: Send, Task: askedFor, Nonce: 5, Fees: cheap, Gas: 250_000}, []Subject{Funds}},

		{"under way", func(_ *Policy, v *View) { v.Node.Rotation = &rotation; waiting(v, 5, rotation, cheap, 999, true) }, Decision{Do: Wait}, nil},
		{"under way, and the node is down", func(_ *Policy, v *View) { waiting(v, 5, rotation, cheap, 999, true) }, Decision{Do: Wait}, nil},
		{"not included for three blocks", func(_ *Policy, v *View) { v.Node.Rotation = &rotation; waiting(v, 5, rotation, cheap, 997, true) }, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: 1_000_000}, nil},
		{"not included, while the base fee leapt", func(_ *Policy, v *View) {
			v.Node.Rotation, v.Head.BaseFee = &rotation, 40*gwei
			waiting(v, 5, rotation, cheap, 997, true)
		}, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: Fees{81 * gwei, gwei*9/8 + 1}, Gas: 1_000_000}, nil},
		{"a bump beyond the ceiling", func(_ *Policy, v *View) {
			v.Node.Asked = []Task{askedFor}
			waiting(v, 5, askedFor, Fees{45 * gwei, gwei}, 990, true)
		}, Decision{Do: Wait}, []Subject{FeesHigh}},
		{"the node has something else for the nonce", func(_ *Policy, v *View) {
			v.Node.Rotation = &rotation
			waiting(v, 5, rotation, cheap, 1000, false)
			v.Slots[0].Underpriced = true
		}, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: 1_000_000}, nil},
		{"the node lost it", func(_ *Policy, v *View) { v.Node.Rotation = &rotation; waiting(v, 5, rotation, cheap, 999, false) }, Decision{Do: Resend, Task: rotation, Nonce: 5}, nil},
		{"the node lost it just now", func(_ *Policy, v *View) { v.Node.Rotation = &rotation; waiting(v, 5, rotation, cheap, 1000, false) }, Decision{Do: Wait}, nil},
		{"a newer certificate does not replace one that waits", func(_ *Policy, v *View) {
			v.Node.Newest, v.LastAttest = &newest, time.Time{}
			waiting(v, 5, older, cheap, 999, true)
		}, Decision{Do: Wait}, nil},
		{"it does where that is to be bumped", func(_ *Policy, v *View) {
			v.Node.Newest, v.LastAttest = &newest, time.Time{}
			waiting(v, 5, older, cheap, 997, true)
		}, Decision{Do: Send, Task: newest, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: 250_000}, nil},
		{"a rotation takes the place of a certificate that nobody includes", func(_ *Policy, v *View) {
			v.Node.Rotation, v.Head.BaseFee = &rotation, 60*gwei
			waiting(v, 5, older, Fees{50 * gwei, gwei}, 990, true)
		}, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: Fees{121 * gwei, gwei*9/8 + 1}, Gas: 1_000_000}, nil},

		{"someone else rotated: nothing left to do", func(_ *Policy, v *View) { v.Contract.Epoch = 8; waiting(v, 5, rotation, cheap, 999, true) }, Decision{Do: Send, Task: Task{Kind: Cancel}, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: cancelGas}, nil},
		{"someone else rotated: on to the next", func(_ *Policy, v *View) {
			next := Task{Kind: Rotate, Epoch: 8}
			v.Contract.Epoch, v.Node.Rotation, v.Checks[next] = 8, &next, Check{Gas: 500_000}
			waiting(v, 5, rotation, cheap, 999, true)
		}, Decision{Do: Send, Task: Task{Kind: Rotate, Epoch: 8}, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: 500_000}, nil},
		{"someone else rotated, and the node forgot ours", func(_ *Policy, v *View) { v.Contract.Epoch = 8; waiting(v, 5, rotation, cheap, 999, false) }, Decision{Do: Settle, Nonce: 5}, nil},
		{"someone else posted it", func(_ *Policy, v *View) {
			v.Contract.Attested[older.Root] = true
			waiting(v, 5, older, cheap, 999, true)
		}, Decision{Do: Send, Task: Task{Kind: Cancel}, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: cancelGas}, nil},
		{"a certificate of the epoch before is still good", func(_ *Policy, v *View) { v.Contract.Epoch = 8; waiting(v, 5, older, cheap, 999, true) }, Decision{Do: Wait}, nil},
		{"one of two epochs before is not", func(_ *Policy, v *View) { v.Contract.Epoch = 9; waiting(v, 5, older, cheap, 999, false) }, Decision{Do: Settle, Nonce: 5}, nil},
		{"cancelled", func(_ *Policy, v *View) { waiting(v, 5, Task{Kind: Cancel}, cheap, 999, true) }, Decision{Do: Wait}, nil},
		{"cancelled, not included", func(_ *Policy, v *View) { waiting(v, 5, Task{Kind: Cancel}, cheap, 990, true) }, Decision{Do: Send, Task: Task{Kind: Cancel}, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: cancelGas}, nil},
		{"cancelled, and then something to do", func(_ *Policy, v *View) {
			v.Node.Rotation = &rotation
			waiting(v, 5, Task{Kind: Cancel}, cheap, 1000, true)
		}, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: 1_000_000}, nil},
		{"expired with something under way", func(_ *Policy, v *View) { v.Contract.Expired = true; waiting(v, 5, rotation, cheap, 1000, true) }, Decision{Do: Send, Task: Task{Kind: Cancel}, Nonce: 5, Fees: Fees{cheap.Cap*9/8 + 1, gwei*9/8 + 1}, Gas: cancelGas}, []Subject{Expired}},

		{"included, not deep enough", func(_ *Policy, v *View) { included(v, 4, rotation, 997, false) }, Decision{Do: Wait}, nil},
		{"included and settled", func(_ *Policy, v *View) { included(v, 4, rotation, 996, false) }, Decision{Do: Settle, Nonce: 4}, nil},
		{"included without effect", func(_ *Policy, v *View) { included(v, 4, rotation, 996, true) }, Decision{Do: Settle, Nonce: 4}, []Subject{Reverted}},
		{"not tried again before that is settled", func(_ *Policy, v *View) { v.Node.Rotation = &rotation; included(v, 4, rotation, 999, true) }, Decision{Do: Wait}, []Subject{Reverted}},
		{"the next rotation does not wait for the settlement of the last", func(_ *Policy, v *View) {
			next := Task{Kind: Rotate, Epoch: 8}
			v.Contract.Epoch, v.Node.Rotation, v.Checks[next] = 8, &next, Check{Gas: 500_000}
			included(v, 5, rotation, 1000, false)
		}, Decision{Do: Send, Task: Task{Kind: Rotate, Epoch: 8}, Nonce: 6, Fees: cheap, Gas: 500_000}, nil},
		{"a reorganisation took out two: the first is sent again", func(_ *Policy, v *View) {
			next := Task{Kind: Rotate, Epoch: 8}
			v.Account.Nonce, v.Node.Rotation = 5, &rotation
			waiting(v, 5, rotation, cheap, 999, false)
			waiting(v, 6, next, cheap, 999, false)
		}, Decision{Do: Resend, Task: rotation, Nonce: 5}, nil},
		{"a reorganisation below what was settled: the gap is filled", func(_ *Policy, v *View) {
			v.Account.Nonce, v.Account.Settled, v.Account.Pending, v.Node.Rotation = 4, 4, 4, &rotation
			waiting(v, 5, newest, cheap, 999, false)
		}, Decision{Do: Send, Task: rotation, Nonce: 4, Fees: cheap, Gas: 1_000_000}, nil},
		{"the nonce was used elsewhere", func(_ *Policy, v *View) {
			waiting(v, 5, rotation, cheap, 900, false)
			v.Account = Account{Balance: v.Account.Balance, Nonce: 6, Settled: 6, Pending: 6}
		}, Decision{Do: Settle, Nonce: 5}, []Subject{Usurped}},
		{"the nonce was used elsewhere, not deep enough", func(_ *Policy, v *View) {
			waiting(v, 5, rotation, cheap, 900, false)
			v.Account = Account{Balance: v.Account.Balance, Nonce: 6, Settled: 5, Pending: 6}
		}, Decision{Do: Wait}, nil},
		{"strangers in the pool", func(_ *Policy, v *View) {
			v.Node.Rotation = &rotation
			v.Account.Pending, v.Account.Strange = 7, noon.Add(-time.Minute)
		}, Decision{Do: Wait}, []Subject{Strange}},
		{"strangers in the pool for too long", func(_ *Policy, v *View) {
			v.Node.Rotation = &rotation
			v.Account.Pending, v.Account.Strange = 7, noon.Add(-10*time.Minute)
		}, Decision{Do: Send, Task: rotation, Nonce: 5, Fees: cheap, Gas: 1_000_000}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, v := testPolicy(), idle()
			c.change(p, v)
			got := Decide(p, v)
			var about []Subject
			for _, n := range got.Notices {
				about = append(about, n.Subject)
			}
			if got.Do != c.want.Do || got.Task != c.want.Task || got.Nonce != c.want.Nonce || got.Fees != c.want.Fees || got.Gas != c.want.Gas {
				t.Errorf("have %+v, want %+v", got, c.want)
			}
			if !slices.Equal(about, c.about) {
				t.Errorf("notices %v, want %v", got.Notices, c.about)
			}
		})
	}
}

func TestNoticesSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		change func(*View)
		want   string
		alarm  bool
	}{
		{func(v *View) { v.Account.Balance = big.NewInt(1_500_000_000_000_000) }, "the account has 0.0015 ETH, and the rotation from epoch 7 to 8 may cost 0.021 ETH: send it at least 0.0195 ETH", true},
		{func(v *View) { v.Account.Balance = new(big.Int) }, "the account has 0 ETH, and the rotation from epoch 7 to 8 may cost 0.021 ETH: send it at least 0.021 ETH", true},
		{func(v *View) { v.Head.BaseFee = 600*gwei + gwei/2 }, "the rotation from epoch 7 to 8 would have to offer 601.5 gwei per gas, and --max-rotation-fee is 500: waiting for blocks to charge less", false},
		{func(v *View) { v.Checks[rotation] = Check{Refusal: "NoQuorum[5 9]"} }, "the contract would refuse the rotation from epoch 7 to 8: NoQuorum[5 9]", false},
	} {
		v := idle()
		v.Node.Rotation = &rotation
		c.change(v)
		notices := Decide(testPolicy(), v).Notices
		if len(notices) != 1 || notices[0].Text != c.want || notices[0].Alarm != c.alarm {
			t.Errorf("have %+v, want %q, alarm %v", notices, c.want, c.alarm)
		}
	}
}

func TestAmounts(t *testing.T) {
	for wei, want := range map[string]string{"0": "0", "1": "0.000001", "1000000000000": "0.000001", "1500000000000000000": "1.5", "100000000000000000000": "100"} {
		amount, _ := new(big.Int).SetString(wei, 10)
		if got := inEther(amount); got != want {
			t.Errorf("%s wei: have %s, want %s", wei, got, want)
		}
	}
	for wei, want := range map[uint64]string{0: "0", gwei: "1", gwei + gwei/2: "1.5", 120 * gwei: "120", gwei / 1000: "0.001"} {
		if got := inGwei(wei); got != want {
			t.Errorf("%d wei: have %s, want %s", wei, got, want)
		}
	}
}
