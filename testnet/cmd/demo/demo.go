package main

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

const chainID = "ashlar-demo"

// demo is the scenario and what its parts hand on.
type demo struct {
	testnet.Scenario
	hostile string // path of the binary of the full node that withholds

	receipts []testnet.Receipt
	lights   []*testnet.LightNode
	verdicts []testnet.Verdicts // of each light node
}

// play runs the parts of the demo in order, and stops every process at the end.
func (d *demo) play(ctx context.Context, bin, out string) error {
	var err error
	d.Network, ctx, err = testnet.New(ctx, testnet.Standard(out, bin, chainID, 12000+rand.IntN(16000)))
	if d.Network != nil {
		defer d.Network.Remove()
	}
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		play func(context.Context) error
	}{
		{"Start a chain of 4 validators, 1 further full node and 3 light nodes", d.start},
		{"Post files in three namespaces and both encodings", d.post},
		{"Read every blob back from a node that did not receive it", d.readBack},
		{"Let light nodes, which trust nobody about the data, sample every block", d.sample},
		{"Have a light node deliver one namespace, and nothing that is not proven", d.follow},
		{"Withhold as little of a block as makes it unrecoverable", d.withhold},
		{"Kill a validator and light nodes with SIGKILL", d.kill},
		{"Look at the whole chain once more", d.measure},
	} {
		if err := d.Phase(ctx, part.name, part.play); err != nil {
			return err
		}
	}
	return nil
}

// start starts the chain and the light nodes.
func (d *demo) start(ctx context.Context) error {
	var err error
	d.lights, err = d.Start(ctx)
	d.Report.LightNodes = len(d.lights)
	return err
}

// post posts the files.
func (d *demo) post(ctx context.Context) error {
	files, err := libraryFiles(ctx)
	if err != nil {
		return err
	}
	d.receipts, err = d.Post(ctx, files)
	namespaces := map[string]bool{}
	for _, receipt := range d.receipts {
		d.Report.BlobsPosted++
		d.Report.BytesPosted += len(receipt.Data)
		namespaces[receipt.Namespace] = true
	}
	d.Report.Namespaces = len(namespaces)
	const posted = "every blob becomes final and durable"
	if err != nil {
		return d.ExpectNo(err, posted)
	}
	return d.Expect(true, posted, "%d blobs, %s", d.Report.BlobsPosted, testnet.Mebibytes(d.Report.BytesPosted))
}

// libraryFiles selects the files from the library of this machine's Go.
func libraryFiles(ctx context.Context) ([]testnet.File, error) {
	goroot, err := testnet.Run(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	var library fs.FS
	if library, err = testnet.Library(strings.TrimSpace(string(goroot))); err != nil {
		return nil, err
	}
	return testnet.Files(library)
}

// readBack reads the blobs from other nodes.
func (d *demo) readBack(ctx context.Context) error {
	var err error
	d.Report.BlobsReadBack, err = d.ReadBack(ctx, d.receipts)
	const same = "every blob comes back byte for byte from another node"
	if err != nil {
		return d.ExpectNo(err, same)
	}
	return d.Expect(true, same, "%d of %d", d.Report.BlobsReadBack, len(d.receipts))
}

// sample waits until the light nodes have found every height so far available.
func (d *demo) sample(ctx context.Context) error {
	head, err := d.Network.FullNodes[0].Head(ctx)
	if err != nil {
		return err
	}
	for _, light := range d.lights {
		verdicts, err := d.WaitAvailable(ctx, light, head)
		if err != nil {
			return err
		}
		d.verdicts = append(d.verdicts, verdicts)
	}
	return d.ownWitness(ctx)
}

// ownWitness expects the light node with a single source to say what that means.
func (d *demo) ownWitness(ctx context.Context) error {
	single := d.lights[len(d.lights)-1]
	status, err := single.Status(ctx)
	if err != nil {
		return err
	}
	return d.Expect(status.Witnesses == 0, "a light node with one source says so", "%s has %d witnesses", single.Name(), status.Witnesses)
}

// follow has a light node deliver the namespace of the first file that was posted.
func (d *demo) follow(ctx context.Context) error {
	_, err := d.Follow(ctx, "light-follow", d.receipts[0].Namespace, d.receipts, d.Network.FullNodes[:2]...)
	return err
}

// withhold has the largest block withheld from a light node, and kills that light node
// while it misses cells.
func (d *demo) withhold(ctx context.Context) error {
	full := d.Network.FullNodes[0]
	head, err := full.Head(ctx)
	if err != nil {
		return err
	}
	blocks, err := full.Blocks(ctx, head)
	if err != nil {
		return err
	}
	withheld, err := d.Withhold(ctx, d.hostile, testnet.Largest(blocks))
	if err != nil {
		return err
	}
	d.Report.WithholdingDetected = true
	return d.Revise(ctx, withheld)
}

// kill kills a validator and a light node.
func (d *demo) kill(ctx context.Context) error {
	if err := d.KillValidator(ctx, 1, d.receipts); err != nil {
		return err
	}
	if err := d.KillLightNode(ctx, d.lights[0], d.verdicts[0]); err != nil {
		return err
	}
	d.Report.RecoveredAfterKill = true
	return nil
}

// measure reads the whole chain, and what the light nodes have found of it.
func (d *demo) measure(ctx context.Context) error {
	full := d.Network.FullNodes[0]
	head, err := full.Head(ctx)
	if err != nil {
		return err
	}
	d.Report.MinConfidence = 1
	for _, light := range d.lights {
		verdicts, err := d.WaitAvailable(ctx, light, head)
		if err != nil {
			return err
		}
		d.Report.CellsSampled += verdicts.Cells()
		d.Report.MinConfidence = min(d.Report.MinConfidence, verdicts.MinConfidence())
	}
	blocks, err := full.Blocks(ctx, head)
	if err != nil {
		return err
	}
	d.Report.Heights, d.Report.Blocks = head, blocks
	d.Report.BlockTimes = testnet.MeasureBlockTimes(blocks)
	d.Report.LargestBlock = testnet.Largest(blocks)
	return nil
}

// finish completes the report when every process has ended.
func (d *demo) finish(err error) {
	d.Report.Passed = err == nil
	if err != nil {
		d.Report.Failed = err.Error()
	}
	d.Report.Seconds = d.Progress.Elapsed().Round(100 * time.Millisecond).Seconds()
	if d.Network != nil {
		d.Report.PeakMemory = d.Network.PeakMemory()
	}
}
