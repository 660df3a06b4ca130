package testnet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// withholdDeadline is the deadline of the light nodes that meet a node that withholds:
// far shorter than the default, so that nobody has to watch a minute pass.
const withholdDeadline = 10 * time.Second

// withholdSamples is how many cells the light node draws that is to catch a node that
// withholds: so many that of no square the chance to miss it is as much as 10⁻¹². With the
// default it would be 10⁻⁴, and one demo in so many would fail with nothing wrong.
const withholdSamples = 96

// Withheld is a block of which one full node withholds a smallest unrecoverable set, and
// the light node that knows no other full node.
type Withheld struct {
	Block    Block
	Adverse  *FullNode
	Deceived *LightNode
	// Found is what the deceived light node says of the block.
	Found Availability
}

// Withhold starts a full node, of the binary given, that withholds a smallest
// unrecoverable set of cells of one block, a light node that knows only it, and one that
// knows an honest full node too. It expects the first light node to say unavailable and
// the second available.
func (s *Scenario) Withhold(ctx context.Context, binary string, block Block) (*Withheld, error) {
	adverse, err := s.startAdverse(ctx, binary, block)
	if err != nil {
		return nil, err
	}
	deceived, err := s.StartLightNode(ctx, LightConfig{Name: "light-deceived", Deadline: withholdDeadline, Samples: withholdSamples}, adverse)
	if err != nil {
		return nil, err
	}
	informed, err := s.StartLightNode(ctx, LightConfig{Name: "light-informed", Deadline: withholdDeadline}, adverse, s.Network.FullNodes[0])
	if err != nil {
		return nil, err
	}
	s.Progress.Note("waiting for the light nodes' verdicts on height %d", block.Height)
	w := &Withheld{Block: block, Adverse: adverse, Deceived: deceived}
	const caught = "a light node that knows only that node says unavailable"
	if w.Found, err = deceived.WaitVerdict(ctx, block.Height, unavailable); err != nil {
		return nil, s.ExpectNo(err, caught)
	}
	if err := s.Expect(true, caught, "height %d, %d of its %d cells came", block.Height, w.Found.Verified, w.Found.Samples); err != nil {
		return nil, err
	}
	const spared = "a light node that knows an honest node as well says available"
	found, err := informed.WaitVerdict(ctx, block.Height, available)
	if err != nil {
		return nil, s.ExpectNo(err, spared)
	}
	return w, s.Expect(true, spared, "height %d, %d of %d cells, confidence %.6f", block.Height, found.Verified, found.Samples, found.Confidence)
}

// startAdverse starts the full node that withholds and waits until it has the block.
func (s *Scenario) startAdverse(ctx context.Context, binary string, block Block) (*FullNode, error) {
	node, err := s.Network.AddFullNode(ctx, "full-withholding", binary,
		"--height", strconv.FormatUint(block.Height, 10), "--rows", strconv.Itoa(block.Rows))
	if err != nil {
		return nil, err
	}
	if err := node.Start(); err != nil {
		return nil, err
	}
	s.Progress.Note("a full node that will withhold cells of height %d is syncing", block.Height)
	if err := node.WaitHeight(ctx, startLimit, block.Height+1); err != nil {
		return nil, err
	}
	s.Progress.Say("a full node serves all but %d of the %d cells of height %d", 65*(block.Rows+1), 256*block.Rows, block.Height)
	return node, nil
}

// Revise kills the deceived light node and starts it again with an honest peer beside
// the node that withholds. It expects the node to ask for the very cells it drew before,
// and to revise its verdict.
func (s *Scenario) Revise(ctx context.Context, w *Withheld) error {
	w.Deceived.Kill()
	config := LightConfig{Name: w.Deceived.Name(), Deadline: withholdDeadline, Samples: withholdSamples}
	again, err := s.StartLightNode(ctx, config, w.Adverse, s.Network.FullNodes[0])
	if err != nil {
		return err
	}
	const revised = "killed, and given an honest peer, it gets the very cells it missed"
	found, err := again.WaitVerdict(ctx, w.Block.Height, available)
	if err != nil {
		return s.ExpectNo(err, revised)
	}
	same := len(found.Coordinates) > 0 && slices.Equal(found.Coordinates, w.Found.Coordinates)
	return s.Expect(same, revised, "height %d, %s drawn before, now %s", w.Block.Height, sameCells(same, len(found.Coordinates)), found.Verdict)
}

// sameCells says whether cells are the same.
func sameCells(same bool, count int) string {
	if same {
		return fmt.Sprintf("the %d cells", count)
	}
	return "not the cells"
}
