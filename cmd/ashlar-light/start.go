package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/lightnode"
)

// startFlags are what the flags of start are read into, where a Config cannot take them
// as they are.
type startFlags struct {
	lightnode.Config
	trust      string
	start      checkpointFlags
	namespace  string
	follow     lightnode.Follow
	cellCache  size
	minFree    size
	logLevel   string
	logFormat  string
	peerMemory size
}

func newStart() *cobra.Command {
	f := &startFlags{cellCache: lightnode.DefaultCellCache, minFree: lightnode.DefaultMinFree, peerMemory: 256 << 20}
	command := &cobra.Command{
		Use:   "start",
		Short: "Run the node until it is interrupted",
		Long: `Run the node until it is interrupted.

A first start needs a header to begin with: --trust HEIGHT:HASH, from somewhere
you trust, or a --checkpoint FILE that keys you trust have signed, each named by
a --checkpoint-key. Any full node shows its own headers under /v1/headers/HEIGHT.
A later start goes on from what the node verified itself, and from the cells it
had drawn.

It ends with exit code 3 when what it trusts has grown too old to go on from, and
with 4 when two headers of one height are signed by enough validators: the
evidence is handed to full nodes, and it does not start again before --trust or
--checkpoint names another header.

With --namespace the node also delivers a rollup's blobs: of each height all of
them, heights in order, once it has found the height available itself. They go
to --out as files, HEIGHT/NUMBER-ID beside HEIGHT/block.json, where cursor.json
tells up to which height everything is there; a node that was killed goes on
where it stopped. The API answers /v1/namespaces/HEX/blobs?from=HEIGHT and
/v1/blobs/ID/data?height=HEIGHT then. A height that cannot be delivered stops
the delivery with an alarm; none is ever left out silently.

The API answers on --api.addr: /v1/status, /v1/availability/HEIGHT, /v1/events
(server-sent events), /metrics, /openapi.json. Settings can be changed while it
runs, by "ashlar-light set"; that outlasts a restart with the same flags.`,
		Example: `  ashlar-light start --chain-id ashlar-1 --trust 1200:4F0C… --peer /ip4/203.0.113.7/tcp/26660/p2p/12D3…
  ashlar-light start … --namespace 0000000000000000000000000000000000000000000000000064656d6f --out blobs --verify-index`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return f.run(command) },
	}
	f.register(command)
	return command
}

func (f *startFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.Home, "home", defaultHome(), "folder of the node's key, database and cells")
	flags.StringVar(&f.ChainID, "chain-id", "", "chain to follow (required)")
	flags.StringArrayVar(&f.Peers, "peer", nil, "multiaddress of a node to stay connected to, /p2p/ID included; may be repeated")
	flags.StringVar(&f.trust, "trust", "", "header to begin with, HEIGHT:HASH")
	f.start.register(flags)
	flags.BoolVar(&f.TrustFirst, "trust-first-use", false, "begin with whatever header the first peers agree on: only where you own the network")
	flags.DurationVar(&f.TrustingPeriod, "trusting-period", lightnode.DefaultTrustingPeriod, "how old a verified header may be to vouch for later ones; below two thirds of the unbonding period")
	flags.DurationVar(&f.Unbonding, "unbonding", lightnode.DefaultUnbonding, "the chain's unbonding period, as its governance has it; a checkpoint's holds as well")
	flags.IntVar(&f.Witnesses, "witnesses", lightnode.DefaultWitnesses, "most other peers to compare a header with")
	flags.StringVar((*string)(&f.Profile), "profile", string(lightnode.ProfileFull), "full, or phone: at most 50 MB a day, awake for seconds, samples named heights and a random few others")
	flags.DurationVar(&f.WakeEvery, "wake-every", lightnode.DefaultWakeEvery, "how often the phone profile wakes")
	flags.IntVar(&f.Samples, "samples", 0, "cells to draw of each block; 0: what --confidence takes, else what --data-budget buys, else 30")
	flags.StringVar(&f.Confidence, "confidence", "", "what each block's cells are to establish, such as 0.9999; not together with --samples")
	flags.Var(&f.DataBudget, "data-budget", "most to receive and send in any 24 hours, such as 200MB/day, or none; buys as many samples as it can unless their number is given")
	flags.DurationVar(&f.Deadline, "deadline", lightnode.DefaultDeadline, "how long cells may take before a block can be called unavailable")
	flags.DurationVar(&f.RequestTimeout, "request-timeout", lightnode.DefaultRequestTimeout, "how long one request may take")
	flags.DurationVar(&f.Window, "window", lightnode.DefaultWindow, "how far back blocks are sampled")
	flags.Var(&f.cellCache, "cell-cache", "most disk space for sampled cells, which are served to others, such as 512MiB")
	flags.Var(&f.minFree, "min-free", "free disk space below which nothing is written, and so nothing followed, until there is more")
	flags.IntVar(&f.Workers, "workers", lightnode.DefaultWorkers, "blocks to sample at once")
	flags.DurationVar(&f.Poll, "poll", lightnode.DefaultPoll, "how often to ask for a new head when none is announced")
	flags.IntVar(&f.CommitEvery, "commit-every", lightnode.DefaultCommitEvery, "heights from one verified by its commit to the next; those between wait for it. 1: verdicts at once, for more traffic")
	flags.DurationVar(&f.AlarmAfter, "alarm-after", lightnode.DefaultAlarmAfter, "how long without news, or without a verdict, before an alarm is raised")
	flags.StringArrayVar(&f.Listen, "listen", []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}, "multiaddress to serve peers on; may be repeated; \"\" for none")
	flags.BoolVar(&f.DHT, "dht", true, "find more peers by the chain's own DHT")
	flags.BoolVar(&f.MDNS, "mdns", false, "find more peers on the local network; --peer may then be left out")
	flags.StringVar(&f.namespace, "namespace", "", "namespace whose blobs are delivered, 58 hex digits")
	flags.StringVar(&f.follow.Out, "out", "", "folder that the namespace's blobs are delivered to; without it they are answered over HTTP alone")
	flags.Uint64Var(&f.follow.From, "from", 0, "first height to deliver to a new folder (default: the newest); above where a folder has got to, what lies between is left out")
	flags.BoolVar(&f.follow.VerifyIndex, "verify-index", false, "recompute each block's index from its transaction rows, and deliver nothing of a block that contradicts it")
	flags.BoolVar(&f.follow.BeforeVerdict, "before-verdict", false, "deliver a height as soon as its blobs are there and verified, marked with the verdict so far")
	flags.IntVar(&f.Limits.Connections, "connections", 256, "most connections to peers")
	flags.IntVar(&f.Limits.ConnectionsPerSubnet, "connections-per-subnet", 16, "most connections from one IPv4 /24 or IPv6 /48")
	flags.IntVar(&f.Limits.StreamsPerPeer, "streams-per-peer", 32, "most streams of one peer on each protocol")
	flags.Var(&f.peerMemory, "peer-memory", "most memory that connections and answers may take")
	flags.StringVar(&f.API, "api.addr", defaultAPI, "TCP address of the HTTP API; \"\" for none")
	flags.StringArrayVar(&f.Origins, "api.origin", nil, "web origin whose pages may call the API; may be repeated")
	flags.StringVar(&f.Tokens, "api.tokens", "", "token file that guards what changes settings; \"\": whoever reaches the API may")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&f.logFormat, "log-format", "text", "text or json")
}

func (f *startFlags) run(command *cobra.Command) error {
	spareMemory(command.Context())
	config, err := f.config(command)
	if err != nil {
		return err
	}
	node, err := lightnode.New(command.Context(), config)
	if err != nil {
		return err
	}
	config.Log.Info("light node started", "chain", config.ChainID, "home", config.Home, "api", node.APIAddress(), "listen", node.Addresses())
	return node.Run(command.Context())
}

// config completes the Config with what the flags say.
func (f *startFlags) config(command *cobra.Command) (lightnode.Config, error) {
	config := f.Config
	config.Version = version
	config.CellCache = int64(f.cellCache)
	config.MinFree = uint64(f.minFree)
	config.Limits.Memory = int64(f.peerMemory)
	if config.ChainID == "" {
		return config, errors.New("--chain-id is missing: name the chain to follow, as a node of it has it in /v1/status")
	}
	if len(config.Peers) == 0 && !config.MDNS {
		return config, errors.New("--peer is missing: give the multiaddress of at least one node, as listed under \"listen\" in its /v1/status, or --mdns on a network of your own")
	}
	if f.trust != "" {
		trust, err := lightnode.ParseTrust(f.trust)
		if err != nil {
			return config, err
		}
		config.Trust = &trust
	}
	if err := f.start.read(&config); err != nil {
		return config, err
	}
	if err := f.following(&config); err != nil {
		return config, err
	}
	if len(config.Listen) == 1 && config.Listen[0] == "" {
		config.Listen = nil
	}
	if config.Home == "" {
		return config, errors.New("HOME is not set, so there is no default folder: say with --home where the node keeps its files")
	}
	home, err := filepath.Abs(config.Home)
	if err != nil {
		return config, fmt.Errorf("--home: %w", err)
	}
	config.Home = home
	config.Log, err = newLog(command, f.logLevel, f.logFormat)
	return config, err
}

// following puts what the flags say of a namespace into the Config.
func (f *startFlags) following(config *lightnode.Config) (err error) {
	if f.namespace == "" {
		if f.follow != (lightnode.Follow{}) {
			return errors.New("--namespace is missing: --out, --from, --verify-index and --before-verdict are about the blobs of one")
		}
		return nil
	}
	follow := f.follow
	if follow.Namespace, err = lightnode.ParseNamespace(f.namespace); err != nil {
		return fmt.Errorf("--namespace: %w", err)
	}
	if follow.Out == "" && config.API == "" {
		return errors.New("--out is missing: without it and without --api.addr nobody gets the namespace's blobs")
	}
	config.Follow = &follow
	return nil
}

// newLog returns a logger to standard error.
func newLog(command *cobra.Command, level, format string) (*slog.Logger, error) {
	var options slog.HandlerOptions
	var threshold slog.Level
	if err := threshold.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level %q: want debug, info, warn or error", level)
	}
	options.Level = threshold
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(command.ErrOrStderr(), &options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(command.ErrOrStderr(), &options)), nil
	}
	return nil, fmt.Errorf("--log-format %q: want text or json", format)
}
