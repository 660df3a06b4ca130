package relay

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// model is a chain with a contract, a pool, another relay and bad luck, in virtual time.
type model struct {
	t      *testing.T
	random *rand.Rand
	policy *Policy
	now    time.Time

	blocks []modelBlock // the canonical chain
	pool   map[uint64]Attempt
	// target is the epoch that the Ashlar chain has rotations up to.
	target  uint64
	slots   []Slot
	offered map[uint64]uint64
	settled time.Time // the newest certificate's
	sent    int
	alarms  map[Subject]int
}

// modelBlock is a block and the state after it.
type modelBlock struct {
	baseFee  uint64
	time     time.Time
	included map[uint64]modelReceipt
	nonce    uint64
	epoch    uint64
	attested map[Root]bool
}

type modelReceipt struct {
	attempt  Attempt
	reverted bool
}

func newModel(t *testing.T, seed uint64) *model {
	p := testPolicy()
	p.Every, p.BumpAfter, p.Confirmations = 5*time.Minute, 2, 6
	m := &model{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), policy: p, now: noon, pool: make(map[uint64]Attempt),
		offered: make(map[uint64]uint64), alarms: make(map[Subject]int),
	}
	m.blocks = []modelBlock{{baseFee: 10 * gwei, time: noon, attested: map[Root]bool{}}}
	return m
}

func (m *model) head() *modelBlock { return &m.blocks[len(m.blocks)-1] }

// mine adds a block: what is in the pool, pays enough and is next goes in, mostly.
func (m *model) mine(busy bool) {
	last := m.head()
	b := modelBlock{baseFee: last.baseFee, time: m.now, included: map[uint64]modelReceipt{}, nonce: last.nonce, epoch: last.epoch, attested: map[Root]bool{}}
	for root := range last.attested {
		b.attested[root] = true
	}
	b.baseFee = last.baseFee * 7 / 8
	if busy {
		b.baseFee = last.baseFee * 9 / 8
	}
	b.baseFee = max(b.baseFee, gwei)
	for a, ok := m.pool[b.nonce]; ok && a.Fees.Cap >= b.baseFee && m.random.IntN(3) > 0; a, ok = m.pool[b.nonce] {
		b.included[b.nonce] = modelReceipt{a, !b.apply(a.Task)}
		delete(m.pool, b.nonce)
		b.nonce++
	}
	m.blocks = append(m.blocks, b)
}

// apply does what the contract does, and tells whether it took it.
func (b *modelBlock) apply(task Task) bool {
	switch task.Kind {
	case Rotate:
		if task.Epoch != b.epoch {
			return false
		}
		b.epoch++
	case Attest:
		if task.Epoch != b.epoch && task.Epoch+1 != b.epoch {
			return false
		}
		b.attested[task.Root] = true
	}
	return true
}

// reorganise takes the last blocks away. What was in them comes back to the pool, or does not.
func (m *model) reorganise() {
	depth := 1 + m.random.IntN(int(m.policy.Confirmations)-1)
	for range min(depth, len(m.blocks)-1) {
		b := m.head()
		for nonce, r := range b.included {
			if m.random.IntN(2) == 0 {
				m.pool[nonce] = r.attempt
			}
		}
		m.blocks = m.blocks[:len(m.blocks)-1]
	}
}

// chance has something happen that is not up to the relay.
func (m *model) chance(storm bool) {
	switch m.random.IntN(12) {
	case 0:
		m.reorganise()
	case 1: // the other relay, in a block of its own
		m.mine(storm)
		m.head().apply(Task{Kind: Rotate, Epoch: m.head().epoch})
		m.head().epoch = min(m.head().epoch, m.target)
	case 2:
		clear(m.pool)
	case 3:
		clear(m.offered) // which a relay that is started anew does not remember
	}
	for range 1 + m.random.IntN(2) { // more often than not the chain grows
		m.now = m.now.Add(12 * time.Second)
		m.mine(storm && m.random.IntN(8) > 0)
	}
	if m.random.IntN(20) == 0 {
		m.target++
	}
}

func (m *model) view() *View {
	head := m.head()
	v := &View{
		Now: m.now, Head: Head{uint64(len(m.blocks) - 1), head.baseFee * 9 / 8}, Tip: gwei,
		Account:    Account{Balance: big.NewInt(1e18), Nonce: head.nonce, Pending: head.nonce},
		Contract:   Contract{Epoch: head.epoch, Expires: m.now.Add(30 * 24 * time.Hour), Attested: head.attested},
		Checks:     make(map[Task]Check),
		LastAttest: m.settled,
	}
	if depth := int(m.policy.Confirmations); len(m.blocks) >= depth {
		v.Account.Settled = m.blocks[len(m.blocks)-depth].nonce
	}
	for _, s := range m.slots {
		v.Slots = append(v.Slots, m.sight(s))
	}
	if head.epoch < m.target {
		v.Node.Rotation = &Task{Kind: Rotate, Epoch: head.epoch}
	}
	height := uint64(m.now.Sub(noon) / (6 * time.Second))
	newest := Task{Kind: Attest, Epoch: m.target, Height: height, Root: Root{byte(height >> 16), byte(height >> 8), byte(height)}}
	if v.Contract.knows(m.target) && !head.attested[newest.Root] {
		v.Node.Newest = &newest
	}
	return v
}

func (m *model) sight(s Slot) Sighting {
	out := Sighting{Slot: s, Offered: m.offered[s.Nonce]}
	if a, ok := m.pool[s.Nonce]; ok && a.Hash == s.last().Hash {
		out.Known = true
	}
	for i, b := range m.blocks {
		if r, ok := b.included[s.Nonce]; ok {
			out.Included, out.Block, out.Reverted, out.Time, out.Paid = &r.attempt, uint64(i), r.reverted, b.time, big.NewInt(1)
		}
	}
	return out
}

// act does what the relay's shell does, and checks what must hold whatever happened.
func (m *model) act(v *View, d *Decision) {
	switch d.Do {
	case Send:
		m.send(v, d)
	case Resend:
		for i := range m.slots {
			if m.slots[i].Nonce == d.Nonce {
				m.offer(*m.slots[i].last(), d.Nonce)
			}
		}
	case Settle:
		m.settle(v, d.Nonce)
	}
}

func (m *model) send(v *View, d *Decision) {
	if d.Nonce != v.Account.Nonce {
		m.t.Fatalf("sent with nonce %d, the next is %d", d.Nonce, v.Account.Nonce)
	}
	if ceiling := map[Kind]uint64{Attest: m.policy.MaxFee, Rotate: m.policy.MaxRotationFee, Cancel: m.policy.MaxRotationFee}[d.Task.Kind]; d.Fees.Cap > ceiling || d.Fees.Tip > d.Fees.Cap {
		m.t.Fatalf("%s offers %+v, at most %d may be offered", d.Task, d.Fees, ceiling)
	}
	m.sent++
	a := Attempt{Task: d.Task, Fees: d.Fees, Gas: d.Gas, Hash: Root([]byte(fmt.Sprintf("%032d", m.sent))), Head: v.Head.Number}
	i := slices.IndexFunc(m.slots, func(s Slot) bool { return s.Nonce == d.Nonce })
	if i < 0 {
		m.slots = append(m.slots, Slot{Nonce: d.Nonce})
		slices.SortFunc(m.slots, func(a, b Slot) int { return int(a.Nonce) - int(b.Nonce) })
		i = slices.IndexFunc(m.slots, func(s Slot) bool { return s.Nonce == d.Nonce })
	}
	m.slots[i].Attempts = append(m.slots[i].Attempts, a)
	if n := len(m.slots[i].Attempts); n > 1 {
		if least := m.slots[i].Attempts[n-2].Fees.bumped(); a.Fees.Cap < least.Cap || a.Fees.Tip < least.Tip {
			m.t.Fatalf("replaced by %+v, nodes ask for %+v", a.Fees, least)
		}
	}
	m.offer(a, d.Nonce)
}

func (m *model) offer(a Attempt, nonce uint64) {
	m.offered[nonce] = uint64(len(m.blocks) - 1)
	if m.random.IntN(10) > 0 { // or the request is lost
		m.pool[nonce] = a
	}
}

func (m *model) settle(v *View, nonce uint64) {
	for i := range v.Slots {
		if s := &v.Slots[i]; s.Nonce == nonce && s.Included != nil && s.Included.Task.Kind == Attest && !s.Reverted && s.Time.After(m.settled) {
			m.settled = s.Time
		}
	}
	m.slots = slices.DeleteFunc(m.slots, func(s Slot) bool { return s.Nonce == nonce })
	delete(m.offered, nonce)
}

// tick has the relay look, decide and act until it waits.
func (m *model) tick() {
	for range 100 {
		v := m.view()
		d := Decide(m.policy, v)
		for d.Do == Try {
			state := *m.head()
			state.attested = map[Root]bool{}
			v.Checks[d.Task] = Check{Gas: 250_000}
			if !state.apply(d.Task) {
				v.Checks[d.Task] = Check{Refusal: "refused"}
			}
			d = Decide(m.policy, v)
		}
		for _, n := range d.Notices {
			m.alarms[n.Subject]++
		}
		if d.Do == Wait {
			return
		}
		m.act(v, &d)
	}
	m.t.Fatal("acts without end")
}

// TestThroughStorms runs the decisions against reorganisations, lost transactions, another relay, restarts and
// base fees beyond every ceiling. Whatever happened, once that is over the contract catches up and the journal empties.
func TestThroughStorms(t *testing.T) {
	for seed := range uint64(60) {
		m := newModel(t, seed)
		for step := range 300 {
			m.chance(step%100 > 60)
			m.tick()
		}
		m.calm()
		head := m.head()
		if head.epoch != m.target {
			t.Errorf("seed %d: the contract is at epoch %d, the chain at %d", seed, head.epoch, m.target)
		}
		if len(m.slots) > 1 {
			t.Errorf("seed %d: %d slots of the journal are not settled", seed, len(m.slots))
		}
		if m.alarms[Usurped] > 0 {
			t.Errorf("seed %d: it took its own transactions for somebody else's", seed)
		}
	}
}

// calm lets blocks pass in which everything goes well.
func (m *model) calm() {
	for range 150 {
		m.now = m.now.Add(12 * time.Second)
		m.mine(false)
		m.tick()
	}
}
