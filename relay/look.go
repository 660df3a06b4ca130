package relay

import (
	"context"
	"slices"
	"time"
)

// look takes a view of both chains.
func (r *Relay) look(ctx context.Context) (*View, error) {
	at, err := r.l1.head(ctx)
	if err != nil {
		return nil, err
	}
	state, err := r.l1.state(ctx, at)
	if err != nil {
		return nil, err
	}
	v := &View{Now: time.Now(), Head: Head{Number: at.number}, LastAttest: r.journal.LastAttest}
	if v.Head.BaseFee, v.Tip, err = r.l1.fees(ctx, at); err != nil {
		return nil, err
	}
	if v.Account, err = r.l1.account(ctx, r.account, at, r.cfg.Policy.Confirmations); err != nil {
		return nil, err
	}
	if err := r.sightSlots(ctx, v); err != nil {
		return nil, err
	}
	r.watchStrangers(v)
	if err := r.lookAtOffers(ctx, v, at, state); err != nil {
		return nil, err
	}
	if r.checkedAt != at.hash {
		r.checks, r.checkedAt = make(map[Task]Check), at.hash
	}
	v.Checks, v.Contract = r.checks, state.Contract
	return v, nil
}

// sightSlots finds out what became of what was sent.
func (r *Relay) sightSlots(ctx context.Context, v *View) error {
	for _, slot := range r.journal.Slots {
		s, err := r.l1.sight(ctx, slot, v.Account.Nonce)
		if err != nil {
			return err
		}
		s.Offered, s.Underpriced = r.offered[s.Nonce], r.underpriced[s.Nonce]
		v.Slots = append(v.Slots, s)
	}
	return nil
}

// watchStrangers notes since when the node's pool has transactions that the journal does not know.
func (r *Relay) watchStrangers(v *View) {
	own := v.Account.Nonce
	for i := range v.Slots {
		if v.Slots[i].Nonce == own {
			own++
		}
	}
	switch {
	case v.Account.Pending <= own:
		r.strange = time.Time{}
	case r.strange.IsZero():
		r.strange = v.Now
	}
	v.Account.Strange = r.strange
}

// lookAtOffers finds out what the contract lacks.
func (r *Relay) lookAtOffers(ctx context.Context, v *View, at *header, state *contractState) error {
	want := demand{newest: r.cfg.Policy.Every > 0}
	var known []posted
	if want.newest || len(r.cfg.Heights) > 0 {
		var err error
		if known, err = r.l1.posts(ctx, at, maxLogBlocks); err != nil {
			return err
		}
	}
	if err := r.noteLast(ctx, v, known); err != nil {
		return err
	}
	for _, height := range r.cfg.Heights {
		if !r.cover(height, known, at) {
			want.heights = append(want.heights, height)
		}
	}
	v.Node = r.broker.offers(ctx, at, state, want)
	if err := r.dropKnown(ctx, v, at, state); err != nil {
		return err
	}
	for _, height := range want.heights {
		r.coverAnew(height, state)
	}
	return nil
}

// cover notes what covers a height in the newest blocks, and tells whether there is anything.
func (r *Relay) cover(height uint64, known []posted, at *header) bool {
	delete(r.covered, height)
	i := slices.IndexFunc(known, func(p posted) bool { return p.height >= height })
	if i >= 0 {
		p := known[i]
		r.covered[height] = Cover{Height: height, Certificate: p.height, Root: p.root, Settled: p.block+r.cfg.Policy.Confirmations <= at.number+1}
	}
	return i >= 0
}

// coverAnew notes what the contract has known for longer than the newest blocks.
func (r *Relay) coverAnew(height uint64, state *contractState) {
	for task := range r.broker.inputs {
		if task.Kind == Attest && task.Height >= height && state.Attested[task.Root] {
			r.covered[height] = Cover{Height: height, Certificate: task.Height, Root: task.Root, Settled: true}
		}
	}
}

// noteLast finds out when a certificate was last posted, by whomever.
func (r *Relay) noteLast(ctx context.Context, v *View, known []posted) error {
	if r.cfg.Policy.Every == 0 || len(known) == 0 {
		return nil
	}
	block := known[len(known)-1].block
	if r.lastPost.block != block || r.lastPost.root != known[len(known)-1].root {
		h, err := r.l1.HeaderByNumber(ctx, bigUint(block))
		if err != nil {
			return err
		}
		r.lastPost, r.lastPosted = known[len(known)-1], time.Unix(int64(h.Time), 0)
	}
	if r.lastPosted.After(v.LastAttest) {
		v.LastAttest = r.lastPosted
	}
	return nil
}

// dropKnown takes out of the offers what the contract has already.
func (r *Relay) dropKnown(ctx context.Context, v *View, at *header, state *contractState) error {
	for _, task := range r.tasks(v) {
		if task.Kind != Attest || state.Attested[task.Root] {
			continue
		}
		attested, err := r.l1.isAttested(ctx, at.hash, task.Root)
		if err != nil {
			return err
		}
		state.Attested[task.Root] = attested
	}
	has := func(t Task) bool { return state.Attested[t.Root] }
	v.Node.Asked = slices.DeleteFunc(v.Node.Asked, has)
	if v.Node.Newest != nil && has(*v.Node.Newest) {
		v.Node.Newest = nil
	}
	return nil
}

// tasks are those that are offered or under way.
func (r *Relay) tasks(v *View) []Task {
	tasks := slices.Clone(v.Node.Asked)
	if v.Node.Newest != nil {
		tasks = append(tasks, *v.Node.Newest)
	}
	for i := range v.Slots {
		tasks = append(tasks, v.Slots[i].last().Task)
	}
	return tasks
}
