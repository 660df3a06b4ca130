package nitro

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	for _, params := range []string{`["0x00","0x0"]`, `["0x5","0x00","0x00"]`, `["0x1","0x1","0x1","0x1","0x0","0x00"]`, `["0x1","0x0","0x00","0x00"]`, `["0x1","0x00"]`, `["0x0161"]`} {
		for _, method := range []string{"store", "recoverPayload", "startChunkedStore", "sendChunk", "commitChunkedStore", "generateReadPreimageProof", "generateCertificateValidityProof"} {
			f.Add(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"daprovider_%s","params":%s}`, method, params))
		}
	}
	for _, certificate := range [][]byte{valid(f).Encode(), append(valid(f).Encode(), 0)} {
		f.Add(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"daprovider_generateReadPreimageProof","params":["0x20","0x%x"]}`, certificate))
		f.Add(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"daprovider_generateCertificateValidityProof","params":["0x%x"]}`, certificate))
	}
	core, gate := gatewaytest.Alone(f)
	h := New(core, gate)
	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "http://gateway/", bytes.NewReader(body)))
		if w.Code != 200 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
		if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: %s", body, w.Body)
		}
	})
}
