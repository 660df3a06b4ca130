package main

import (
	"errors"
	"fmt"
	"net/http"
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
)

// protocol is what a gateway can speak, and the flag that says where.
type protocol struct {
	flag, usage string
	handler     func(gatewayOptions, *gateway.Core, *gateway.Gate) (http.Handler, error)
}

func protocols() []protocol {
	return []protocol{
		{"op-alt-da", "where the OP Stack's alt-DA protocol is served, such as 127.0.0.1:3100", plain(opaltda.New)},
		{nitroFlag, "where Arbitrum Nitro's DA API is served, such as 127.0.0.1:3101", nitroHandler},
		{"beacon", "where rows are served as an Ethereum beacon node serves blobs, such as 127.0.0.1:3102", plain(beacon.New)},
		{"celestia", "where a Celestia node's JSON-RPC is served, as ev-node speaks it, such as 127.0.0.1:3103", plain(celestia.New)},
		{"rollkit", "where the older JSON-RPC da.* of Rollkit is served, such as 127.0.0.1:3104", plain(rollkit.New)},
		{cdkFlag, "where a member of a Polygon CDK data availability committee is served, such as 127.0.0.1:3105", member},
	}
}

// plain is a protocol that needs no options.
func plain(handler func(*gateway.Core, *gateway.Gate) http.Handler) func(gatewayOptions, *gateway.Core, *gateway.Gate) (http.Handler, error) {
	return func(_ gatewayOptions, core *gateway.Core, gate *gateway.Gate) (http.Handler, error) {
		return handler(core, gate), nil
	}
}

// nitroHandler is behind tokens, or behind the secret that Nitro's nodes have.
func nitroHandler(o gatewayOptions, core *gateway.Core, gate *gateway.Gate) (http.Handler, error) {
	file := o.text(nitroSecretFlag)
	if file == "" {
		return nitro.New(core, gate), nil
	}
	secret, err := nitro.ReadSecret(file)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", o.name(nitroSecretFlag), err)
	}
	open, err := gateway.NewGate("", 0)
	if err != nil {
		return nil, err
	}
	return nitro.Authenticated(nitro.New(core, open), secret, time.Now), nil
}

// member makes the handler of a committee's member.
func member(o gatewayOptions, core *gateway.Core, gate *gateway.Gate) (http.Handler, error) {
	path, sequencer := o.text(cdkKeyFlag), o.text(cdkSequencerFlag)
	if path == "" || !common.IsHexAddress(sequencer) {
		return nil, fmt.Errorf("a committee's member needs --%s, its key, and --%s, the address of the trusted sequencer, 0x and 40 hex digits",
			o.name(cdkKeyFlag), o.name(cdkSequencerFlag))
	}
	key, err := cdk.ReadKey(path, o.text("cdk-password"))
	if err != nil {
		return nil, err
	}
	return cdk.New(core, gate, cdk.Config{Key: key, Sequencer: common.HexToAddress(sequencer), Version: "ashlar " + version})
}

// gatewayOptions are the flags that addGatewayFlags added. Those of `ashlar start`, which begin with a prefix, have app.toml's
// values where they are not given.
type gatewayOptions struct {
	flags  *pflag.FlagSet
	prefix string
}

// addGatewayFlags adds what every gateway is told, wherever it runs.
func addGatewayFlags(f *pflag.FlagSet, prefix string) {
	for _, p := range protocols() {
		f.String(prefix+p.flag, "", p.usage)
	}
	f.String(prefix+namespaceFlag, "", "the rollup's namespace, 58 hex digits")
	f.Uint64(prefix+"from-height", 0, "the rollup's first height, from which on its namespace is read; not given: the oldest that the node holds")
	f.Duration(prefix+"retention", gateway.DefaultRetention, "how old a blob must be for its absence to be an answer; not more than what the nodes keep")
	f.Duration(prefix+"put-timeout", gateway.DefaultPutTimeout, "how long a put waits to be final")
	f.Duration(prefix+"max-lag", gateway.DefaultMaxLag, "how old the chain's newest block may be for puts to be taken")
	f.Int(prefix+"max-puts", gateway.DefaultMaxPuts, "most blobs on their way at once")
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

// wanted tells whether any protocol is to be served.
func (o gatewayOptions) wanted() bool {
	for _, p := range protocols() {
		if o.text(p.flag) != "" {
			return true
		}
	}
	return false
}

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
	cfg.MaxPuts, _ = o.flags.GetInt(o.name("max-puts"))
	cfg.Retention, cfg.PutTimeout, cfg.MaxLag = o.duration("retention"), o.duration("put-timeout"), o.duration("max-lag")
	return cfg, nil
}
