// Command rollup is a sovereign rollup on Ashlar that is read in one sitting: a key-value store, whose
// sequencer posts batches and whose followers trust nobody. README.md runs it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/lightnode"
)

func main() {
	flags := flag.NewFlagSet("rollup sequencer|follow|set KEY [VALUE]|get KEY", flag.ExitOnError)
	chainID := flags.String("chain-id", "ashlar-dev", "Ashlar's")
	from := flags.Uint64("from", 1, "first height of Ashlar that may have a batch")
	home := flags.String("home", ".", "folder of a sequencer or follower")
	keyFile := flags.String("key", "", "file with the mnemonic of who sequences, and pays for blobs; or of who sets")
	listen := flags.String("listen", "127.0.0.1:8080", "where a sequencer or follower answers")
	node := flags.String("node", "http://127.0.0.1:26659", "the sequencer's node of Ashlar; to set, the sequencer; to get, it or a follower")
	peer := flags.String("peer", "", "multiaddress of a node of Ashlar, for a follower")
	trust := flags.String("trust", "", "header of Ashlar that a follower begins with, HEIGHT:HASH")
	var rollup client.Hex
	flags.TextVar(&rollup, "rollup", rollup, "public key of the sequencer, which prints it")
	command := append(os.Args, "help")[1]
	_ = flags.Parse(os.Args[min(len(os.Args), 2):]) // exits by itself
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch command {
	case "sequencer":
		key := loadKey(*keyFile)
		config := client.Config{URL: *node, Signer: must(client.NewSigner(key)), Journal: filepath.Join(*home, "journal")}
		s := &sequencer{follower: newFollower(key.PubKey().Bytes(), *from), ashlar: must(client.New(ctx, config)), key: key}
		s.pending, s.outbox = make(chan Tx, maxPending), filepath.Join(*home, "outbox")
		fmt.Printf("rollup %x, namespace %s\n", key.PubKey().Bytes(), s.namespace)
		serve(ctx, *listen, s, s.run)
	case "follow":
		f := newFollower(rollup, *from)
		f.light = lightnode.Config{Home: *home, ChainID: *chainID, Trust: new(must(lightnode.ParseTrust(*trust))), Peers: []string{*peer}, DHT: true, Log: slog.Default()}
		serve(ctx, *listen, f, f.run)
	case "set":
		set(*node, rollup, loadKey(*keyFile), flags.Arg(0), flags.Arg(1))
	case "get":
		fmt.Println(ask(http.Get(state(*node, flags.Arg(0)))).Entry.Value) // an empty line: not set
	default:
		flags.Usage()
	}
}

// serve answers HTTP while run does its work.
func serve(ctx context.Context, listen string, handler http.Handler, run func(context.Context) error) {
	server := &http.Server{Addr: listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return run(running) })
	group.Go(server.ListenAndServe)
	defer context.AfterFunc(running, func() { _ = server.Close() })()
	if err := group.Wait(); ctx.Err() == nil {
		must(0, err)
	}
}

// set signs a transaction, and returns once it is final.
func set(node string, rollup client.Hex, key *secp256k1.PrivKey, name, value string) {
	tx := Tx{From: key.PubKey().Bytes(), Key: name, Value: value}
	tx.Version = ask(http.Get(state(node, name))).Entry.Version + 1
	tx.Signature = must(key.Sign(tx.hash(rollup)))
	ask(http.Post(node+"/txs", "application/json", bytes.NewReader(encode(tx))))
	for ask(http.Get(state(node, name))).Entry.Version < tx.Version {
		time.Sleep(250 * time.Millisecond)
	}
}

func state(node, key string) string { return node + "/state?key=" + url.QueryEscape(key) }

func ask(response *http.Response, err error) (answer Answer) {
	body := must(io.ReadAll(must(response, err).Body))
	if response.StatusCode != http.StatusOK {
		must(0, errors.New(string(body)))
	}
	must(0, json.Unmarshal(body, &answer))
	return answer
}

func loadKey(path string) *secp256k1.PrivKey {
	mnemonic := string(bytes.TrimSpace(must(os.ReadFile(path))))
	return &secp256k1.PrivKey{Key: must(hd.Secp256k1.Derive()(mnemonic, "", hd.CreateHDPath(118, 0, 0).String()))}
}

// must ends the process where there is an error.
func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollup:", err)
		os.Exit(1)
	}
	return value
}
