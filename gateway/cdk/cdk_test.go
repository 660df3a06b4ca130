package cdk

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// What cdk-data-availability v0.0.13 hashes sequences to: gateway/conformance/cdk compares live.
const (
	legacyHash = "4820658de64a688a2956e5ec17e87072f8d55d2b33da5067ee5bd26de7b884a2"
	bananaHash = "97ceba978f18a016260b27c8da2518de5be2aedf9839fad27d7332b5faf50a07"
)

const bananaJSON = `{"sequence":{"batches":[
	{"L2Data":"0x723473656","forcedGlobalExitRoot":"0x00000000000000000000000000000000000000000000000000000000000000aa","forcedTimestamp":"0x7","coinbase":"0x1000000000000000000000000000000000000001","forcedBlockHashL1":"0x00000000000000000000000000000000000000000000000000000000000000bb"},
	{"L2Data":"0x","forcedGlobalExitRoot":"0x0000000000000000000000000000000000000000000000000000000000000000","forcedTimestamp":"0x0","coinbase":"0x0000000000000000000000000000000000000000","forcedBlockHashL1":"0x0000000000000000000000000000000000000000000000000000000000000000"}],
	"oldAccInputhash":"0x0100000000000000000000000000000000000000000000000000000000000002","l1InfoRoot":"0x0300000000000000000000000000000000000000000000000000000000000004","maxSequenceTimestamp":"0x123456789"},"signature":"0x00"}`

func TestHashes(t *testing.T) {
	for name, c := range map[string]struct {
		decode func(json.RawMessage) (*sequence, error)
		param  string
		want   string
		count  int
	}{
		"two batches":      {decode, `{"sequence":["0x0102","0x"],"signature":"0x00"}`, legacyHash, 2},
		"no batches":       {decode, `{"sequence":[]}`, strings.Repeat("00", 32), 0},
		"Banana":           {decodeBanana, bananaJSON, bananaHash, 2},
		"Banana, no batch": {decodeBanana, `{"sequence":{"batches":[],"oldAccInputhash":"0x` + strings.Repeat("ab", 32) + `"}}`, strings.Repeat("ab", 32), 0},
	} {
		s, err := c.decode(json.RawMessage(c.param))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if hex.EncodeToString(s.hash[:]) != c.want || len(s.batches) != c.count {
			t.Errorf("%s: %x of %d batches, want %s", name, s.hash, len(s.batches), c.want)
		}
	}
	many := `{"sequence":[` + strings.Repeat(`"0x",`, maxBatches) + `"0x"]}`
	if _, err := decode(json.RawMessage(many)); err == nil {
		t.Error("more batches than a contract takes")
	}
}

// TestSigner signs a sequence and then changes it in every respect.
func TestSigner(t *testing.T) {
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := decodeBanana(json.RawMessage(bananaJSON))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := crypto.Sign(whole.hash[:], key)
	if err != nil {
		t.Fatal(err)
	}
	signature[64] += firstRecovery
	with := func(text string, signature []byte) string {
		return strings.Replace(text, `"signature":"0x00"`, fmt.Sprintf(`"signature":"0x%x"`, signature), 1)
	}
	for name, c := range map[string]struct {
		param string
		want  bool
	}{
		"as signed":               {with(bananaJSON, signature), true},
		"another forced root":     {with(strings.Replace(bananaJSON, "aa\"", "ab\"", 1), signature), true}, // not hashed, as by the member
		"other data":              {with(strings.Replace(bananaJSON, "0x7234", "0x7235", 1), signature), false},
		"another coinbase":        {with(strings.Replace(bananaJSON, "0x10000", "0x20000", 1), signature), false},
		"another block hash":      {with(strings.Replace(bananaJSON, "bb\"", "bc\"", 1), signature), false},
		"another old hash":        {with(strings.Replace(bananaJSON, "0x0100", "0x0101", 1), signature), false},
		"another l1 info root":    {with(strings.Replace(bananaJSON, "0x0300", "0x0301", 1), signature), false},
		"another time":            {with(strings.Replace(bananaJSON, "0x123456789", "0x123456788", 1), signature), false},
		"a short signature":       {with(bananaJSON, signature[:64]), false},
		"a number not Ethereum's": {with(bananaJSON, append(bytes.Clone(signature[:64]), signature[64]-firstRecovery)), false},
		"no signature":            {strings.Replace(bananaJSON, `,"signature":"0x00"`, "", 1), false},
		"a signature of no hex":   {strings.Replace(bananaJSON, `"0x00"}`, `"signature"}`, 1), false},
	} {
		s, err := decodeBanana(json.RawMessage(c.param))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		signer, err := s.signer()
		if ok := err == nil && signer == crypto.PubkeyToAddress(key.PublicKey); ok != c.want {
			t.Errorf("%s: %s, %v", name, signer, err)
		}
	}
}

func TestReadKey(t *testing.T) {
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := keystore.EncryptKey(&keystore.Key{PrivateKey: key, Address: crypto.PubkeyToAddress(key.PublicKey)}, "secret", 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, content []byte, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := fmt.Appendf(nil, "0x%x\n", crypto.FromECDSA(key))
	password, wrong := file("password", []byte("secret\n"), 0o600), file("wrong", []byte("guess"), 0o600)
	for _, c := range []struct {
		name, path, password string
		ok                   bool
	}{
		{"hex", file("hex", plain, 0o600), "", true},
		{"a keystore", file("keystore", encrypted, 0o600), password, true},
		{"a keystore, wrong password", filepath.Join(dir, "keystore"), wrong, false},
		{"a keystore, no password", filepath.Join(dir, "keystore"), "", false},
		{"a keystore, a password for all to read", filepath.Join(dir, "keystore"), file("public password", []byte("secret"), 0o644), false},
		{"hex for all to read", file("public", plain, 0o644), "", false},
		{"half a key", file("half", plain[:40], 0o600), "", false},
		{"nothing", file("empty", nil, 0o600), "", false},
		{"no file", filepath.Join(dir, "none"), "", false},
	} {
		got, err := ReadKey(c.path, c.password)
		if ok := err == nil && got.Equal(key); ok != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && strings.Contains(err.Error(), string(plain[2:10])) {
			t.Errorf("%s: the error quotes the key", c.name)
		}
	}
}

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	var calls [][]byte
	for _, call := range []string{
		`"status_getStatus","params":[]`, `"sync_getOffChainData","params":["0x00"]`, `"sync_listOffChainData","params":[["0x01","0x2"]]`,
		`"datacom_signSequence","params":[{"sequence":["0x00","0x"],"signature":"0x00"}]`, `"datacom_signSequenceBanana","params":[` + bananaJSON + `]`,
	} {
		calls = append(calls, []byte(`{"jsonrpc":"2.0","id":1,"method":`+call+`}`))
	}
	core, gate := gatewaytest.Alone(f)
	key, err := crypto.GenerateKey()
	if err != nil {
		f.Fatal(err)
	}
	h, err := New(core, gate, Config{Key: key, Sequencer: common.Address{1}})
	if err != nil {
		f.Fatal(err)
	}
	gatewaytest.FuzzBodies(f, h, calls, func(status int) bool { return status == 200 || status == 500 }, func(t *testing.T, body, answer []byte) {
		if bytes.Contains(answer, []byte(`"result":"0x`)) && !bytes.Contains(body, []byte("getOffChainData")) {
			t.Errorf("%q: signed with no chain: %s", body, answer)
		}
	})
}

// TestUnknownHashes holds that no memory is set aside for data that is not known to be there.
func TestUnknownHashes(t *testing.T) {
	core, _ := gatewaytest.Alone(t)
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	gate, err := gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(64<<10, 1)})
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(core, gate, Config{Key: key, Sequencer: common.Address{1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []string{`"sync_getOffChainData","params":["0x01"]`, `"sync_listOffChainData","params":[["0x01","0x2"]]`} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "http://gateway/", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":`+call+`}`)))
		if !strings.Contains(w.Body.String(), gateway.ErrBehind.Error()) {
			t.Errorf("%s: %d %s", call, w.Code, w.Body)
		}
	}
}

// TestSigned remembers sequences across restarts, also where a hash was being written when the process ended.
func TestSigned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sequences")
	for i := byte(1); i <= 3; i++ {
		s, err := openSigned(path)
		if err != nil {
			t.Fatal(err)
		}
		for known := byte(1); known < i; known++ {
			if !s.has(common.Hash{known}) {
				t.Errorf("sequence %d is forgotten", known)
			}
		}
		if s.has(common.Hash{i}) {
			t.Errorf("sequence %d is known", i)
		}
		if err := errors.Join(s.add(common.Hash{i}), s.add(common.Hash{i})); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil || len(content) != int(i)*common.HashLength {
			t.Fatalf("%d bytes, %v", len(content), err)
		}
		if err := os.WriteFile(path, append(content, 1, 2, 3), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openSigned(path)
	if err != nil {
		t.Fatal(err)
	}
	s.path = t.TempDir()
	if err := s.add(common.Hash{9}); err == nil || s.has(common.Hash{9}) {
		t.Errorf("known without being written: %v", err)
	}
}
