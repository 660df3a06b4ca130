package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/testnet"
)

const (
	chainID = "ashlar-dev"
	// startLimit and deriveLimit are how long one waits for a process, and for a follower, at most.
	startLimit  = 2 * time.Minute
	deriveLimit = 2 * time.Minute
)

// story is the scenario and what its parts hand on.
type story struct {
	testnet.Scenario
	bin, out string
	ports    testnet.Ports
	fail     context.CancelCauseFunc
	all      []*testnet.Process

	chain     testnet.API
	dev       *client.Signer // the funded account, the sequencer's
	rollup    string         // the sequencer's public key
	namespace da.Namespace

	sequencer, follower, late *node
}

// node is a process of the rollup's, and where it answers.
type node struct {
	*testnet.Process
	testnet.API
}

// answer is what a node of the rollup's says.
type answer struct {
	Batch uint64 `json:"batch"`
	Root  string `json:"root"`
	Entry struct {
		Value string `json:"value"`
	} `json:"entry"`
}

// tell plays the parts in order, and ends every process.
func (s *story) tell(ctx context.Context) error {
	ctx, s.fail = context.WithCancelCause(ctx)
	s.ports.Next = 12000 + rand.IntN(16000)
	defer s.end()
	if err := s.prepare(); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		play func(context.Context) error
	}{
		{"Start a chain of one validator, by ashlar dev", s.startChain},
		{"Start a sequencer, and a follower with a light node of its own", s.startRollup},
		{"Two users set keys at the sequencer, and read them at the follower", s.set},
		{"A stranger posts garbage, and the first batch once more, to the rollup's namespace", s.garble},
		{"Kill the sequencer with a batch on its way, and start it again", s.restart},
		{"Start another follower, which was not there for any of this", s.join},
	} {
		if err := s.Phase(ctx, part.name, part.play); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the folder anew.
func (s *story) prepare() error {
	if err := os.RemoveAll(s.out); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(s.out, "logs"), 0o755)
}

// end ends every process.
func (s *story) end() {
	for _, process := range s.all {
		process.Kill()
	}
}

func (s *story) home(name string) string { return filepath.Join(s.out, name) }

// launch starts a program that answers HTTP at an address, which is the value of a flag.
func (s *story) launch(name, program, flag string, args ...string) (*node, error) {
	port, err := s.ports.Take()
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(testnet.Loopback, strconv.Itoa(port))
	args = append(args, flag, address)
	n := &node{API: testnet.API{Base: "http://" + address}}
	n.Process = testnet.NewProcess(name, filepath.Join(s.out, "logs"), filepath.Join(s.bin, program), args, s.fail)
	s.all = append(s.all, n.Process)
	if err := n.Start(); err != nil {
		return nil, err
	}
	s.Progress.Say("%-10s  %s  process %d", name, n.Base, n.PID())
	return n, nil
}

// startChain starts the chain, whose funded account is going to pay for the sequencer's blobs.
func (s *story) startChain(ctx context.Context) error {
	dev, err := s.launch("dev", "ashlar", "--api.address", "dev", "--home", s.home("chain"), "--rpc.laddr", "tcp://127.0.0.1:0", "--libp2p.listen", "/ip4/127.0.0.1/tcp/0")
	if err != nil {
		return err
	}
	s.chain = dev.API
	err = testnet.Wait(ctx, startLimit, "the first block", func(ctx context.Context) (bool, error) {
		var status struct {
			Height uint64 `json:"height"`
		}
		err := s.chain.Get(ctx, "/v1/status", &status)
		return status.Height > 0, err
	})
	if err != nil {
		return err
	}
	mnemonic, err := os.ReadFile(s.mnemonic())
	if err != nil {
		return err
	}
	secret, err := hd.Secp256k1.Derive()(string(mnemonic), "", hd.CreateHDPath(118, 0, 0).String())
	if err != nil {
		return err
	}
	key := &secp256k1.PrivKey{Key: secret}
	s.rollup = hex.EncodeToString(key.PubKey().Bytes())
	s.dev, err = client.NewSigner(key)
	return err
}

func (s *story) mnemonic() string { return filepath.Join(s.home("chain"), "mnemonic") }

// startRollup starts the sequencer and the first follower.
func (s *story) startRollup(ctx context.Context) error {
	if err := os.MkdirAll(s.home("sequencer"), 0o755); err != nil {
		return err
	}
	var err error
	s.sequencer, err = s.launch("sequencer", "rollup", "--listen", "sequencer", "--home", s.home("sequencer"), "--key", s.mnemonic(), "--node", s.chain.Base)
	if err != nil {
		return err
	}
	s.follower, err = s.follow(ctx, "follower")
	return err
}

// follow starts a follower, that begins with the chain's first header and knows a single node.
func (s *story) follow(ctx context.Context, name string) (*node, error) {
	var status struct {
		Listen []string `json:"listen"`
	}
	var header struct {
		Hash string `json:"hash"`
	}
	if err := s.chain.Get(ctx, "/v1/status", &status); err != nil {
		return nil, err
	}
	if err := s.chain.Get(ctx, "/v1/headers/1", &header); err != nil {
		return nil, err
	}
	return s.launch(name, "rollup", "--listen", "follow", "--home", s.home(name), "--rollup", s.rollup, "--chain-id", chainID,
		"--peer", status.Listen[0], "--trust", "1:"+header.Hash)
}

// command runs one of the rollup's commands to its end.
func (s *story) command(ctx context.Context, args ...string) (string, error) {
	out, err := testnet.Run(ctx, filepath.Join(s.bin, "rollup"), args...)
	return strings.TrimSpace(string(out)), err
}

// setBy has a user set a key at the sequencer, which returns once that is final.
func (s *story) setBy(ctx context.Context, user, key, value string) error {
	file := s.home(user)
	if _, err := os.Stat(file); err != nil {
		mnemonic, err := testnet.Run(ctx, filepath.Join(s.bin, "ashlar"), "keys", "mnemonic", "--home", s.home("chain"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, mnemonic, 0o600); err != nil {
			return err
		}
	}
	_, err := s.command(ctx, "set", "--node", s.sequencer.Base, "--rollup", s.rollup, "--key", file, key, value)
	return err
}

// set has users set keys.
func (s *story) set(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	for _, one := range []struct{ user, key, value string }{{"anna", "greeting", "hello"}, {"ben", "answer", "42"}, {"anna", "greeting", "hello, world"}} {
		began := time.Now()
		if err := s.setBy(ctx, one.user, one.key, one.value); err != nil {
			return err
		}
		s.Progress.Say("%s sets %s to %q: final in %.1f s", one.user, one.key, one.value, time.Since(began).Seconds())
	}
	const owned = "nobody else sets a key that is owned"
	err := s.setBy(ctx, "ben", "greeting", "mine")
	if err := s.Expect(err != nil && strings.Contains(err.Error(), "owned"), owned, "%v", said(err)); err != nil {
		return err
	}
	if _, err := s.same(ctx, s.follower); err != nil {
		return err
	}
	got, err := s.command(ctx, "get", "--node", s.follower.Base, "greeting")
	return s.Expect(err == nil && got == "hello, world", "get at the follower answers", "greeting is %q", got)
}

// ready waits until the sequencer takes transactions, and learns where it posts them.
func (s *story) ready(ctx context.Context) error {
	for _, n := range []*node{s.sequencer, s.follower} {
		err := testnet.Wait(ctx, startLimit, n.Name()+" to answer", func(ctx context.Context) (bool, error) {
			_, err := n.state(ctx, "")
			return err == nil, err
		})
		if err != nil {
			return err
		}
	}
	log, err := os.ReadFile(s.sequencer.Log())
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(string(log), "namespace ")
	name, _, _ := strings.Cut(after, "\n")
	s.namespace, err = da.ParseNamespace(name)
	return err
}

// state asks where a node is, and for a key.
func (n *node) state(ctx context.Context, key string) (found answer, err error) {
	return found, n.Get(ctx, "/state?key="+url.QueryEscape(key), &found)
}

// same holds that a follower comes to the batch and the root at which the sequencer is.
func (s *story) same(ctx context.Context, follower *node) (answer, error) {
	want, err := s.sequencer.state(ctx, "")
	if err != nil {
		return want, err
	}
	var have answer
	err = testnet.Wait(ctx, deriveLimit, fmt.Sprintf("%s to derive batch %d", follower.Name(), want.Batch), func(ctx context.Context) (bool, error) {
		have, err = follower.state(ctx, "")
		return have.Batch >= want.Batch, err
	})
	if err != nil {
		return have, err
	}
	return have, s.Expect(have == want, follower.Name()+" has the sequencer's root", "batch %d, root %s", have.Batch, have.Root)
}

// said is what a command of the rollup's said of why it failed.
func said(err error) string {
	if err == nil {
		return "it did"
	}
	_, text, _ := strings.Cut(err.Error(), ": rollup: ")
	return text
}

// stranger returns a client that posts from an account of its own, which the funded one gives something.
func (s *story) stranger(ctx context.Context) (*client.Client, error) {
	app.ConfigureSDK()
	stranger, err := client.NewSigner(secp256k1.GenPrivKey())
	if err != nil {
		return nil, err
	}
	dev, err := client.New(ctx, client.Config{URL: s.chain.Base, Signer: s.dev})
	if err != nil {
		return nil, err
	}
	defer func() { _ = dev.Close() }()
	coins := sdk.NewCoins(sdk.NewCoin(client.Denom, app.OneASH()))
	if _, err := dev.Execute(ctx, 200_000, &banktypes.MsgSend{FromAddress: s.dev.Address(), ToAddress: stranger.Address(), Amount: coins}); err != nil {
		return nil, err
	}
	return client.New(ctx, client.Config{URL: s.chain.Base, Signer: stranger})
}

// garble posts what is no batch, and a batch that was taken already.
func (s *story) garble(ctx context.Context) error {
	ashlar, err := s.stranger(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = ashlar.Close() }()
	batches, err := s.blobs(ctx, ashlar)
	if err != nil {
		return err
	}
	var last uint64
	for _, data := range [][]byte{[]byte("this is no batch"), batches[0]} {
		posted, err := ashlar.Post(ctx, da.Blob{Namespace: s.namespace, Data: data}, client.Final)
		if err != nil {
			return err
		}
		s.Progress.Say("posted %d bytes at height %d, by an account that is not the sequencer's", len(data), posted.Height)
		last = posted.Height
	}
	if err := s.setBy(ctx, "ben", "answer", "43"); err != nil {
		return err
	}
	if _, err := s.same(ctx, s.follower); err != nil {
		return err
	}
	log, err := os.ReadFile(s.follower.Log())
	if err != nil {
		return err
	}
	skipped := strings.Count(string(log), "skipped blob")
	return s.Expect(skipped == 2, "the follower skipped both, and says why", "up to height %d:\n%s", last, lines(string(log), "skipped blob"))
}

// lines returns those that contain something.
func lines(text, part string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found = append(found, "             "+strings.TrimSpace(line))
		}
	}
	return strings.Join(found, "\n")
}

// blobs are all in the rollup's namespace.
func (s *story) blobs(ctx context.Context, ashlar *client.Client) (blobs [][]byte, err error) {
	status, err := ashlar.Status(ctx)
	if err != nil {
		return nil, err
	}
	for block, err := range ashlar.Namespace(ctx, s.namespace, 1) {
		if err != nil {
			return nil, err
		}
		for _, blob := range block.Blobs {
			blobs = append(blobs, blob.Data)
		}
		if block.Height >= status.Head {
			break
		}
	}
	return blobs, nil
}

// restart kills the sequencer once it has written down what it posts.
func (s *story) restart(ctx context.Context) error {
	ashlar, err := client.New(ctx, client.Config{URL: s.chain.Base})
	if err != nil {
		return err
	}
	defer func() { _ = ashlar.Close() }()
	before, err := s.blobs(ctx, ashlar)
	if err != nil {
		return err
	}
	outbox := filepath.Join(s.home("sequencer"), "outbox")
	old, err := os.ReadFile(outbox)
	if err != nil {
		return err
	}
	setting := make(chan error, 1)
	go func() { setting <- s.setBy(ctx, "anna", "greeting", "still here") }()
	err = testnet.Wait(ctx, deriveLimit, "the sequencer to post", func(context.Context) (bool, error) {
		now, err := os.ReadFile(outbox)
		return string(now) != string(old), err
	})
	if err != nil {
		return err
	}
	s.sequencer.Kill()
	<-setting // whoever set it lost the connection, and finds out by reading
	s.Progress.Say("killed with its outbox written, its blob on the way or not yet")
	if err := s.sequencer.Start(); err != nil {
		return err
	}
	const once = "the batch is there once, after the sequencer was started again"
	err = testnet.Wait(ctx, deriveLimit, "the batch", func(ctx context.Context) (bool, error) {
		found, err := s.sequencer.state(ctx, "greeting")
		return found.Entry.Value == "still here", err
	})
	if err != nil {
		return s.ExpectNo(err, once)
	}
	if err := s.setBy(ctx, "anna", "farewell", "soon"); err != nil {
		return err
	}
	after, err := s.blobs(ctx, ashlar)
	if err != nil {
		return err
	}
	if err := s.Expect(len(after) == len(before)+2, once, "%d blobs in the namespace, %d before: that batch and another", len(after), len(before)); err != nil {
		return err
	}
	_, err = s.same(ctx, s.follower)
	return err
}

// join starts a late follower, and holds all three against each other.
func (s *story) join(ctx context.Context) error {
	if err := s.setBy(ctx, "anna", "farewell", ""); err != nil {
		return err
	}
	var err error
	if s.late, err = s.follow(ctx, "late"); err != nil {
		return err
	}
	first, err := s.same(ctx, s.follower)
	if err != nil {
		return err
	}
	late, err := s.same(ctx, s.late)
	if err != nil {
		return err
	}
	if err := s.Expect(first == late, "both followers have the same root", "%s", late.Root); err != nil {
		return err
	}
	for _, one := range []struct{ key, value string }{{"greeting", "still here"}, {"answer", "43"}, {"farewell", ""}} {
		got, err := s.command(ctx, "get", "--node", s.late.Base, one.key)
		if err := s.Expect(err == nil && got == one.value, "get at the late follower answers", "%s is %q", one.key, got); err != nil {
			return err
		}
	}
	return nil
}
