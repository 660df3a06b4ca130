package lightbench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// GeneratorConfig describes a chain that grows, and the full nodes that serve it.
type GeneratorConfig struct {
	Chain ChainConfig
	// K is the number of rows of each square.
	K int
	// Interval is the time between two blocks.
	Interval time.Duration
	// History is how many blocks there are when the first node can connect.
	History int
	// Addresses are the IPv4 addresses of the full nodes, one each.
	Addresses []string
	// Spread is by how much the last full node gets a block later than the first.
	Spread time.Duration
	// Dir is a folder for the full nodes' keys.
	Dir string
	Log *slog.Logger `json:"-"`
}

// Line is what a generator writes: one when it is ready, one after every block, and a last
// one when it ends.
type Line struct {
	// Height and Time are the newest block's.
	Height uint64    `json:"height"`
	Time   time.Time `json:"time"`
	// Served is what has been served so far, by part.
	Served map[string]Part `json:"served"`
	// Trust, in the first line, is a header to begin with, as height:hash.
	Trust string `json:"trust,omitempty"`
	// Peers, in the first line, are the full nodes' addresses.
	Peers []string `json:"peers,omitempty"`
}

// generator is a chain in the making and the full nodes that serve it.
type generator struct {
	config GeneratorConfig
	chain  *Chain
	served *Served
	nodes  []*fullNode
	out    *json.Encoder
}

// fullNode is a member of the network, with its view of the chain.
type fullNode struct {
	host   *p2p.Host
	source *source
}

// Generate grows a chain and serves it until the context ends, writing Lines as JSON.
func Generate(ctx context.Context, config GeneratorConfig, out io.Writer) error {
	g := &generator{config: config, served: &Served{}, out: json.NewEncoder(out)}
	if err := g.prepare(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := range config.Addresses {
		if err := g.open(ctx, i); err != nil {
			return err
		}
		host := g.nodes[i].host // others are yet to be added
		group.Go(func() error { return host.Run(ctx) })
	}
	group.Go(func() error { return g.grow(ctx) })
	return group.Wait()
}

// prepare proves the squares' base and makes the history.
func (g *generator) prepare() error {
	setup, err := kzg.NewSetup()
	if err != nil {
		return err
	}
	base, err := NewBase(setup, uint64(g.config.K), g.config.K)
	if err != nil {
		return err
	}
	g.chain = NewChain(g.config.Chain, base)
	begin := time.Now().Add(-time.Duration(g.config.History) * g.config.Interval)
	for i := range g.config.History {
		if _, err := g.chain.Grow(begin.Add(time.Duration(i) * g.config.Interval)); err != nil {
			return err
		}
	}
	return nil
}

// open opens a full node. All but the first know the first.
func (g *generator) open(ctx context.Context, i int) error {
	lag := g.config.Spread * time.Duration(i) / time.Duration(max(len(g.config.Addresses)-1, 1))
	s := &source{chain: g.chain, lag: lag, served: g.served, now: time.Now}
	key, err := p2p.LoadOrCreateKey(filepath.Join(g.config.Dir, fmt.Sprintf("node%d.key", i)))
	if err != nil {
		return err
	}
	config := p2p.Config{
		ChainID: g.config.Chain.ID, Key: key, DHT: true, Serve: true, Headers: s, Squares: s, CheckHead: s.checkHead, Log: g.config.Log,
		Listen: []string{"/ip4/" + g.config.Addresses[i] + "/tcp/0", "/ip4/" + g.config.Addresses[i] + "/udp/0/quic-v1"},
	}
	if i > 0 {
		config.Peers = g.nodes[0].host.Addresses()[:1]
	}
	host, err := p2p.New(ctx, config)
	if err != nil {
		return err
	}
	g.nodes = append(g.nodes, &fullNode{host, s})
	return nil
}

// grow adds a block every interval and has the full nodes announce it.
func (g *generator) grow(ctx context.Context) error {
	newest := g.chain.Newest()
	first := g.line(newest)
	first.Trust = fmt.Sprintf("%d:%x", newest, [32]byte(g.chain.At(newest).Header.Signed.Hash()))
	for _, node := range g.nodes {
		first.Peers = append(first.Peers, node.host.Addresses()[0])
	}
	if err := g.out.Encode(first); err != nil {
		return err
	}
	tick := time.NewTicker(g.config.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return g.out.Encode(g.line(g.chain.Newest()))
		case <-tick.C:
		}
		block, err := g.chain.Grow(time.Now())
		if err != nil {
			return err
		}
		if err := g.out.Encode(g.line(g.chain.Newest())); err != nil {
			return err
		}
		for _, node := range g.nodes {
			g.announceLater(ctx, node, block)
		}
	}
}

func (g *generator) line(height uint64) Line {
	return Line{Height: height, Time: g.chain.At(height).Time(), Served: g.served.Parts()}
}

// announceLater has a full node announce a block once it has it.
func (g *generator) announceLater(ctx context.Context, node *fullNode, b *Block) {
	time.AfterFunc(node.source.lag, func() {
		if err := node.host.Announce(ctx, headOf(b)); err != nil && ctx.Err() == nil {
			g.config.Log.Warn("head not announced", "error", err)
		}
	})
}
