package fullnode

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// setBlobParams changes parameters of the blob module in a home's genesis file.
func setBlobParams(t *testing.T, cfg *Config, params map[string]any) {
	t.Helper()
	var genesis map[string]any
	raw, err := os.ReadFile(cfg.Comet.GenesisFile())
	if err == nil {
		err = json.Unmarshal(raw, &genesis)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := genesis["app_state"].(map[string]any)["blob"].(map[string]any)["params"].(map[string]any)
	for name, value := range params {
		if _, ok := all[name]; !ok {
			t.Fatalf("there is no parameter %s", name)
		}
		all[name] = value
	}
	if raw, err = json.Marshal(genesis); err == nil {
		err = os.WriteFile(cfg.Comet.GenesisFile(), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// payer signs what is prepared, at sequences, counted from its first, and prices of the test's
// choosing.
type payer struct {
	t       *testing.T
	signer  *client.Signer
	account client.Account
}

func newPayer(t *testing.T, validator *runningNode, c *client.Client) *payer {
	t.Helper()
	signer, err := client.KeyringSigner(validator.cfg.Keyring, testKey)
	if err != nil {
		t.Fatal(err)
	}
	state, err := c.Account(t.Context(), signer.Address())
	if err != nil {
		t.Fatal(err)
	}
	return &payer{t, signer, client.Account{ChainID: testChain, Number: state.Number, Sequence: state.PendingSequence}}
}

func (p *payer) sign(prepared *client.Prepared, sequence uint64, feeCap, tip int64) (raw []byte, id [da.HashSize]byte) {
	p.t.Helper()
	account := p.account
	account.Sequence += sequence
	fees := client.Fees{Cap: math.NewInt(feeCap), Tip: math.NewInt(tip), GasLimit: 200_000, GasPrice: math.NewInt(20_000_000)}
	envelope, err := prepared.Sign(p.signer, account, fees)
	if err != nil {
		p.t.Fatal(err)
	}
	return envelope.Encode(), envelope.TxID()
}

// prepared proves blobs.
func prepared(t *testing.T, node *runningNode, blobs ...da.Blob) *client.Prepared {
	t.Helper()
	p, err := client.Prepare(node.setup, blobs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// txStatus asks a node's HTTP API.
func (n *runningNode) txStatus(t *testing.T, id [da.HashSize]byte) api.TxStatus {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.APIAddress()+"/v1/txs/"+hex.EncodeToString(id[:]), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	var status api.TxStatus
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %v", answer.StatusCode, err)
	}
	return status
}

// awaitStatus asks until the answer is as wanted.
func (n *runningNode) awaitStatus(t *testing.T, what string, id [da.HashSize]byte, wanted func(api.TxStatus) bool) api.TxStatus {
	t.Helper()
	var status api.TxStatus
	await(t, what, func() bool {
		status = n.txStatus(t, id)
		return wanted(status)
	})
	return status
}

func is(status string) func(api.TxStatus) bool {
	return func(s api.TxStatus) bool { return s.Status == status }
}

// TestReplacedThenUnderTheBaseFeeThenIncluded posts through a node that does not propose:
// blocks fill, a transaction is replaced, the price passes the replacement's cap, and falls.
// Both nodes agree on what became of each, so the replacement was gossiped.
func TestReplacedThenUnderTheBaseFeeThenIncluded(t *testing.T) {
	cfg := newValidator(t)
	setBlobParams(t, &cfg, map[string]any{"max_rows": 3, "max_tx_rows": 1, "max_shared_rows": 1, "block_time": "3s"})
	validator := startNode(t, cfg)
	validator.waitStored(t, 2)
	node := startNode(t, newFollower(t, validator))
	node.waitStored(t, 2)
	await(t, "it follows consensus", func() bool { return !node.comet.ConsensusReactor().WaitSync() })
	c, err := client.New(t.Context(), client.Config{URL: "http://" + node.APIAddress(), Setup: node.setup})
	if err != nil {
		t.Fatal(err)
	}
	owner, submit := newPayer(t, validator, c), submitter{node.Node}
	full := prepared(t, node, testBlob(t, 1, da.DataRowSize), testBlob(t, 2, 32*da.DataCellSize), testBlob(t, 3, 32*da.DataCellSize))
	small := prepared(t, node, testBlob(t, 4, 100))

	post := func(raw []byte) error {
		_, err := submit.SubmitTx(t.Context(), raw)
		return err
	}
	require := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const fillers = 3
	for sequence := range uint64(fillers) {
		raw, _ := owner.sign(full, sequence, 10_000_000_000, 1_000_000)
		require(post(raw))
	}
	low, lowID := owner.sign(small, fillers, 1_000_000_000, 0)
	require(post(low))
	if err := post(first(owner.sign(small, fillers, 1_099_999_999, 0))); !errors.Is(err, api.ErrUnderpriced) {
		t.Fatalf("a replacement that offers too little: %v", err)
	}
	higher, higherID := owner.sign(small, fillers, 1_100_000_000, 0)
	require(post(higher))
	after, afterID := owner.sign(small, fillers+1, 10_000_000_000, 0)
	require(post(after))
	if account, err := c.Account(t.Context(), owner.signer.Address()); err != nil || account.Sequence > owner.account.Sequence+fillers {
		t.Fatalf("have account %+v (%v)", account, err)
	}

	waits := node.awaitStatus(t, "higher", higherID, func(s api.TxStatus) bool { return s.Waiting != nil && s.Waiting.UnderBaseFee })
	if waits.Waiting.MaxBaseFee != "1100000000" || waits.Waiting.Tip != "0" {
		t.Errorf("it waits as %+v", waits.Waiting)
	}
	if behind := node.txStatus(t, afterID); behind.Waiting == nil || behind.Waiting.Before < 1 {
		t.Errorf("what must come after is %+v", behind)
	}
	if err := post(low); err == nil {
		t.Error("the replaced one is accepted again")
	}
	for name, n := range map[string]*runningNode{"the node": node, "the validator": validator} {
		included := n.awaitStatus(t, "higher at "+name, higherID, is(api.StatusIncluded))
		if included.Included == nil || included.Included.Code != 0 {
			t.Errorf("%s says that it was included as %+v", name, included)
		}
		n.awaitStatus(t, "after at "+name, afterID, is(api.StatusIncluded))
		if status := n.txStatus(t, lowID); status.Status != api.StatusReplaced || hex.EncodeToString(status.By) != hex.EncodeToString(higherID[:]) {
			t.Errorf("%s says that the replaced one is %+v", name, status)
		}
		n.requireVerifiedBeside(t, name)
	}
}

// requireVerifiedBeside fails if what came to a node by its API or by gossip did not pass admission.
func (n *runningNode) requireVerifiedBeside(t *testing.T, name string) {
	t.Helper()
	families, err := n.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	batches := uint64(0)
	for _, family := range families {
		if family.GetName() == "ashlar_mempool_verify_seconds" {
			batches = family.GetMetric()[0].GetSummary().GetSampleCount()
		}
	}
	if verified := n.app.Verifications(); batches == 0 || verified == 0 {
		t.Errorf("%s verified %d envelopes in %d batches", name, verified, batches)
	}
}

func first(raw []byte, _ [da.HashSize]byte) []byte { return raw }
