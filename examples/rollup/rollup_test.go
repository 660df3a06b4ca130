package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode"
	"github.com/ashlar-da/ashlar/lightnode"
)

const chainID = "rollup-1"

func TestMain(m *testing.M) {
	app.ConfigureSDK()
	os.Exit(m.Run())
}

// world is a chain of one validator, in this process, and who pays for blobs there.
type world struct {
	url, peer string
	trust     lightnode.Trust
	stranger  *client.Signer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	home := t.TempDir()
	encoding := must(app.NewEncoding())
	ring := must(keyring.New("test", keyring.BackendTest, home, nil, encoding.Codec))
	_, _, err := ring.NewMnemonic("validator", keyring.English, hd.CreateHDPath(118, 0, 0).String(), "", hd.Secp256k1)
	must(0, err)
	comet := fullnode.CometConfig()
	comet.SetRoot(home)
	comet.Moniker = "validator"
	comet.Consensus.TimeoutCommit = 200 * time.Millisecond
	comet.P2P.ListenAddress, comet.RPC.ListenAddress = "tcp://"+freeAddress(t), ""
	must(fullnode.InitHome(comet, encoding, chainID))
	stake := fullnode.Stake{Key: "validator", Ring: ring, Balance: app.OneASH().Mul(math.NewInt(1000)), Bonded: app.OneASH()}
	ctx, cancel := context.WithCancel(context.Background())
	must(0, fullnode.AddValidator(ctx, comet, encoding, chainID, stake))
	node := must(fullnode.New(ctx, fullnode.Config{
		Comet: comet, MinGasPrices: "0" + app.BaseDenom, API: fullnode.APISettings{Address: "127.0.0.1:0"},
		Libp2p: fullnode.Libp2pSettings{Listen: []string{"/ip4/127.0.0.1/tcp/0"}}, Keyring: ring, Log: discard(),
	}))
	done := make(chan error, 1)
	go func() { done <- node.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	must(0, node.WaitStored(ctx, 1))
	w := &world{url: "http://" + node.APIAddress(), stranger: must(client.KeyringSigner(ring, "validator"))}
	ashlar := w.client(t, w.stranger)
	pays := must(client.NewSigner(keyOf("sequencer")))
	coins := sdk.NewCoins(sdk.NewCoin(client.Denom, app.OneASH()))
	must(ashlar.Execute(ctx, 200_000, &banktypes.MsgSend{FromAddress: w.stranger.Address(), ToAddress: pays.Address(), Amount: coins}))
	w.peer = must(ashlar.Status(ctx)).Listen[0]
	w.trust = lightnode.Trust{Height: 1, Hash: [32]byte(must(ashlar.Header(ctx, 1)).Hash())}
	return w
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (w *world) client(t *testing.T, signer *client.Signer) *client.Client {
	t.Helper()
	c := must(client.New(t.Context(), client.Config{URL: w.url, Signer: signer}))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// start runs something until the test ends or what is returned is called.
func start(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// sequence starts the sequencer in a folder, and returns where it answers and what ends it.
func (w *world) sequence(t *testing.T, home string) (*sequencer, string, func()) {
	t.Helper()
	key := keyOf("sequencer")
	ashlar := must(client.New(t.Context(), client.Config{
		URL: w.url, Signer: must(client.NewSigner(key)), Journal: filepath.Join(home, "journal"),
	}))
	s := &sequencer{follower: newFollower(account(key), 1), ashlar: ashlar, key: key}
	s.pending, s.outbox = make(chan Tx, maxPending), filepath.Join(home, "outbox")
	server := httptest.NewServer(s)
	stop := start(t, s.run)
	end := sync.OnceFunc(func() {
		stop()
		server.Close()
		_ = ashlar.Close()
	})
	t.Cleanup(end)
	return s, server.URL, end
}

// follow starts a follower with a light node of its own.
func (w *world) follow(t *testing.T) (*follower, string) {
	t.Helper()
	f := newFollower(account(keyOf("sequencer")), 1)
	f.light = lightnode.Config{Home: t.TempDir(), ChainID: chainID, Trust: &w.trust, Peers: []string{w.peer}, Log: discard()}
	start(t, f.run)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within two minutes", what)
		}
	}
}

// reaches waits until a follower has derived a batch, and returns the state then.
func reaches(t *testing.T, f *follower, batch uint64) *State {
	t.Helper()
	eventually(t, fmt.Sprint("batch ", batch), func() bool { return f.state.Load().Number >= batch })
	return f.state.Load()
}

// send hands a transaction to the sequencer, once that has begun, and returns the status of the answer.
func send(t *testing.T, url string, tx Tx) (int, string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		response := must(http.Post(url+"/txs", "application/json", bytes.NewReader(encode(tx))))
		body := must(io.ReadAll(response.Body))
		_ = response.Body.Close()
		if response.StatusCode != http.StatusNotFound || time.Now().After(deadline) {
			return response.StatusCode, string(body)
		}
	}
}

// posts are all blobs in the rollup's namespace, for each height that has some.
func (w *world) posts(t *testing.T, namespace da.Namespace) (blobs [][]string) {
	t.Helper()
	ashlar := w.client(t, nil)
	head := must(ashlar.Status(t.Context())).Head
	for block, err := range ashlar.Namespace(t.Context(), namespace, 1) {
		must(0, err)
		var here []string
		for _, blob := range block.Blobs {
			here = append(here, string(blob.Data))
		}
		if len(here) > 0 {
			blobs = append(blobs, here)
		}
		if block.Height >= head {
			break
		}
	}
	return blobs
}

func TestRollup(t *testing.T) {
	w, home := newWorld(t), t.TempDir()
	s, url, stop := w.sequence(t, home)
	f, read := w.follow(t)

	if status, body := send(t, url, signed("anna", 1, "greeting", "hello")); status != http.StatusOK {
		t.Fatal(body)
	}
	reaches(t, f, 1)
	if answer := ask(http.Get(state(read, "greeting"))); answer.Entry.Value != "hello" || answer.Batch != 1 {
		t.Errorf("the follower answers %+v", answer)
	}
	for _, tx := range []Tx{signed("anna", 1, "greeting", "again"), signed("ben", 2, "greeting", "mine"), {}} {
		if status, body := send(t, url, tx); status != http.StatusBadRequest {
			t.Errorf("%+v is taken: %s", tx, body)
		}
	}

	// A stranger posts to the namespace: garbage, a batch of his own, and the sequencer's once more.
	stranger := w.client(t, w.stranger)
	own := encode(batchOn(f.state.Load(), signed("stranger", 1, "k", "v")).sign("stranger"))
	first := []byte(w.posts(t, f.namespace)[0][0])
	for _, data := range [][]byte{[]byte("garbage"), own, first} {
		must(stranger.Post(t.Context(), da.Blob{Namespace: f.namespace, Data: data}, client.Final))
	}

	// More at once than a batch has: several blobs of one block.
	var group sync.WaitGroup
	for i := range 250 {
		group.Go(func() {
			if status, body := send(t, url, signed(fmt.Sprint("user ", i), 1, fmt.Sprint("key ", i), "set")); status != http.StatusOK {
				t.Error(body)
			}
		})
	}
	group.Wait()
	all := func(s *State) bool { return len(s.Entries) == 251 }
	eventually(t, "250 keys", func() bool { return all(s.state.Load()) && all(f.state.Load()) })

	// The sequencer is stopped with a post under way, and started again; and once more with none.
	outbox := must(os.ReadFile(s.outbox))
	send(t, url, signed("anna", 2, "greeting", ""))
	eventually(t, "post", func() bool { return !bytes.Equal(must(os.ReadFile(s.outbox)), outbox) })
	stop()
	number := f.state.Load().Number
	s, url, stop = w.sequence(t, home)
	reaches(t, f, number+1)
	eventually(t, "sequencer", func() bool { return s.state.Load().Number == number+1 })
	stop()
	s, url, _ = w.sequence(t, home)
	if status, body := send(t, url, signed("ben", 1, "last", "word")); status != http.StatusOK {
		t.Error(body)
	}
	want := reaches(t, f, number+2)

	late, _ := w.follow(t)
	for _, one := range []*follower{late, s.follower} {
		if have := reaches(t, one, want.Number); !bytes.Equal(have.Root(), want.Root()) {
			t.Errorf("root %x at batch %d, not %x at %d", have.Root(), have.Number, want.Root(), want.Number)
		}
	}
	w.checkPosts(t, f.namespace, want.Number)
}

// checkPosts holds that the chain has each batch once but the first, which the stranger repeated; in
// order, and some of them in one block.
func (w *world) checkPosts(t *testing.T, namespace da.Namespace, last uint64) {
	t.Helper()
	var numbers []uint64
	together := 0
	for _, block := range w.posts(t, namespace) {
		together = max(together, len(block))
		for _, blob := range block {
			var b Batch
			if decode([]byte(blob), &b) == nil && len(b.Txs) > 0 && !bytes.Equal(b.Txs[0].From, account(keyOf("stranger"))) {
				numbers = append(numbers, b.Number)
			}
		}
	}
	want := []uint64{1, 1}
	for n := uint64(2); n <= last; n++ {
		want = append(want, n)
	}
	if !slices.Equal(numbers, want) || together < 2 {
		t.Errorf("batches %d are on the chain, %d blobs in one block at most", numbers, together)
	}
}
