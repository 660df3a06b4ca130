package gateway_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/nitro"
)

// rpcAnswer is what a JSON-RPC server answers.
type rpcAnswer struct {
	ID     json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
	}
}

// rpc calls a method with parameters as JSON shows them.
func rpc(t testing.TB, h http.Handler, method, params string, into any) string {
	t.Helper()
	w := ask(t, h, "POST", "/", fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))
	var answer rpcAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		return fmt.Sprintf("%d %s", w.Code, w.Body)
	}
	if answer.Error != nil {
		return fmt.Sprintf("%d %s", answer.Error.Code, answer.Error.Message)
	}
	if into != nil {
		if err := json.Unmarshal(answer.Result, into); err != nil {
			t.Fatal(err)
		}
	}
	return ""
}

func TestNitro(t *testing.T) {
	h := nitro.New(live(t), must(gateway.NewGate("", 0)))
	data := []byte("a batch")
	soon := fmt.Sprintf("0x%x", time.Now().Add(time.Hour).Unix())
	var stored struct {
		Certificate string `json:"serialized-da-cert"`
	}
	if problem := rpc(t, h, "daprovider_store", fmt.Sprintf(`["0x%x",%q]`, data, soon), &stored); problem != "" {
		t.Fatal(problem)
	}
	certificate := must(hex.DecodeString(strings.TrimPrefix(stored.Certificate, "0x")))
	message := func(certificate []byte) string {
		return fmt.Sprintf(`["0x5","0x%x","0x%x%x"]`, make([]byte, 32), make([]byte, 40), certificate)
	}
	var both struct {
		Payload   []byte
		Preimages map[string]map[string][]byte
	}
	if problem := rpc(t, h, "daprovider_recoverPayloadAndPreimages", message(certificate), &both); problem != "" {
		t.Fatal(problem)
	}
	if preimage := both.Preimages["3"][fmt.Sprintf("0x%x", da.Keccak256(certificate))]; !bytes.Equal(both.Payload, data) || !bytes.Equal(preimage, data) {
		t.Errorf("%+v", both)
	}
	flip := func(at int) []byte {
		changed := bytes.Clone(certificate)
		changed[at] ^= 1
		return changed
	}
	for _, c := range []struct{ name, method, params, want string }{
		{"payload", "daprovider_recoverPayload", message(certificate), ""},
		{"preimages", "daprovider_collectPreimages", message(certificate), ""},
		{"header bytes", "daprovider_getSupportedHeaderBytes", "[]", ""},
		{"size", "daprovider_getMaxMessageSize", "[]", ""},
		{"another data root", "daprovider_recoverPayload", message(flip(42)), "certificate validation failed"},
		{"another blob tree root", "daprovider_recoverPayload", message(flip(74)), "certificate validation failed"},
		{"a block to come", "daprovider_recoverPayload", message(flip(5)), "the chain is behind"},
		{"no block of any chain", "daprovider_recoverPayload", message(append([]byte{1, 0x61, 0xff}, certificate[3:]...)), "certificate validation failed"},
		{"another provider's", "daprovider_recoverPayload", message(flip(1)), "certificate validation failed"},
		{"no certificate", "daprovider_recoverPayload", message(nil), "certificate validation failed"},
		{"too large", "daprovider_store", fmt.Sprintf(`["0x%s",%q]`, strings.Repeat("00", gateway.MaxSize+1), soon), "message too large for current DA backend"},
		{"to be kept for years", "daprovider_store", `["0x00","0xffffffffff"]`, "DA provider requests fallback to next writer"},
		{"a number without 0x", "daprovider_store", `["0x00","5"]`, "-32602"},
		{"no parameters", "daprovider_store", `[]`, "-32602"},
		{"no list", "daprovider_store", `{}`, "-32602"},
		{"no method", "daprovider_nothing", `[]`, "-32601"},
	} {
		problem := rpc(t, h, c.method, c.params, nil)
		if c.want == "" && problem != "" || !strings.Contains(problem, c.want) {
			t.Errorf("%s: %.200s, want %q", c.name, problem, c.want)
		}
	}
}

func TestJSONRPC(t *testing.T) {
	core, _ := open(t, "http://127.0.0.1:1", t.TempDir(), nil)
	h := nitro.New(core, must(gateway.NewGate("", 0)))
	size := `{"jsonrpc":"2.0","id":"a","method":"daprovider_getMaxMessageSize"}`
	for name, c := range map[string]struct {
		body, want string
		status     int
	}{
		"a call":           {size, `{"jsonrpc":"2.0","id":"a","result":{"maxSize":2031616}}`, 200},
		"a batch":          {"[" + size + "," + size + "]", `[{"jsonrpc":"2.0","id":"a","result"`, 200},
		"a notification":   {`{"jsonrpc":"2.0","method":"daprovider_getMaxMessageSize"}`, "", 200},
		"an empty batch":   {`[]`, "-32600", 200},
		"a large batch":    {"[" + strings.Repeat(size+",", 100) + size + "]", "-32600", 200},
		"no JSON":          {`{`, "-32700", 200},
		"half a batch":     {"[" + size, "-32700", 200},
		"more than one":    {size + size, "-32700", 200},
		"nothing":          {``, "-32700", 200},
		"another version":  {`{"id":1,"method":"daprovider_getMaxMessageSize"}`, "-32600", 200},
		"an id of no type": {`{"jsonrpc":"2.0","id":{},"method":"daprovider_getMaxMessageSize"}`, "-32600", 200},
		"too much":         {strings.Repeat(" ", 5<<20+1), "", 413},
	} {
		w := ask(t, h, "POST", "/", []byte(c.body))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.want == "" && c.status == 200 && w.Body.Len() > 0 {
			t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
		}
	}
	if problem := rpc(t, h, "daprovider_store", `["0x00","0x0"]`, nil); !strings.Contains(problem, "DA provider requests fallback to next writer") {
		t.Errorf("with no chain: %s", problem)
	}
}
