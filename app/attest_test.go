package app_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	errorsmod "cosmossdk.io/errors"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// testSecret returns an attestation key, the same one each time.
func testSecret(t testing.TB, i uint64) *da.AttestationSecret {
	t.Helper()
	encoded := make([]byte, 32)
	binary.BigEndian.PutUint64(encoded[24:], i+1)
	secret, err := da.ParseAttestationSecret(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// keyOf is a key with its proof, as its owner registers it.
func keyOf(t testing.TB, operator account, secret *da.AttestationSecret) attestpb.RegisteredKey {
	t.Helper()
	key := secret.Key()
	proof, err := secret.Prove([da.AddressSize]byte(operator.address()))
	if err != nil {
		t.Fatal(err)
	}
	return attestpb.RegisteredKey{Operator: operator.address().String(), Key: key[:], Proof: proof[:]}
}

func registration(key attestpb.RegisteredKey) *attestpb.MsgRegisterAttestationKey {
	return &attestpb.MsgRegisterAttestationKey{Operator: key.Operator, Key: key.Key, Proof: key.Proof}
}

// attesting gives a chain short epochs and a short window, and both its validators keys.
func attesting(t testing.TB) chainOption {
	return attestingWith(t, 2, func(*attestpb.Params) {})
}

// attestingWith is attesting with keys for the first so many accounts and other parameters.
func attestingWith(t testing.TB, keys int, adjust func(*attestpb.Params)) chainOption {
	return func(e *app.Encoding, s app.GenesisState) {
		state := attest.DefaultGenesis()
		state.Params.EpochBlocks, state.Params.Window, state.Params.QuietBlocks = 4, 10, 3
		adjust(&state.Params)
		for i, operator := range testAccounts(keys) {
			state.Keys = append(state.Keys, keyOf(t, operator, testSecret(t, uint64(i))))
		}
		s[attest.ModuleName] = e.Codec.MustMarshalJSON(state)
	}
}

// execute commits a block with one transaction and returns its result.
func (c *chain) execute(tx []byte) *abci.ExecTxResult {
	c.t.Helper()
	c.accept(tx)
	txs, resp := c.step()
	if !bytes.Equal(txs[len(txs)-1], tx) {
		c.t.Fatalf("block %d does not have the transaction", c.height)
	}
	return resp.TxResults[len(txs)-1]
}

// requireResult holds a result against the error it should be of.
func requireResult(t testing.TB, name string, got *abci.ExecTxResult, want *errorsmod.Error) {
	t.Helper()
	if want == nil && got.Code != 0 {
		t.Errorf("%s: %s %d: %s", name, got.Codespace, got.Code, got.Log)
	}
	if want != nil && (got.Codespace != want.Codespace() || got.Code != want.ABCICode()) {
		t.Errorf("%s: have %s %d: %s, want %v", name, got.Codespace, got.Code, got.Log, want)
	}
}

// TestRegisteringAKeyChecksIt corrupts a good registration in one place at a time.
func TestRegisteringAKeyChecksIt(t *testing.T) {
	c := newChain(t)
	operator, other := c.accounts[0], c.accounts[1]
	good := keyOf(t, operator, testSecret(t, 0))
	c.accept(c.sign(other, terms{}, registration(keyOf(t, other, testSecret(t, 7)))))
	c.step()
	stranger, taken := keyOf(t, c.accounts[2], testSecret(t, 0)), keyOf(t, operator, testSecret(t, 7))
	outside := make([]byte, da.AttestationKeySize) // x = 4 is on the curve and not in the subgroup
	outside[0], outside[47] = 0x80, 4
	for _, row := range []struct {
		name   string
		change func(m *attestpb.MsgRegisterAttestationKey)
		want   *errorsmod.Error
	}{
		{"key a byte short", func(m *attestpb.MsgRegisterAttestationKey) { m.Key = m.Key[1:] }, attest.ErrInvalidKey},
		{"key a byte long", func(m *attestpb.MsgRegisterAttestationKey) { m.Key = append(m.Key, 0) }, attest.ErrInvalidKey},
		{"no key", func(m *attestpb.MsgRegisterAttestationKey) { m.Key = nil }, attest.ErrInvalidKey},
		{"infinity", func(m *attestpb.MsgRegisterAttestationKey) { m.Key = append([]byte{0xc0}, make([]byte, 47)...) }, attest.ErrInvalidKey},
		{"not in the subgroup", func(m *attestpb.MsgRegisterAttestationKey) { m.Key = outside }, attest.ErrInvalidKey},
		{"not a point", func(m *attestpb.MsgRegisterAttestationKey) { m.Key = bytes.Repeat([]byte{0xff}, 48) }, attest.ErrInvalidKey},
		{"proof a byte short", func(m *attestpb.MsgRegisterAttestationKey) { m.Proof = m.Proof[1:] }, attest.ErrInvalidProof},
		{"proof a byte long", func(m *attestpb.MsgRegisterAttestationKey) { m.Proof = append(m.Proof, 0) }, attest.ErrInvalidProof},
		{"infinity for a proof", func(m *attestpb.MsgRegisterAttestationKey) { m.Proof = append([]byte{0xc0}, make([]byte, 95)...) }, attest.ErrInvalidProof},
		{"proof of another key", func(m *attestpb.MsgRegisterAttestationKey) { m.Proof = taken.Proof }, attest.ErrInvalidProof},
		{"a signature for a proof", func(m *attestpb.MsgRegisterAttestationKey) {
			signature, err := testSecret(t, 0).Attest(da.Keccak256(m.Key))
			if err != nil {
				t.Fatal(err)
			}
			m.Proof = signature[:]
		}, attest.ErrInvalidProof},
		{"proof for another operator", func(m *attestpb.MsgRegisterAttestationKey) { m.Proof = stranger.Proof }, attest.ErrInvalidProof},
		{"another validator's key", func(m *attestpb.MsgRegisterAttestationKey) { m.Key, m.Proof = taken.Key, taken.Proof }, attest.ErrKeyTaken},
		{"nothing wrong", func(*attestpb.MsgRegisterAttestationKey) {}, nil},
	} {
		msg := registration(good)
		msg.Key, msg.Proof = slices.Clone(msg.Key), slices.Clone(msg.Proof)
		row.change(msg)
		requireResult(t, row.name, c.execute(c.sign(operator, terms{sequence: c.sequence(operator)}, msg)), row.want)
	}
	requireResult(t, "no validator", c.execute(c.sign(c.accounts[2], terms{}, registration(stranger))), attest.ErrNoValidator)
}

// TestACopiedRegistrationIsRefused: whoever sees a key with its proof on the way cannot register it first, and the
// owner's own registration stands.
func TestACopiedRegistrationIsRefused(t *testing.T) {
	c := newChain(t)
	owner, thief := c.accounts[0], c.accounts[1]
	seen := registration(keyOf(t, owner, testSecret(t, 0)))
	copied := &attestpb.MsgRegisterAttestationKey{Operator: thief.address().String(), Key: seen.Key, Proof: seen.Proof}
	requireResult(t, "the copy", c.execute(c.sign(thief, terms{}, copied)), attest.ErrInvalidProof)
	requireResult(t, "the owner's", c.execute(c.sign(owner, terms{}, seen)), nil)
}

// TestKeysRotate: a later key replaces the one before from the next set on, and neither is ever another's.
func TestKeysRotate(t *testing.T) {
	c := newChain(t, attesting(t))
	operator, other := c.accounts[0], c.accounts[1]
	for i, secret := range []uint64{10, 11, 10, 0} { // back to the first one in the end
		key := keyOf(t, operator, testSecret(t, secret))
		requireResult(t, "rotation", c.execute(c.sign(operator, terms{sequence: uint64(i)}, registration(key))), nil)
		var stored attestpb.QueryKeyResponse
		c.query(t, "/ashlar.attest.v1.Query/Key", &attestpb.QueryKeyRequest{Operator: key.Operator}, &stored)
		if stored.Key.Key != hex.EncodeToString(key.Key) {
			t.Fatalf("rotation %d: another key is stored", i)
		}
	}
	for i, secret := range []uint64{10, 11, 0} {
		requireResult(t, "a key used before", c.execute(c.sign(other, terms{sequence: uint64(i)}, registration(keyOf(t, other, testSecret(t, secret))))), attest.ErrKeyTaken)
	}
	for c.height%4 != 1 { // an epoch's first block takes the next one's set
		c.apply(da.EmptyTxs())
	}
	key := keyOf(t, operator, testSecret(t, 12))
	requireResult(t, "rotation", c.execute(c.sign(operator, terms{sequence: 4}, registration(key))), nil)
	at := c.epoch()
	for c.epoch() < at+2 {
		c.apply(da.EmptyTxs())
	}
	for epoch := at; epoch <= at+2; epoch++ {
		set := c.set(epoch)
		if taken := set.Attesters[0].Key == da.AttestationKey(key.Key); taken != (epoch >= at+2) {
			t.Errorf("registered in epoch %d, the key is in the set of %d: %v", at, epoch, taken)
		}
	}
}

func (c *chain) epoch() uint64 {
	c.t.Helper()
	schedule, err := c.app.AttestationEpoch()
	if err != nil {
		c.t.Fatal(err)
	}
	return schedule.Epoch
}

func (c *chain) set(epoch uint64) *da.AttesterSet {
	c.t.Helper()
	set, err := c.app.AttesterSet(epoch)
	if err != nil {
		c.t.Fatal(err)
	}
	return set
}

func (c *chain) attestation(height uint64) *da.Attestation {
	c.t.Helper()
	attestation, err := c.app.Attestation(height)
	if err != nil {
		c.t.Fatal(err)
	}
	return attestation
}

// TestAttestationsSayWhatTheChainKnows runs a chain through epochs and a window, and holds what it says of every
// height, and every history proof, against what is reckoned beside it.
func TestAttestationsSayWhatTheChainKnows(t *testing.T) {
	const window, epochBlocks = 10, 4
	c := newChain(t, attesting(t))
	type height struct {
		hash, dataRoot, blobTreeRoot, historyRoot [da.HashSize]byte
		time                                      uint64
	}
	history, known := da.History{}, []height{{}}
	c.accept(c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10)))
	note := func(now uint64, hash []byte) {
		roots, err := c.app.Keepers.Blob.Roots(c.ctx(), c.height)
		if err != nil {
			t.Fatal(err)
		}
		at := height{time: now, hash: [32]byte(hash), dataRoot: [32]byte(roots.DataRoot), blobTreeRoot: [32]byte(roots.BlobTreeRoot)}
		history = history.Append(da.HistoryLeaf(uint64(c.height), at.dataRoot, at.blobTreeRoot))
		at.historyRoot = history.Root()
		known = append(known, at)
	}
	note(uint64(genesisTime.Unix()+6), known[0].hash[:]) // the first block was applied by newChain
	for c.height < 45 {
		txs := c.propose()
		now, hash := uint64(c.now().Unix()), c.hash(txs)
		c.apply(txs)
		note(now, hash)
		newest := uint64(c.height)
		for h := uint64(2); h <= newest; h++ {
			got, err := c.app.Attestation(h)
			if h+window <= newest {
				if !errors.Is(err, da.ErrPruned) {
					t.Fatalf("at %d, height %d: %v, want it pruned", newest, h, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("at %d, height %d: %v", newest, h, err)
			}
			setHash, err := c.set((h - 1) / epochBlocks).Hash()
			if err != nil {
				t.Fatal(err)
			}
			want := da.Attestation{
				ChainID: chainID, Epoch: (h - 1) / epochBlocks, SetHash: setHash, Height: h, Time: known[h].time, HeaderHash: known[h].hash,
				DataRoot: known[h].dataRoot, BlobTreeRoot: known[h].blobTreeRoot, HistoryRoot: known[h].historyRoot,
			}
			if *got != want {
				t.Fatalf("at %d, height %d: have %+v\nwant %+v", newest, h, *got, want)
			}
			proof, err := c.app.HistoryProof(h, newest)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.Verify(known[newest].historyRoot, newest, h, da.HistoryLeaf(h, known[h].dataRoot, known[h].blobTreeRoot)); err != nil {
				t.Fatalf("at %d, height %d: %v", newest, h, err)
			}
		}
		if _, err := c.app.Attestation(newest + 1); !errors.Is(err, da.ErrFutureHeight) {
			t.Fatalf("the height to come: %v", err)
		}
	}
	if _, err := c.app.HistoryProof(45, 44); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("a height after the end of the history: %v", err)
	}
	if _, err := c.app.HistoryProof(5, 45); !errors.Is(err, da.ErrPruned) {
		t.Errorf("a height before the window: %v", err)
	}
}

// TestEpochs follows the sets of a chain: taken one epoch ahead, with who has no key in the total alone.
func TestEpochs(t *testing.T) {
	c := newChain(t, func(e *app.Encoding, s app.GenesisState) {
		attesting(t)(e, s)
		var state attestpb.GenesisState
		e.Codec.MustUnmarshalJSON(s[attest.ModuleName], &state)
		state.Keys = state.Keys[:1]
		s[attest.ModuleName] = e.Codec.MustMarshalJSON(&state)
	}, unbonding(7*time.Second))
	if _, err := c.app.AttesterSet(2); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("the set after the next: %v", err)
	}
	for epoch := range uint64(2) {
		if set := c.set(epoch); len(set.Attesters) != 1 || set.Total != 200 || set.Attesters[0].Power != 100 || set.Epoch != epoch {
			t.Errorf("epoch %d: have %+v", epoch, set)
		}
	}
	c.accept(c.sign(c.accounts[1], terms{}, registration(keyOf(t, c.accounts[1], testSecret(t, 1)))))
	c.step()
	for c.height < 60 {
		c.apply(da.EmptyTxs())
		epoch := uint64(c.height-1) / 4
		if got := c.epoch(); got != epoch {
			t.Fatalf("height %d is in epoch %d, want %d", c.height, got, epoch)
		}
		rotation, err := c.app.Rotation(epoch)
		if err != nil {
			t.Fatal(err)
		}
		hash, err := c.set(epoch).Hash()
		if err != nil {
			t.Fatal(err)
		}
		next, err := c.set(epoch + 1).Hash()
		if err != nil {
			t.Fatal(err)
		}
		taken := uint64(genesisTime.Unix()) + 6*(epoch*4+1)
		if want := (da.Rotation{ChainID: chainID, Epoch: epoch, SetHash: hash, NextHash: next, Time: taken}); *rotation != want {
			t.Fatalf("epoch %d: have %+v, want %+v", epoch, *rotation, want)
		}
		if _, err := c.app.Rotation(epoch + 1); !errors.Is(err, da.ErrNotFound) {
			t.Fatalf("a rotation to a set that was not taken: %v", err)
		}
	}
	if set := c.set(9); len(set.Attesters) != 2 || set.Total != 200 || set.Attesters[0].Operator != [20]byte(c.accounts[0].address()) {
		t.Errorf("with a newcomer: have %+v", set)
	}
	if _, err := c.app.AttesterSet(0); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("the set of an epoch long past: %v", err)
	}
}

// TestEpochsOfAnotherLength: a governed change holds from the next epoch on, and numbers go on.
func TestEpochsOfAnotherLength(t *testing.T) {
	c := newChain(t, attesting(t), quickVotes)
	params, err := c.app.AttestationParams()
	if err != nil {
		t.Fatal(err)
	}
	params.EpochBlocks, params.Window = 7, 3
	c.decide(&attestpb.MsgUpdateParams{Authority: govAddress(), Params: params})
	began := map[uint64]uint64{}
	for c.height < 40 {
		c.apply(da.EmptyTxs())
		schedule, err := c.app.AttestationEpoch()
		if err != nil {
			t.Fatal(err)
		}
		began[schedule.Epoch] = schedule.First
	}
	if began[1] != 5 || began[2] != 12 || began[3] != 19 {
		t.Errorf("epochs began at %v, want 4 blocks first, and then 7 each", began)
	}
	if _, err := c.app.Attestation(37); !errors.Is(err, da.ErrPruned) {
		t.Errorf("a height before the shorter window: %v", err)
	}
	c.attestation(38)
}

// TestAttestQueries asks the module's queries through ABCI, and for what there is not.
func TestAttestQueries(t *testing.T) {
	c := newChain(t, attesting(t))
	for c.height < 14 {
		c.apply(da.EmptyTxs())
	}
	const service = "/ashlar.attest.v1.Query/"
	operator := c.accounts[0].address().String()
	var params attestpb.QueryParamsResponse
	var keys attestpb.QueryKeysResponse
	var epoch attestpb.QueryEpochResponse
	var set attestpb.QueryAttesterSetResponse
	var record attestpb.QueryRecordResponse
	var history attestpb.QueryHistoryResponse
	var misses attestpb.QueryMissesResponse
	c.query(t, service+"Params", &attestpb.QueryParamsRequest{}, &params)
	c.query(t, service+"Keys", &attestpb.QueryKeysRequest{}, &keys)
	c.query(t, service+"Epoch", &attestpb.QueryEpochRequest{}, &epoch)
	c.query(t, service+"AttesterSet", &attestpb.QueryAttesterSetRequest{Epoch: 3}, &set)
	c.query(t, service+"Record", &attestpb.QueryRecordRequest{Height: 14}, &record)
	c.query(t, service+"History", &attestpb.QueryHistoryRequest{}, &history)
	c.query(t, service+"Misses", &attestpb.QueryMissesRequest{Operator: operator}, &misses)
	at := c.attestation(14)
	if params.Params.Window != 10 || len(keys.Keys) != 2 || epoch.Schedule != (attestpb.Schedule{Epoch: 3, First: 13, Blocks: 4}) ||
		set.Set.Hash != hex.EncodeToString(at.SetHash[:]) || record.Record.HeaderHash != hex.EncodeToString(at.HeaderHash[:]) ||
		history.Root != hex.EncodeToString(at.HistoryRoot[:]) || history.Height != 14 || history.Pruned != 4 || misses.Limit != 500 {
		t.Errorf("have %+v %+v %+v %+v %+v %+v", params, epoch, set, record, history, misses)
	}
	for _, row := range []struct {
		method string
		req    interface{ Marshal() ([]byte, error) }
	}{
		{"Key", &attestpb.QueryKeyRequest{Operator: c.accounts[2].address().String()}},
		{"Key", &attestpb.QueryKeyRequest{Operator: "nobody"}},
		{"AttesterSet", &attestpb.QueryAttesterSetRequest{Epoch: 5}},
		{"Record", &attestpb.QueryRecordRequest{Height: 4}},
		{"Record", &attestpb.QueryRecordRequest{Height: 15}},
		{"Misses", &attestpb.QueryMissesRequest{}},
	} {
		data, err := row.req.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := c.app.Query(t.Context(), &abci.RequestQuery{Path: service + row.method, Data: data}); err != nil || resp.Code == 0 {
			t.Errorf("%s of %v: no error (%v)", row.method, row.req, err)
		}
	}
}
