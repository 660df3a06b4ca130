package fullnode

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/ashlar-da/ashlar/p2p"
)

// Config is what a full node is made of. Comet and Log are required.
type Config struct {
	// Comet is CometBFT's configuration; its root directory is the node's home.
	Comet *cmtcfg.Config
	// MinGasPrices is the least price of execution gas accepted, such as 0.1aash.
	MinGasPrices string
	// Options go to BaseApp: pruning, halt height.
	Options []func(*baseapp.BaseApp)
	// SkipUpgradeHeights are heights at which an upgrade that governance planned is passed over.
	SkipUpgradeHeights map[int64]bool
	// Retain is how long squares and blocks are kept; 0 is for ever.
	Retain time.Duration
	// MemoryLimit is the memory, in bytes, that the process tries to stay within, by collecting
	// garbage sooner; 0: none. New sets it for the whole process, unless GOMEMLIMIT does.
	MemoryLimit int64
	// API configures the HTTP API.
	API APISettings
	// Libp2p configures the host that serves squares.
	Libp2p Libp2pSettings
	// KZG configures the KZG engine: its memory and its watch over itself.
	KZG KZGSettings
	// Keyring holds API.Key.
	Keyring keyring.Keyring
	// Version is what the node says it is.
	Version string
	Log     *slog.Logger

	// Squares stands between the libp2p host and the store; nil: nothing does. Tests of
	// light nodes answer wrongly through it.
	Squares func(p2p.SquareSource) p2p.SquareSource
	// wrap stands between CometBFT and the application in tests.
	wrap func(abci.Application) abci.Application
	// free and maintenance replace those of store.Config in tests.
	free        func(dir string) (uint64, error)
	maintenance time.Duration
}

func (c *Config) validate() error {
	switch {
	case c.Comet == nil:
		return errors.New("fullnode: no CometBFT configuration")
	case c.Log == nil:
		return errors.New("fullnode: no logger")
	case c.Retain < 0:
		return fmt.Errorf("fullnode: retain is %v: give a duration such as 432h, or 0s to keep everything", c.Retain)
	case c.MemoryLimit < 0:
		return fmt.Errorf("fullnode: memory-limit is %d bytes: give MiB such as 768, or 0 for none", c.MemoryLimit)
	case !(c.KZG.Crosscheck >= 0 && c.KZG.Crosscheck <= 1): // NaN too
		return fmt.Errorf("fullnode: kzg.crosscheck is %v: give a share of blocks from 0 to 1", c.KZG.Crosscheck)
	case c.KZG.Tables < 0 || c.KZG.Tables > maxTables:
		return fmt.Errorf("fullnode: kzg.tables is %d: give MiB from 0, for none, to %d", c.KZG.Tables, maxTables)
	case c.API.Key != "" && c.Keyring == nil:
		return fmt.Errorf("fullnode: api.key is %q but there is no keyring", c.API.Key)
	}
	if err := c.Comet.ValidateBasic(); err != nil {
		return fmt.Errorf("fullnode: CometBFT's configuration: %w", err)
	}
	return nil
}

// path returns a path under the node's home.
func (c *Config) path(parts ...string) string {
	return filepath.Join(append([]string{c.Comet.RootDir}, parts...)...)
}

// limitMemory sets MemoryLimit, where the environment says nothing.
func (c *Config) limitMemory() {
	if c.MemoryLimit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(c.MemoryLimit)
	}
}
