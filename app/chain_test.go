package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	clienttx "github.com/cosmos/cosmos-sdk/client/tx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// chain drives one application the way CometBFT does.
type chain struct {
	t          testing.TB
	app        *app.App
	accounts   []account
	validators []cmted25519.PrivKey
	height     int64
	proposer   int // among validators, of the next block
}

// chainOption adjusts the genesis state.
type chainOption func(*app.Encoding, app.GenesisState)

// newChain starts a chain of two validators and five funded accounts, the first two of
// which operate the validators, and commits its first block.
func newChain(t testing.TB, options ...chainOption) *chain {
	t.Helper()
	return newChainOn(t, newApp(t), options...)
}

// newChainOn is newChain with an application of the test's making.
func newChainOn(t testing.TB, a *app.App, options ...chainOption) *chain {
	t.Helper()
	return newChainOf(t, a, 5, options...)
}

// newChainOf is newChainOn with a number of accounts.
func newChainOf(t testing.TB, a *app.App, accounts int, options ...chainOption) *chain {
	t.Helper()
	return newChainOfValidators(t, a, accounts, 2, options...)
}

// newChainOfValidators is newChainOf with a number of validators, operated by the first accounts.
func newChainOfValidators(t testing.TB, a *app.App, accounts, validators int, options ...chainOption) *chain {
	t.Helper()
	c := &chain{t: t, app: a, accounts: testAccounts(accounts), validators: testValidators(validators)}
	params := app.ConsensusParams().ToProto()
	state := genesis(t, c.app.Encoding(), c.accounts, c.validators, func(s app.GenesisState) {
		for _, option := range options {
			option(c.app.Encoding(), s)
		}
	})
	_, err := c.app.InitChain(&abci.RequestInitChain{
		Time: genesisTime, ChainId: chainID, InitialHeight: 1, ConsensusParams: &params, AppStateBytes: state,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.apply(da.EmptyTxs())
	t.Cleanup(c.audit)
	return c
}

// audit holds the state's books together, whatever a test did to them.
func (c *chain) audit() {
	if err := c.app.Audit(c.ctx()); err != nil {
		c.t.Errorf("after block %d: %v", c.height, err)
	}
}

// now is the time of the block at hand.
func (c *chain) now() time.Time {
	return genesisTime.Add(time.Duration(c.height+1) * 6 * time.Second)
}

// hash stands in for the hash of the next block.
func (c *chain) hash(txs [][]byte) []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(c.height+1)))
	h.Write(c.app.LastCommitID().Hash)
	for _, tx := range txs {
		sum := sha256.Sum256(tx)
		h.Write(sum[:])
	}
	return h.Sum(nil)
}

// commitInfo says that all validators signed the last block.
func (c *chain) commitInfo() abci.CommitInfo {
	var info abci.CommitInfo
	for _, v := range c.validators {
		info.Votes = append(info.Votes, abci.VoteInfo{
			Validator:   abci.Validator{Address: v.PubKey().Address(), Power: 100},
			BlockIdFlag: 2,
		})
	}
	return info
}

func (c *chain) check(tx []byte) *abci.ResponseCheckTx {
	c.t.Helper()
	resp, err := c.app.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
	if err != nil {
		c.t.Fatal(err)
	}
	return resp
}

// accept submits transactions that must enter the mempool.
func (c *chain) accept(txs ...[]byte) {
	c.t.Helper()
	for _, tx := range txs {
		if resp := c.check(tx); resp.Code != 0 {
			c.t.Fatalf("CheckTx refused: %s", resp.Log)
		}
	}
}

// propose returns the transactions of the next block that the application offers.
func (c *chain) propose() [][]byte {
	c.t.Helper()
	return c.proposeWithin(8 << 20)
}

func (c *chain) proposeWithin(maxBytes int64) [][]byte {
	c.t.Helper()
	resp, err := c.app.PrepareProposal(&abci.RequestPrepareProposal{
		MaxTxBytes: maxBytes, Height: c.height + 1, Time: c.now(), ProposerAddress: c.validators[c.proposer].PubKey().Address(),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.Txs
}

// process tells whether the application would vote for a block.
func (c *chain) process(txs [][]byte) bool {
	c.t.Helper()
	resp, err := c.app.ProcessProposal(&abci.RequestProcessProposal{
		Txs: txs, Hash: c.hash(txs), Height: c.height + 1, Time: c.now(),
		ProposedLastCommit: c.commitInfo(), ProposerAddress: c.validators[c.proposer].PubKey().Address(),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.Status == abci.ResponseProcessProposal_ACCEPT
}

// finalize executes a decided block without committing it.
func (c *chain) finalize(txs [][]byte, misbehavior ...abci.Misbehavior) (*abci.ResponseFinalizeBlock, error) {
	return c.app.FinalizeBlock(&abci.RequestFinalizeBlock{
		Txs: txs, Hash: c.hash(txs), Height: c.height + 1, Time: c.now(), Misbehavior: misbehavior,
		DecidedLastCommit: c.commitInfo(), ProposerAddress: c.validators[c.proposer].PubKey().Address(),
	})
}

// apply executes and commits a decided block, as block sync does.
func (c *chain) apply(txs [][]byte, misbehavior ...abci.Misbehavior) *abci.ResponseFinalizeBlock {
	c.t.Helper()
	resp, err := c.finalize(txs, misbehavior...)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.app.Commit(); err != nil {
		c.t.Fatal(err)
	}
	c.height++
	return resp
}

// step proposes, votes for, executes and commits a block.
func (c *chain) step() ([][]byte, *abci.ResponseFinalizeBlock) {
	c.t.Helper()
	txs := c.propose()
	if !c.process(txs) {
		c.t.Fatal("the application rejects its own proposal")
	}
	return txs, c.apply(txs)
}

// ctx reads committed state.
func (c *chain) ctx() sdk.Context {
	c.t.Helper()
	ctx, err := c.app.CreateQueryContext(c.height, false)
	if err != nil {
		c.t.Fatal(err)
	}
	return ctx
}

func (c *chain) balance(address sdk.AccAddress) math.Int {
	return c.app.Keepers.Bank.GetBalance(c.ctx(), address, app.BaseDenom).Amount
}

func (c *chain) sequence(a account) uint64 {
	return c.app.Keepers.Account.GetAccount(c.ctx(), a.address()).GetSequence()
}

func (c *chain) supply() math.Int {
	return c.app.Keepers.Bank.GetSupply(c.ctx(), app.BaseDenom).Amount
}

// terms are how a test transaction is signed; zero values are replaced by ones
// that work.
type terms struct {
	chainID  string
	sequence uint64
	fee      math.Int
	gas      uint64
	granter  sdk.AccAddress
	denom    string
	// keyless leaves the public key out, as those may whose key is on chain.
	keyless bool
}

// sign returns the encoded transaction, signed by its sender.
func (c *chain) sign(from account, terms terms, msgs ...sdk.Msg) []byte {
	c.t.Helper()
	config := c.app.Encoding().TxConfig
	builder := config.NewTxBuilder()
	if err := builder.SetMsgs(msgs...); err != nil {
		c.t.Fatal(err)
	}
	if terms.chainID == "" {
		terms.chainID = chainID
	}
	if terms.fee.IsNil() {
		terms.fee = app.OneASH().QuoRaw(100)
	}
	if terms.gas == 0 {
		terms.gas = 1_000_000
		if _, blobs := msgs[0].(*blobpb.MsgPayForBlobs); blobs {
			terms.gas = 500_000
		}
	}
	if terms.denom == "" {
		terms.denom = app.BaseDenom
	}
	builder.SetFeeAmount(sdk.Coins{sdk.NewCoin(terms.denom, terms.fee)})
	builder.SetGasLimit(terms.gas)
	builder.SetFeeGranter(terms.granter)
	unsigned := signing.SignatureV2{
		PubKey:   from.key.PubKey(),
		Data:     &signing.SingleSignatureData{SignMode: signing.SignMode_SIGN_MODE_DIRECT},
		Sequence: terms.sequence,
	}
	if terms.keyless {
		unsigned.PubKey = nil
	}
	if err := builder.SetSignatures(unsigned); err != nil {
		c.t.Fatal(err)
	}
	signature, err := clienttx.SignWithPrivKey(context.Background(), signing.SignMode_SIGN_MODE_DIRECT, authsigning.SignerData{
		Address: from.address().String(), ChainID: terms.chainID, AccountNumber: from.number, Sequence: terms.sequence, PubKey: from.key.PubKey(),
	}, builder, from.key, config, terms.sequence)
	if err != nil {
		c.t.Fatal(err)
	}
	signature.PubKey = unsigned.PubKey
	if err := builder.SetSignatures(signature); err != nil {
		c.t.Fatal(err)
	}
	raw, err := config.TxEncoder()(builder.GetTx())
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

// transfer returns a signed transaction that sends some aash.
func (c *chain) transfer(from, to account, sequence uint64) []byte {
	c.t.Helper()
	return c.sign(from, terms{sequence: sequence}, banktypes.NewMsgSend(from.address(), to.address(), coins(math.NewInt(1))))
}

// offer is what a test blob transaction bids per blob gas.
type offer struct{ feeCap, tipCap int64 }

// generous is far above the base fee of a new chain.
var generous = offer{feeCap: 10_000_000_000, tipCap: 1_000_000_000}

// envelope returns a blob transaction: its message, open to changes, and what goes
// beside it.
func (c *chain) envelope(from account, o offer, blobs ...da.Blob) (*blobpb.MsgPayForBlobs, *da.Envelope) {
	c.t.Helper()
	commitments, proofs := proveBlobs(c.t, blobs)
	hash := da.ProofHash(proofs)
	msg := &blobpb.MsgPayForBlobs{
		Signer: from.address().String(), ProofHash: hash[:], FeeCap: math.NewInt(o.feeCap), TipCap: math.NewInt(o.tipCap),
	}
	envelope := &da.Envelope{Proofs: proofs}
	for i, info := range da.DescribeBlobs(blobs, commitments) {
		msg.Blobs = append(msg.Blobs, describe(info))
		envelope.Blobs = append(envelope.Blobs, blobs[i].Data)
	}
	return msg, envelope
}

// proven remembers what proveBlobs computed, by what the blobs print as: tests post the
// same ones again and again, and proving a row takes a third of a second.
var proven sync.Map

type provenBlobs struct {
	commitments [][]kzg.Commitment
	proofs      []kzg.Proof
}

// proveBlobs returns copies: callers corrupt them.
func proveBlobs(t testing.TB, blobs []da.Blob) ([][]kzg.Commitment, []kzg.Proof) {
	t.Helper()
	key := sha256.Sum256(fmt.Append(nil, blobs))
	found, ok := proven.Load(key)
	if !ok {
		commitments, proofs, err := da.ProveBlobs(testSetup(t), blobs)
		if err != nil {
			t.Fatal(err)
		}
		found, _ = proven.LoadOrStore(key, provenBlobs{commitments, proofs})
	}
	kept := found.(provenBlobs)
	commitments := make([][]kzg.Commitment, len(blobs))
	for i := range commitments {
		commitments[i] = slices.Clone(kept.commitments[i])
	}
	return commitments, slices.Clone(kept.proofs)
}

func describe(info da.BlobInfo) blobpb.BlobInfo {
	out := blobpb.BlobInfo{
		Namespace: info.Namespace[:], Size_: info.Size, Encoding: uint32(info.Encoding), Keccak256: info.Keccak256[:],
	}
	for _, c := range info.Commitments {
		out.Commitments = append(out.Commitments, c[:])
	}
	return out
}

// blobTx returns a signed blob transaction, encoded.
func (c *chain) blobTx(from account, terms terms, o offer, blobs ...da.Blob) []byte {
	c.t.Helper()
	msg, envelope := c.envelope(from, o, blobs...)
	if terms.fee.IsNil() {
		terms.fee = app.OneASH()
	}
	envelope.Tx = c.sign(from, terms, msg)
	return envelope.Encode()
}

// userNamespace returns a namespace users may post to.
func userNamespace(t testing.TB, id byte) da.Namespace {
	t.Helper()
	ns, err := da.NewNamespace([]byte{0xa5, id})
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

// smallBlob returns a blob that lives in a shared row.
func smallBlob(t testing.TB, id byte, size int) da.Blob {
	t.Helper()
	data := make([]byte, size)
	for i := range data {
		data[i] = id + byte(i)
	}
	return da.Blob{Namespace: userNamespace(t, id), Data: data}
}

// rowBlob returns a blob that owns a row.
func rowBlob(t testing.TB, id byte) da.Blob {
	t.Helper()
	return smallBlob(t, id, da.DataRowSize-7)
}

// rawBlob returns a small blob of canonical scalars.
func rawBlob(t testing.TB, id byte) da.Blob {
	t.Helper()
	data := make([]byte, 10*kzg.ScalarSize)
	for i := 0; i < len(data); i += kzg.ScalarSize {
		data[i] = 0x42
		data[i+kzg.ScalarSize-1] = id
	}
	return da.Blob{Namespace: userNamespace(t, id), Encoding: da.EncodingRaw, Data: data}
}
