package fullnode

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/cometbft/cometbft/evidence"
	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// newAccomplice makes a second home a validator of a chain that has not begun, with less than
// half of its stake and more than a third.
func newAccomplice(t *testing.T, first Config, home string) Config {
	t.Helper()
	cfg := testConfig(t, home)
	if _, _, err := cfg.Keyring.NewMnemonic(testKey, keyring.English, hd.CreateHDPath(118, 0, 0).String(), "", hd.Secp256k1); err != nil {
		t.Fatal(err)
	}
	if _, err := InitHome(cfg.Comet, encodingOf(t), testChain); err != nil {
		t.Fatal(err)
	}
	copyFile(t, first.Comet.GenesisFile(), cfg.Comet.GenesisFile())
	stake := Stake{Key: testKey, Ring: cfg.Keyring, Balance: app.OneASH().Mul(math.NewInt(1000)), Bonded: app.OneASH().Mul(math.NewInt(60))}
	if err := AddValidator(t.Context(), cfg.Comet, encodingOf(t), testChain, stake); err != nil {
		t.Fatal(err)
	}
	copyFile(t, cfg.Comet.GenesisFile(), first.Comet.GenesisFile())
	return cfg
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// forge returns a block in place of a height's, of another application state, that a validator
// alone has signed, as the only one of its set.
func forge(t *testing.T, node *runningNode, height int64, accomplice Config) *cmttypes.LightBlock {
	t.Helper()
	key := privval.LoadFilePV(accomplice.Comet.PrivValidatorKeyFile(), accomplice.Comet.PrivValidatorStateFile()).Key
	set := cmttypes.NewValidatorSet([]*cmttypes.Validator{cmttypes.NewValidator(key.PubKey, 60)})
	header := node.comet.BlockStore().LoadBlockMeta(height).Header
	header.AppHash, header.ValidatorsHash, header.ProposerAddress = bytes.Repeat([]byte{6}, 32), set.Hash(), key.Address
	return &cmttypes.LightBlock{SignedHeader: signAlone(t, &header, accomplice), ValidatorSet: set}
}

// signAlone returns a header with the commit of one validator.
func signAlone(t *testing.T, header *cmttypes.Header, by Config) *cmttypes.SignedHeader {
	t.Helper()
	key := privval.LoadFilePV(by.Comet.PrivValidatorKeyFile(), by.Comet.PrivValidatorStateFile()).Key
	id := cmttypes.BlockID{Hash: header.Hash(), PartSetHeader: cmttypes.PartSetHeader{Total: 1, Hash: header.AppHash}}
	vote := &cmttypes.Vote{Type: cmtproto.PrecommitType, Height: header.Height, BlockID: id, Timestamp: header.Time, ValidatorAddress: key.Address}
	var err error
	if vote.Signature, err = key.PrivKey.Sign(cmttypes.VoteSignBytes(testChain, vote.ToProto())); err != nil {
		t.Fatal(err)
	}
	commit := &cmttypes.Commit{Height: header.Height, BlockID: id, Signatures: []cmttypes.CommitSig{vote.CommitSig()}}
	return &cmttypes.SignedHeader{Header: header, Commit: commit}
}

// newInformer connects a host that serves nothing to a node.
func newInformer(t *testing.T, node *runningNode) (*p2p.Host, peer.ID) {
	t.Helper()
	host := rig.Host(t, p2p.Config{ChainID: testChain})
	id, err := host.Connect(t.Context(), node.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	return host, id
}

// blockWithEvidence waits for a block that holds evidence.
func blockWithEvidence(t *testing.T, node *runningNode) *cmttypes.Block {
	t.Helper()
	for height := uint64(1); ; height++ {
		node.waitStored(t, height)
		if block := node.comet.BlockStore().LoadBlock(int64(height)); len(block.Evidence.Evidence) > 0 {
			return block
		}
	}
}

// TestEvidenceOfAForkGetsIntoABlock has a validator sign another block than the chain's, as an
// attack on light clients takes, and hands a full node what a light node would have of it.
func TestEvidenceOfAForkGetsIntoABlock(t *testing.T) {
	t.Parallel()
	first := newValidator(t)
	accomplice := newAccomplice(t, first, t.TempDir())
	honest := startNode(t, first)
	accomplice.Comet.P2P.PersistentPeers = honest.cometAddress()
	startNode(t, accomplice)
	honest.waitStored(t, 6)
	informer, id := newInformer(t, honest)

	forged := forge(t, honest, 4, accomplice)
	refuseEvidence(t, honest, informer, id, accomplice)
	if err := informer.SubmitEvidence(t.Context(), id, p2p.Evidence{CommonHeight: 2, Block: forged}); err != nil {
		t.Fatalf("evidence of a fork was refused: %v", err)
	}
	if err := informer.SubmitEvidence(t.Context(), id, p2p.Evidence{CommonHeight: 2, Block: forged}); err != nil {
		t.Errorf("evidence that is known was refused: %v", err)
	}

	block := blockWithEvidence(t, honest)
	attack, ok := block.Evidence.Evidence[0].(*cmttypes.LightClientAttackEvidence)
	if !ok || !bytes.Equal(attack.ConflictingBlock.Hash(), forged.Hash()) || len(attack.ByzantineValidators) != 1 {
		t.Fatalf("block %d holds %v", block.Height, block.Evidence.Evidence)
	}
	honest.waitStored(t, uint64(block.Height)+2) // the rest of the stake goes on alone
	state, err := view{honest.Node}.state()
	if err != nil {
		t.Fatal(err)
	}
	guilty, err := honest.app.Keepers.Staking.GetValidatorByConsAddr(state, sdk.ConsAddress(forged.ValidatorSet.Validators[0].Address))
	if err != nil || !guilty.Jailed || !guilty.Tokens.LT(app.OneASH().Mul(math.NewInt(60))) {
		t.Errorf("the guilty validator is %+v (%v); want it jailed and slashed", guilty, err)
	}
}

// refuseEvidence submits what is evidence of nothing, each time with one thing wrong.
func refuseEvidence(t *testing.T, node *runningNode, informer *p2p.Host, to peer.ID, accomplice Config) {
	t.Helper()
	own, err := node.headers.signed(4)
	if err != nil {
		t.Fatal(err)
	}
	set, err := node.headers.validators(4)
	if err != nil {
		t.Fatal(err)
	}
	badVote, badAge := forge(t, node, 4, accomplice), forge(t, node, 4, accomplice)
	badVote.Commit.Signatures[0].Signature[3] ^= 1
	badAge.Commit.Height, badAge.Height = 1<<40, 1<<40
	badAge.Commit.BlockID.Hash = badAge.Hash()
	for name, row := range map[string]struct {
		evidence p2p.Evidence
		want     error
	}{
		"the chain's own block":     {p2p.Evidence{CommonHeight: 2, Block: &cmttypes.LightBlock{SignedHeader: own, ValidatorSet: set}}, p2p.ErrBadRequest},
		"a bad signature":           {p2p.Evidence{CommonHeight: 2, Block: badVote}, p2p.ErrBadRequest},
		"no height in common":       {p2p.Evidence{CommonHeight: 4, Block: forge(t, node, 4, accomplice)}, p2p.ErrBadRequest},
		"a height still to come":    {p2p.Evidence{CommonHeight: 2, Block: badAge}, da.ErrFutureHeight},
		"another validator's votes": {p2p.Evidence{CommonHeight: 2, Block: strangersVote(t, node, accomplice)}, p2p.ErrBadRequest},
	} {
		if err := informer.SubmitEvidence(t.Context(), to, row.evidence); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
}

// strangersVote returns a forged block whose vote names somebody who is not in the set.
func strangersVote(t *testing.T, node *runningNode, accomplice Config) *cmttypes.LightBlock {
	t.Helper()
	block := forge(t, node, 4, accomplice)
	block.Commit.Signatures[0].ValidatorAddress = bytes.Repeat([]byte{1}, 20)
	return block
}

// TestEvidenceOfEqualVotesNamesWhoSignedBoth has all validators sign two blocks of a height, which
// no light node can tell apart. What a full node makes of it has to pass CometBFT's verification;
// it is not put into a block here, because that would leave the chain without validators.
func TestEvidenceOfEqualVotesNamesWhoSignedBoth(t *testing.T) {
	t.Parallel()
	cfg := newValidator(t)
	node := startNode(t, cfg)
	node.waitStored(t, 4)
	set, err := node.headers.validators(3)
	if err != nil {
		t.Fatal(err)
	}
	header := node.comet.BlockStore().LoadBlockMeta(3).Header
	header.DataHash = bytes.Repeat([]byte{7}, 32)
	forged := &cmttypes.LightBlock{SignedHeader: signAlone(t, &header, cfg), ValidatorSet: set}
	attack, err := node.accuser.complete(p2p.Evidence{CommonHeight: 2, Block: forged})
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := node.accuser.signed(3)
	if err != nil {
		t.Fatal(err)
	}
	if attack.CommonHeight != 3 || len(attack.ByzantineValidators) != 1 || !bytes.Equal(attack.ByzantineValidators[0].Address, set.Validators[0].Address) {
		t.Errorf("evidence %+v; want the one validator to have signed both blocks of height 3", attack)
	}
	if err := evidence.VerifyLightClientAttack(attack, trusted, trusted, set, time.Now(), time.Hour); err != nil {
		t.Errorf("CometBFT refuses it: %v", err)
	}
}
