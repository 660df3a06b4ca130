package fullnode

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/server"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/spf13/viper"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// Settings is app.toml. Its keys are flags of `ashlar start` too.
type Settings struct {
	MinGasPrices      string         `mapstructure:"minimum-gas-prices"`
	Pruning           string         `mapstructure:"pruning"`
	PruningKeepRecent string         `mapstructure:"pruning-keep-recent"`
	PruningInterval   string         `mapstructure:"pruning-interval"`
	HaltHeight        uint64         `mapstructure:"halt-height"`
	HaltTime          uint64         `mapstructure:"halt-time"`
	Retain            time.Duration  `mapstructure:"retain"`
	MemoryLimit       int            `mapstructure:"memory-limit"`
	API               APISettings    `mapstructure:"api"`
	Libp2p            Libp2pSettings `mapstructure:"libp2p"`
	KZG               KZGSettings    `mapstructure:"kzg"`
}

// APISettings is app.toml's section on the HTTP API.
type APISettings struct {
	// Address is where it listens, host:port.
	Address string `mapstructure:"address"`
	// Key names the key that pays for POST /v1/blobs; empty: such requests are refused.
	Key string `mapstructure:"key"`
	// Origins are the web origins browsers may call from.
	Origins []string `mapstructure:"origins"`
	// Tokens is the path of a token file that guards what writes; empty: nothing does.
	Tokens string `mapstructure:"tokens"`
}

// Libp2pSettings is app.toml's section on the host that serves squares.
type Libp2pSettings struct {
	// Listen and Peers are multiaddresses; see p2p.Config.
	Listen []string `mapstructure:"listen"`
	Peers  []string `mapstructure:"peers"`
	// DHT finds more peers.
	DHT bool `mapstructure:"dht"`
	// RelayedPeers is for how many peers that cannot be reached the node relays, once it knows that it can be; 0: none.
	RelayedPeers int `mapstructure:"relayed-peers"`
	// Connections, ConnectionsPerSubnet and StreamsPerPeer are p2p.Limits.
	Connections          int `mapstructure:"connections"`
	ConnectionsPerSubnet int `mapstructure:"connections-per-subnet"`
	StreamsPerPeer       int `mapstructure:"streams-per-peer"`
	// Memory is p2p.Limits.Memory in MiB.
	Memory int `mapstructure:"memory"`
}

// limits returns the settings as the host takes them.
func (s Libp2pSettings) limits() p2p.Limits {
	return p2p.Limits{
		Connections: s.Connections, ConnectionsPerSubnet: s.ConnectionsPerSubnet, StreamsPerPeer: s.StreamsPerPeer,
		Memory: int64(s.Memory) << 20, RelayedPeers: s.RelayedPeers,
	}
}

// KZGSettings is app.toml's section on the KZG engine.
type KZGSettings struct {
	// Crosscheck is the share of blocks, 0 to 1, of which a random row is verified again by another implementation.
	Crosscheck float64 `mapstructure:"crosscheck"`
	// Tables is the memory in MiB for tables that make KZG faster, all of them together; 0: none.
	Tables int `mapstructure:"tables"`
}

// defaultMemoryLimit is Settings.MemoryLimit: what a node needs at most, and a quarter more.
const defaultMemoryLimit = 768

// maxTables bounds KZGSettings.Tables.
const maxTables = kzg.MaxTables >> 20

// defaultCrosscheck has a node verify a row of one block in a hundred again: a core is busy with it for less than a
// second every ten minutes, and a network of a hundred nodes covers about every block.
const defaultCrosscheck = 0.01

// DefaultSettings returns what `ashlar init` writes.
func DefaultSettings() Settings {
	return Settings{
		MinGasPrices:      "0" + app.BaseDenom,
		Pruning:           "default",
		PruningKeepRecent: "0",
		PruningInterval:   "0",
		Retain:            18 * 24 * time.Hour,
		MemoryLimit:       defaultMemoryLimit,
		API:               APISettings{Address: "127.0.0.1:26659"},
		Libp2p: Libp2pSettings{
			Listen: []string{"/ip4/0.0.0.0/tcp/26660", "/ip4/0.0.0.0/udp/26660/quic-v1"},
			DHT:    true, RelayedPeers: 64, Connections: 256, ConnectionsPerSubnet: 16, StreamsPerPeer: 32, Memory: 256,
		},
		KZG: KZGSettings{Crosscheck: defaultCrosscheck, Tables: kzg.DefaultTables >> 20},
	}
}

// SettingsTemplate renders Settings as app.toml.
const SettingsTemplate = `# Settings of the application, the store of squares and the HTTP API.
# CometBFT's are in config.toml, those of the command line in client.toml.

# The least a transaction pays per unit of execution gas for this node to accept it, where
# that is more than the chain's own min_gas_price. What blobs cost is decided by the chain's
# fee market.
minimum-gas-prices = "{{ .MinGasPrices }}"

# Which states of the application are kept: default, nothing (archive), everything or
# custom, which the two lines after it define.
pruning = "{{ .Pruning }}"
pruning-keep-recent = "{{ .PruningKeepRecent }}"
pruning-interval = "{{ .PruningInterval }}"

# Stop after this height, or this time in seconds since 1970. 0: do not.
halt-height = {{ .HaltHeight }}
halt-time = {{ .HaltTime }}

# How long squares and blocks are kept, as 432h. 0s: for ever.
retain = "{{ .Retain }}"

# The memory, in MiB, that the process tries to stay within: close to it, processor time is spent
# on collecting garbage. A full mempool beside full squares takes some 600. 0: no limit. The
# environment variable GOMEMLIMIT, if it is set, decides instead.
memory-limit = {{ .MemoryLimit }}

[api]
# Where the HTTP API listens. Off loopback, guard it with tokens.
address = "{{ .API.Address }}"
# Name of the key, in this home's keyring, that pays for POST /v1/blobs. Empty: refused.
key = "{{ .API.Key }}"
# Web origins that browsers may call the API from, such as "https://example.org".
origins = [{{ range .API.Origins }}{{ printf "%q, " . }}{{ end }}]
# Path of the token file that guards what writes. Empty: nothing does.
tokens = "{{ .API.Tokens }}"

[libp2p]
# Where cells, rows, headers and namespaces are served.
listen = [{{ range .Libp2p.Listen }}{{ printf "%q, " . }}{{ end }}]
# Peers to stay connected to, as "/ip4/192.0.2.1/tcp/26660/p2p/12D3Koo...".
peers = [{{ range .Libp2p.Peers }}{{ printf "%q, " . }}{{ end }}]
# Find more peers by a Kademlia table of this chain's own.
dht = {{ .Libp2p.DHT }}
# For how many peers behind a NAT this node relays, once peers can reach it, until they have
# agreed on a direct connection; each for 10 minutes and 4 MiB at most. 0: none.
relayed-peers = {{ .Libp2p.RelayedPeers }}
# The most connections, those from one IPv4 /24 or IPv6 /48, and the most streams of one peer
# on each protocol. ashlar_p2p_refusals_total counts what these and memory refuse.
connections = {{ .Libp2p.Connections }}
connections-per-subnet = {{ .Libp2p.ConnectionsPerSubnet }}
streams-per-peer = {{ .Libp2p.StreamsPerPeer }}
# The memory in MiB that connections and answers may take.
memory = {{ .Libp2p.Memory }}

[kzg]
# The share of blocks, 0 to 1, of which a random row is verified again, after it was stored,
# by an implementation that shares no code with this node's. If the two disagree the log
# says so and ashlar_crosscheck_rows_total{result="disagreed"} counts it; nothing else happens.
crosscheck = {{ .KZG.Crosscheck }}
# The memory for tables that make KZG faster, in MiB, up to 128. The first 8 go to verifying a
# block's rows; more make proposing and posting faster, by little beyond 32. 0: none, with
# which everything gives the same and takes up to three times as long.
tables = {{ .KZG.Tables }}
`

// Config returns the configuration of a node with these settings.
func (s *Settings) Config(comet *cmtcfg.Config, ring keyring.Keyring, log *slog.Logger) (*Config, error) {
	pruning, err := s.pruning()
	if err != nil {
		return nil, err
	}
	return &Config{
		Comet:        comet,
		MinGasPrices: s.MinGasPrices,
		Options:      []func(*baseapp.BaseApp){pruning, baseapp.SetHaltHeight(s.HaltHeight), baseapp.SetHaltTime(s.HaltTime)},
		Retain:       s.Retain,
		MemoryLimit:  int64(s.MemoryLimit) << 20,
		API:          s.API,
		Libp2p:       s.Libp2p,
		KZG:          s.KZG,
		Keyring:      ring,
		Log:          log,
	}, nil
}

func (s *Settings) pruning() (func(*baseapp.BaseApp), error) {
	v := viper.New()
	v.Set(server.FlagPruning, s.Pruning)
	v.Set(server.FlagPruningKeepRecent, s.PruningKeepRecent)
	v.Set(server.FlagPruningInterval, s.PruningInterval)
	options, err := server.GetPruningOptionsFromFlags(v)
	if err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	return baseapp.SetPruning(options), nil
}

// Load reads the files that `ashlar init` wrote to a home directory, as `ashlar start`
// does without flags: for programs that run a node of their own.
func Load(home string, log *slog.Logger) (*Config, error) {
	comet, settings := CometConfig(), DefaultSettings()
	var keys struct {
		Backend string `mapstructure:"keyring-backend"`
	}
	err := errors.Join(
		readFile(filepath.Join(home, "config", "config.toml"), comet),
		readFile(filepath.Join(home, "config", "app.toml"), &settings),
		readFile(filepath.Join(home, "config", "client.toml"), &keys),
	)
	if err != nil {
		return nil, err
	}
	comet.SetRoot(home)
	encoding, err := app.NewEncoding()
	if err != nil {
		return nil, err
	}
	ring, err := keyring.New(sdk.KeyringServiceName(), keys.Backend, home, nil, encoding.Codec)
	if err != nil {
		return nil, fmt.Errorf("open the keyring in %s: %w", home, err)
	}
	return settings.Config(comet, ring, log)
}

func readFile(path string, into any) error {
	v := viper.New()
	v.SetConfigFile(path)
	if err := v.ReadInConfig(); err != nil {
		return fmt.Errorf("read %s, did `ashlar init` run? %w", path, err)
	}
	if err := v.Unmarshal(into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
