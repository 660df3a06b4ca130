package main

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/testnet"
	"github.com/ashlar-da/ashlar/testnet/load"
)

const (
	// readersAtOnce bounds the blobs that are read back at the same time.
	readersAtOnce = 2
	// sampleSize is how many blobs a node that was killed has to give back.
	sampleSize = 40
)

// settle looks whether what submitters gave up was included after all, and reads all that is
// final back.
func (r *run) settle(ctx context.Context) error {
	r.closeClients()
	late, err := r.findLate(ctx)
	if err != nil {
		return err
	}
	if late > 0 {
		r.Progress.Say("%d blobs that submitters had given up are in blocks all the same", late)
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	return r.readAll(ctx)
}

// findLate finds blobs that were given up and included, and records them as final.
func (r *run) findLate(ctx context.Context) (late int, err error) {
	node := r.reader(0)
	for i := range r.records {
		record := &r.records[i]
		if record.Final() || record.ID == (da.BlobID{}) {
			continue
		}
		var found struct {
			Inclusions []struct {
				Height uint64 `json:"height"`
			} `json:"inclusions"`
		}
		err := node.Get(ctx, "/v1/blobs/"+record.ID.String(), &found)
		if err == nil && len(found.Inclusions) > 0 {
			record.Height, record.Given = found.Inclusions[len(found.Inclusions)-1].Height, true
			late++
		}
		if ctx.Err() != nil {
			return late, ctx.Err()
		}
	}
	return late, nil
}

// readAll reads every final blob from a node that takes no submissions, and some from the one
// that was killed.
func (r *run) readAll(ctx context.Context) error {
	var final []*load.Record
	for i := range r.records {
		if r.records[i].Final() {
			final = append(final, &r.records[i])
		}
	}
	wrong := r.readEach(ctx, final, func(i int) *testnet.FullNode { return r.reader(i) }, r.note)
	r.bound(wrong == nil && len(r.readBack) == len(final), "every final blob comes back byte for byte from another node",
		"%d of %d%s", len(r.readBack), len(final), because(wrong))
	victim := r.Network.FullNodes[0]
	var sample []*load.Record
	for i := 0; i < len(final); i += max(len(final)/sampleSize, 1) {
		sample = append(sample, final[i])
	}
	wrong = r.readEach(ctx, sample, func(int) *testnet.FullNode { return victim }, func(*load.Record) {})
	r.bound(wrong == nil, "the validator that was killed has them too", "%d of them, from before and after%s", len(sample), because(wrong))
	return ctx.Err()
}

// because words an error that there may be.
func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// note records that a blob was read back.
func (r *run) note(record *load.Record) {
	r.readBack[record.Index] = true
	r.Progress.Note("%d blobs read back", len(r.readBack))
}

// readEach reads blobs from the nodes that from names, tells read of each that is right, one at
// a time, and returns the first error.
func (r *run) readEach(ctx context.Context, records []*load.Record, from func(int) *testnet.FullNode, read func(*load.Record)) error {
	var mu sync.Mutex
	var first error
	var next atomic.Int64
	var workers sync.WaitGroup
	for range readersAtOnce {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(records) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				err := r.readOne(ctx, records[i], from(i))
				mu.Lock()
				if err == nil {
					read(records[i])
				} else if first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return first
}

func (r *run) readOne(ctx context.Context, record *load.Record, node *testnet.FullNode) error {
	if err := node.WaitHeight(ctx, startLimit, record.Height); err != nil {
		return err
	}
	data, err := node.BlobData(ctx, record.ID.String())
	if err != nil {
		return fmt.Errorf("read blob %d back from %s: %w", record.Index, node.Name, err)
	}
	if !bytes.Equal(data, r.stock.Data(record.Item)) {
		return fmt.Errorf("%s returns %d bytes that are not the %d of blob %d", node.Name, len(data), record.Size, record.Index)
	}
	return nil
}

// checkPrice holds base fees against the formula, and that they rose when too much was offered.
func (r *run) checkPrice(ctx context.Context) error {
	if err := r.look(ctx); err != nil {
		return err
	}
	differ := r.market.Derive(r.blocks)
	r.bound(len(differ) == 0, "every block charges what the formula says, to the last aash", "%d blocks%s", len(r.blocks), differing(differ))
	before, peak := r.peak(halfPhase), r.peak(twicePhase)
	r.bound(peak > before, "the price rises when twice the capacity is offered",
		"%.1f× the reserve price at most, %.1f× at half of capacity", peak, before)
	return nil
}

func differing(heights []uint64) string {
	if len(heights) == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of which differ, the first at height %d", len(heights), heights[0])
}

// peak is the highest base fee during a phase, in multiples of the reserve price.
func (r *run) peak(phase string) float64 {
	highest := 0.0
	from, to := r.heights(phase)
	for height := from; height <= to; height++ {
		fee, ok := new(big.Float).SetString(r.blocks[height-1].BaseFee)
		if !ok {
			continue
		}
		multiple, _ := fee.Quo(fee, new(big.Float).SetInt(r.market.Reserve)).Float64()
		highest = max(highest, multiple)
	}
	return highest
}

// heights are those decided during a phase.
func (r *run) heights(phase string) (from, to uint64) {
	for _, span := range r.spans {
		if span.Name == phase {
			return load.HeadAt(r.blocks, span.From) + 1, load.HeadAt(r.blocks, span.To)
		}
	}
	return 1, 0
}

// checkLights expects every light node to have found every block available.
func (r *run) checkLights(ctx context.Context) error {
	head, err := r.reader(0).Head(ctx)
	if err != nil {
		return err
	}
	for _, light := range r.lights {
		verdicts, err := light.WaitAvailable(ctx, head, func(n int) {
			r.Progress.Note("%s has found %d of %d heights available", light.Name(), n, head)
		})
		r.bound(err == nil, light.Name()+" finds every block available", "%d of %d heights, %d cells%s", len(verdicts), head, verdicts.Cells(), because(err))
	}
	return nil
}
