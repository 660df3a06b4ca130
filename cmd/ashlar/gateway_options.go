package main

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/pflag"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/beacon"
	"github.com/ashlar-da/ashlar/gateway/cdk"
	"github.com/ashlar-da/ashlar/gateway/celestia"
	"github.com/ashlar-da/ashlar/gateway/nitro"
	"github.com/ashlar-da/ashlar/gateway/opaltda"
	"github.com/ashlar-da/ashlar/gateway/rollkit"
)

const (
	nitroFlag        = "nitro"
	nitroSecretFlag  = "nitro-jwtsecret"
	cdkFlag          = "cdk"
	cdkKeyFlag       = "cdk-key"
	cdkSequencerFlag = "cdk-sequencer"
	memoryFlag       = "memory"
	postersFlag      = "posters"
)

// Memory of bodies and answers, in MiB: what a gateway of its own takes where nobody says, one in a node, and the least.
const (
	ownMemory   = gateway.DefaultMemory >> 20
	nodeMemory  = 128
	leastMemory = 64
)

// protocol is what a gateway can speak, and the flag that says where.
type protocol struct {
	flag, usage string
	posts       bool // whoever reaches it has something posted, unless tokens are asked for
	handler     func(*servedProtocol) (http.Handler, error)
}

// servedProtocol is what a protocol's handler is made of.
type servedProtocol struct {
	options gatewayOptions
	dir     string // of the gateway's files
	core    *gateway.Core
	gate    *gateway.Gate
}

func protocols() []protocol {
	return []protocol{
		{"op-alt-da", "where the OP Stack's alt-DA protocol is served, such as 127.0.0.1:3100", true, plain(opaltda.New)},
		{nitroFlag, "where Arbitrum Nitro's DA API is served, such as 127.0.0.1:3101", true, nitroHandler},
		{"beacon", "where rows are served as an Ethereum beacon node serves blobs, such as 127.0.0.1:3102", false, plain(beacon.New)},
		{"celestia", "where a Celestia node's JSON-RPC is served, as ev-node speaks it, such as 127.0.0.1:3103", true, plain(celestia.New)},
		{"rollkit", "where the older JSON-RPC da.* of Rollkit is served, such as 127.0.0.1:3104", true, plain(rollkit.New)},
		{cdkFlag, "where a member of a Polygon CDK data availability committee is served, such as 127.0.0.1:3105", true, member},
	}
}

// plain is a protocol that needs no options.
func plain(handler func(*gateway.Core, *gateway.Gate) http.Handler) func(*servedProtocol) (http.Handler, error) {
	return func(p *servedProtocol) (http.Handler, error) { return handler(p.core, p.gate), nil }
}

// nitroHandler is behind tokens, or behind the secret that Nitro's nodes have.
func nitroHandler(p *servedProtocol) (http.Handler, error) {
	file := p.options.text(nitroSecretFlag)
	if file == "" {
		return nitro.New(p.core, p.gate), nil
	}
	secret, err := nitro.ReadSecret(file)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", p.options.name(nitroSecretFlag), err)
	}
	return nitro.Authenticated(nitro.New(p.core, p.gate), secret, time.Now), nil
}

// member makes the handler of a committee's member.
func member(p *servedProtocol) (http.Handler, error) {
	o := p.options
	path, sequencer := o.text(cdkKeyFlag), o.text(cdkSequencerFlag)
	if path == "" || !common.IsHexAddress(sequencer) {
		return nil, fmt.Errorf("a committee's member needs --%s, its key, and --%s, the address of the trusted sequencer, 0x and 40 hex digits",
			o.name(cdkKeyFlag), o.name(cdkSequencerFlag))
	}
	key, err := cdk.ReadKey(path, o.text("cdk-password"))
	if err != nil {
		return nil, err
	}
	return cdk.New(p.core, p.gate, cdk.Config{
		Key: key, Sequencer: common.HexToAddress(sequencer), Sequences: filepath.Join(p.dir, "sequences"), Version: "ashlar " + version,
	})
}

// gatewayOptions are the flags that addGatewayFlags added. Those of `ashlar start`, which begin with a prefix, have app.toml's
// values where they are not given.
type gatewayOptions struct {
	flags  *pflag.FlagSet
	prefix string
}

// tokens is the token file of a protocol, empty where it has none, or a guard of its own instead.
func (o gatewayOptions) tokens(flag string) string {
	if flag == nitroFlag && o.text(nitroSecretFlag) != "" {
		return ""
	}
	return o.text("tokens")
}

// guarded tells whether a protocol asks who posts.
func (o gatewayOptions) guarded(flag string) bool {
	return o.text("tokens") != "" || flag == nitroFlag && o.text(nitroSecretFlag) != ""
}

// addGatewayFlags adds what every gateway is told, wherever it runs. memory is the default of that flag.
func addGatewayFlags(f *pflag.FlagSet, prefix string, memory int) {
	for _, p := range protocols() {
		f.String(prefix+p.flag, "", p.usage)
	}
	f.String(prefix+namespaceFlag, "", "the rollup's namespace, 58 hex digits")
	f.Uint64(prefix+"from-height", 0, "the rollup's first height, from which on its namespace is read; not given: the oldest that the node holds")
	f.Duration(prefix+"retention", gateway.DefaultRetention, "how old a blob must be for its absence to be an answer; not more than what the nodes keep")
	f.Duration(prefix+"put-timeout", gateway.DefaultPutTimeout, "how long a put waits to be final")
	f.Duration(prefix+"max-lag", gateway.DefaultMaxLag, "how old the chain's newest block may be for puts to be taken")
	f.Int(prefix+"max-puts", gateway.DefaultMaxPuts, "most blobs of each protocol on their way at once")
	f.Int(prefix+memoryFlag, memory, "MiB that bodies, answers and blobs on their way may take, of all protocols together")
	f.String(prefix+postersFlag, "", "addresses whose blobs alone count where the namespace is listed or searched, with commas between them; the same for all gateways of the rollup. Not given: everybody's")
	f.String(prefix+"tokens", "", "token file that guards puts, as that of a node's API")
	f.String(prefix+nitroSecretFlag, "", "file with the secret, 32 bytes in hex, by which Nitro's nodes sign each call; replaces tokens for Nitro, and guards reading too")
	f.String(prefix+"tls-cert", "", "certificate to serve with, PEM")
	f.String(prefix+"tls-key", "", "its key, PEM")
	f.String(prefix+metricsFlag, "", "where /metrics and /healthz are served")
	f.String(prefix+cdkKeyFlag, "", "file with the committee member's key, in hex or as an Ethereum keystore, readable by its owner alone")
	f.String(prefix+"cdk-password", "", "file with the password of that keystore")
	f.String(prefix+cdkSequencerFlag, "", "address of the validium's trusted sequencer, whose sequences alone are stored and signed")
}

func (o gatewayOptions) name(flag string) string { return o.prefix + flag }

func (o gatewayOptions) text(flag string) string {
	value, _ := o.flags.GetString(o.name(flag))
	return value
}

func (o gatewayOptions) duration(flag string) time.Duration {
	value, _ := o.flags.GetDuration(o.name(flag))
	return value
}

// served are the protocols that are to be served.
func (o gatewayOptions) served() []protocol {
	return slices.DeleteFunc(protocols(), func(p protocol) bool { return o.text(p.flag) == "" })
}

// wanted tells whether any protocol is to be served.
func (o gatewayOptions) wanted() bool { return len(o.served()) > 0 }

func (o gatewayOptions) namespace() (da.Namespace, error) {
	text := o.text(namespaceFlag)
	if text == "" {
		return da.Namespace{}, fmt.Errorf("--%s is missing: give 58 hex digits, version 00, 36 zeros and 20 of your choice", o.name(namespaceFlag))
	}
	namespace, err := da.ParseNamespace(text)
	if err != nil {
		return namespace, fmt.Errorf("--%s: %w", o.name(namespaceFlag), err)
	}
	return namespace, nil
}

// config is the part of a Core's that options say.
func (o gatewayOptions) config() (cfg gateway.Config, err error) {
	if !o.wanted() {
		return cfg, errors.New("no protocol: say where one is to be served, such as --op-alt-da 127.0.0.1:3100")
	}
	if cfg.Namespace, err = o.namespace(); err != nil {
		return cfg, err
	}
	cfg.From, _ = o.flags.GetUint64(o.name("from-height"))
	cfg.Retention, cfg.PutTimeout, cfg.MaxLag = o.duration("retention"), o.duration("put-timeout"), o.duration("max-lag")
	if _, err := o.memory(); err != nil {
		return cfg, err
	}
	if cfg.Posters, err = gateway.ParsePosters(o.text(postersFlag)); err != nil {
		return cfg, fmt.Errorf("--%s: %w", o.name(postersFlag), err)
	}
	return cfg, nil
}

// memory is what bodies, answers and blobs on their way may take, in bytes.
func (o gatewayOptions) memory() (int64, error) {
	mebibytes, _ := o.flags.GetInt(o.name(memoryFlag))
	if mebibytes < leastMemory {
		return 0, fmt.Errorf("--%s is %d MiB, give at least %d", o.name(memoryFlag), mebibytes, leastMemory)
	}
	return int64(mebibytes) << 20, nil
}

// gates makes the gates of protocols, which share the memory.
func (o gatewayOptions) gates(served []protocol) ([]*gateway.Gate, error) {
	size, err := o.memory()
	if err != nil {
		return nil, err
	}
	puts, _ := o.flags.GetInt(o.name("max-puts"))
	memory := gateway.NewMemory(size, len(served))
	gates := make([]*gateway.Gate, len(served))
	for i, p := range served {
		if gates[i], err = gateway.NewGate(gateway.GateConfig{Tokens: o.tokens(p.flag), Memory: memory, MaxPuts: puts}); err != nil {
			return nil, err
		}
	}
	return gates, nil
}
