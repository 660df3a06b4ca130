package gateway_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/cdk"
)

// signSequence is the parameter of datacom_signSequence for batches, and its hash.
func signSequence(key *ecdsa.PrivateKey, batches ...[]byte) (string, common.Hash) {
	var hash common.Hash
	var list []string
	for _, data := range batches {
		list = append(list, fmt.Sprintf(`"0x%x"`, data))
		hash = crypto.Keccak256Hash(hash[:], crypto.Keccak256(data))
	}
	signature := must(crypto.Sign(hash[:], key))
	signature[64] += 27
	return fmt.Sprintf(`[{"sequence":[%s],"signature":"0x%x"}]`, strings.Join(list, ","), signature), hash
}

// code asks a handler by JSON-RPC, and returns the result or the error's code and message.
func code(t *testing.T, h http.Handler, method, params string) (result json.RawMessage, problem string) {
	t.Helper()
	w := ask(t, h, "POST", "/", fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))
	var answer struct {
		Result json.RawMessage
		Error  struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		return nil, fmt.Sprintf("HTTP %d", w.Code)
	}
	if answer.Result != nil {
		return answer.Result, ""
	}
	return nil, fmt.Sprintf("%d %s", answer.Error.Code, answer.Error.Message)
}

func TestCDK(t *testing.T) {
	sequencer, key, stranger := must(crypto.GenerateKey()), must(crypto.GenerateKey()), must(crypto.GenerateKey())
	gate := must(gateway.NewGate(gateway.GateConfig{}))
	config := cdk.Config{Key: key, Sequencer: crypto.PubkeyToAddress(sequencer.PublicKey)}
	h := must(cdk.New(live(t), gate, config))
	one, two := []byte("one batch"), []byte("another")
	params, hash := signSequence(sequencer, one, two, nil)
	result, problem := code(t, h, "datacom_signSequence", params)
	if problem != "" {
		t.Fatal(problem)
	}
	var signature []byte
	if _, err := fmt.Sscanf(string(result), `"0x%x"`, &signature); err != nil || len(signature) != 65 {
		t.Fatalf("%s: %v", result, err)
	}
	signature[64] -= 27
	if signer := must(crypto.SigToPub(hash[:], signature)); !signer.Equal(&key.PublicKey) {
		t.Errorf("signed by another key")
	}
	foreign, _ := signSequence(stranger, one)
	nothing, _ := signSequence(sequencer)
	tooMuch, _ := signSequence(sequencer, make([]byte, gateway.MaxSize+1))
	unsigned := strings.Replace(params, `"signature":"0x`, `"signature":"0xyz`, 1)
	alone, _ := open(t, "http://127.0.0.1:1", t.TempDir(), nil)
	for _, c := range []struct {
		name, method, params string
		want                 string // the result, or how the error begins
	}{
		{"get", "sync_getOffChainData", fmt.Sprintf(`["0x%x"]`, crypto.Keccak256(two)), fmt.Sprintf(`"0x%x"`, two)},
		{"no bytes", "sync_getOffChainData", fmt.Sprintf(`["0x%x"]`, crypto.Keccak256(nil)), `"0x"`},
		{"unknown", "sync_getOffChainData", `["0x00"]`, "-32000 failed to get the requested data"},
		{"no hash", "sync_getOffChainData", `["0xzz"]`, "-32602 Invalid Params"},
		{"no parameter", "sync_getOffChainData", `[]`, "-32602 Invalid Params"},
		{"two parameters", "sync_getOffChainData", `["0x00","0x00"]`, "-32602 too many arguments, want at most 1"},
		{"list", "sync_listOffChainData", fmt.Sprintf(`[["0x%x","0x01"]]`, crypto.Keccak256(one)), fmt.Sprintf(`{"0x%x":"0x%x"}`, crypto.Keccak256(one), one)},
		{"list of too many", "sync_listOffChainData", `[[` + strings.Repeat(`"0x00",`, 100) + `"0x00"]]`, "-32600 too many hashes requested"},
		{"another's sequence", "datacom_signSequence", foreign, "-32000 unauthorized"},
		{"no signature", "datacom_signSequence", unsigned, "-32000 failed to verify sender"},
		{"no batches", "datacom_signSequence", nothing, "-32000 failed to sign."},
		{"too large a batch", "datacom_signSequence", tooMuch, "-32000 failed to store offchain data. Error: "},
		{"no sequence", "datacom_signSequence", `[1]`, "-32602 Invalid Params"},
		{"no Banana sequence", "datacom_signSequenceBanana", `[{"sequence":[]}]`, "-32602 Invalid Params"},
		{"another method", "zkevm_getBatch", `[]`, "-32601 the method zkevm_getBatch does not exist/is not available"},
	} {
		result, problem := code(t, h, c.method, c.params)
		if problem == "" && string(result) != c.want || problem != "" && !strings.HasPrefix(problem, c.want) {
			t.Errorf("%s: %s %s, want %s", c.name, result, problem, c.want)
		}
	}
	if w := ask(t, h, "POST", "/", []byte("{")); w.Code != 500 {
		t.Errorf("no JSON: %d", w.Code)
	}
	if w := ask(t, h, "GET", "/", nil); w.Code != 200 || w.Body.String() != "zkEVM JSON RPC Server" {
		t.Errorf("GET: %d %s", w.Code, w.Body)
	}
	_, problem = code(t, must(cdk.New(alone, gate, config)), "datacom_signSequence", params)
	if !strings.HasPrefix(problem, "-32000 failed to store offchain data. Error: "+gateway.ErrBehind.Error()) {
		t.Errorf("with no chain: %s", problem)
	}
	if _, err := cdk.New(alone, gate, cdk.Config{Key: key}); err == nil {
		t.Error("a member without a sequencer")
	}
}

// TestCDKReplay has whoever saw a sequence show it again and again, until its batch is old enough to be put anew and longer: it is not
// put, and refused once it is out of retention.
func TestCDKReplay(t *testing.T) {
	core, _ := open(t, startNode().URL(), t.TempDir(), func(_ *client.Config, c *gateway.Config) { c.Retention = 8 * time.Second })
	ready(t, core)
	config := cdk.Config{Key: sequencer, Sequencer: crypto.PubkeyToAddress(sequencer.PublicKey), Sequences: filepath.Join(t.TempDir(), "sequences")}
	data := []byte("a batch that is shown again and again")
	params, _ := signSequence(sequencer, data)
	if _, problem := code(t, must(cdk.New(core, everybody(), config)), "datacom_signSequence", params); problem != "" {
		t.Fatal(problem)
	}
	first := must(core.FindKeccak(t.Context(), da.Keccak256(data)))
	h := must(cdk.New(core, everybody(), config)) // as after a restart
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		_, problem := code(t, h, "datacom_signSequence", params)
		if strings.Contains(problem, "is not put again") {
			break
		}
		if problem != "" || time.Now().After(end) {
			t.Fatalf("shown again: %s", problem)
		}
	}
	if found := must(core.FindKeccak(t.Context(), da.Keccak256(data))); found != first {
		t.Errorf("put at %v, and again at %v", first, found)
	}
	other, _ := signSequence(sequencer, data, []byte("another"))
	if _, problem := code(t, h, "datacom_signSequence", other); problem != "" {
		t.Error(problem)
	}
	if found := must(core.FindKeccak(t.Context(), da.Keccak256(data))); found.Height <= first.Height {
		t.Errorf("another sequence's batch is not put: %v", found)
	}
}
