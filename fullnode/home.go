package fullnode

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
)

// InitHome creates a node's consensus, attestation and network keys and a genesis file without
// accounts, in the directories comet names. Keys that are there stay. It returns the
// node's id in CometBFT's network. What adjusts the genesis state does so before it is written.
func InitHome(comet *cmtcfg.Config, encoding *app.Encoding, chainID string, adjust ...func(app.GenesisState)) (string, error) {
	for _, dir := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(comet.RootDir, dir), 0o700); err != nil {
			return "", err
		}
	}
	nodeID, _, err := genutil.InitializeNodeValidatorFiles(comet)
	if err != nil {
		return "", fmt.Errorf("create the node's keys: %w", err)
	}
	if _, err := attesting.LoadOrCreateSecret(AttestationKeyFile(comet.RootDir)); err != nil {
		return "", err
	}
	genesisState := encoding.DefaultGenesis()
	for _, change := range adjust {
		change(genesisState)
	}
	state, err := json.MarshalIndent(genesisState, "", " ")
	if err != nil {
		return "", fmt.Errorf("encode the genesis state: %w", err)
	}
	genesis := &genutiltypes.AppGenesis{
		AppName:       "ashlar",
		ChainID:       chainID,
		InitialHeight: 1,
		AppState:      state,
		Consensus:     &genutiltypes.ConsensusGenesis{Params: app.ConsensusParams()},
	}
	if err := genutil.ExportGenesisFile(genesis, comet.GenesisFile()); err != nil {
		return "", fmt.Errorf("write %s: %w", comet.GenesisFile(), err)
	}
	return nodeID, nil
}
