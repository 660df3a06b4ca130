package testnet

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// startLimit bounds the wait for a process to be of use.
	startLimit = 90 * time.Second
	// blocksWithout is how many blocks the chain has to make without a killed validator.
	blocksWithout = 3
	// blocksAgain is how many blocks a process has to follow after it was started again.
	blocksAgain = 2
)

// Head returns the newest height that a full node has stored.
func (f *FullNode) Head(ctx context.Context) (uint64, error) {
	status, err := f.Status(ctx)
	return status.Height, err
}

// KillValidator ends a validator with SIGKILL, waits until the chain has gone on without
// it, and starts it again. It expects the validator to catch up with the others, and to
// return every blob it had acknowledged.
func (s *Scenario) KillValidator(ctx context.Context, index int, receipts []Receipt) error {
	victim, witness := s.Network.FullNodes[index], s.Network.other(index, 0)
	before, err := victim.Head(ctx)
	if err != nil {
		return err
	}
	victim.Kill()
	const goesOn = "the chain goes on without a killed validator"
	s.Progress.Note("%s is killed at height %d", victim.Name, before)
	if err := witness.WaitHeight(ctx, startLimit, before+blocksWithout); err != nil {
		return s.ExpectNo(err, goesOn)
	}
	if err := s.Expect(true, goesOn, "%s killed at height %d, the others at %d", victim.Name, before, before+blocksWithout); err != nil {
		return err
	}
	const resumes = "the validator catches up and has lost nothing"
	if err := s.resume(ctx, victim, witness); err != nil {
		return s.ExpectNo(err, resumes)
	}
	acknowledged := slices.DeleteFunc(slices.Clone(receipts), func(r Receipt) bool { return r.Node != index })
	for _, receipt := range acknowledged {
		if err := readBack(ctx, victim, receipt); err != nil {
			return s.ExpectNo(err, resumes)
		}
	}
	head, err := victim.Head(ctx)
	if err != nil {
		return err
	}
	return s.Expect(true, resumes, "%s at height %d returns the %d blobs posted through it", victim.Name, head, len(acknowledged))
}

// resume starts a full node again and waits until it has stored blocks that were made
// after that.
func (s *Scenario) resume(ctx context.Context, victim, witness *FullNode) error {
	if err := victim.Start(); err != nil {
		return err
	}
	head, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	s.Progress.Note("%s is started again, the chain is at height %d", victim.Name, head)
	return victim.WaitHeight(ctx, startLimit, head+blocksAgain)
}

// KillLightNode ends a light node with SIGKILL and starts it again. It expects the node
// to have kept what it found of every height, cells drawn included, and to go on.
func (s *Scenario) KillLightNode(ctx context.Context, victim *LightNode, known Verdicts) error {
	victim.Kill()
	if err := victim.Start(); err != nil {
		return err
	}
	s.Progress.Note("%s is killed and started again", victim.Name())
	const keeps = "a killed light node has kept every height it had found available"
	if err := victim.keeps(ctx, known); err != nil {
		return s.ExpectNo(err, keeps)
	}
	if err := s.Expect(true, keeps, "%s, %d heights and the %d cells drawn of them", victim.Name(), len(known), known.Cells()); err != nil {
		return err
	}
	head, err := s.Network.FullNodes[0].Head(ctx)
	if err != nil {
		return err
	}
	const goesOn = "a killed light node goes on with the blocks made since"
	if _, err := victim.WaitAvailable(ctx, head+blocksAgain, func(int) {}); err != nil {
		return s.ExpectNo(err, goesOn)
	}
	return s.Expect(true, goesOn, "%s, available up to height %d", victim.Name(), head+blocksAgain)
}

// keeps waits until a light node answers, and tells of the first height of which it
// does not say what it said before.
func (l *LightNode) keeps(ctx context.Context, known Verdicts) error {
	err := Wait(ctx, startLimit, l.Name()+" to answer", func(ctx context.Context) (bool, error) {
		_, err := l.Status(ctx)
		return err == nil, err
	})
	if err != nil {
		return err
	}
	for height, before := range known {
		now, err := l.Availability(ctx, height)
		if err != nil {
			return err
		}
		if now.Verdict != before.Verdict || !now.Checked.Equal(before.Checked) || !slices.Equal(now.Coordinates, before.Coordinates) {
			return fmt.Errorf("of height %d it said %+v, and now says %+v", height, before, now)
		}
	}
	return nil
}
