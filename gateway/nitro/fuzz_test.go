package nitro

import (
	"fmt"
	"testing"

	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	var calls [][]byte
	for _, params := range []string{`["0x00","0x0"]`, `["0x5","0x00","0x00"]`, `["0x1","0x1","0x1","0x1","0x0","0x00"]`, `["0x1","0x0","0x00","0x00"]`, `["0x1","0x00"]`, `["0x0161"]`} {
		for _, method := range []string{"store", "recoverPayload", "startChunkedStore", "sendChunk", "commitChunkedStore", "generateReadPreimageProof", "generateCertificateValidityProof"} {
			calls = append(calls, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"daprovider_%s","params":%s}`, method, params))
		}
	}
	for _, certificate := range [][]byte{valid(f).Encode(), append(valid(f).Encode(), 0)} {
		calls = append(calls, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"daprovider_generateReadPreimageProof","params":["0x20","0x%x"]}`, certificate))
		calls = append(calls, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"daprovider_generateCertificateValidityProof","params":["0x%x"]}`, certificate))
	}
	core, gate := gatewaytest.Alone(f)
	h := New(core, gate)
	gatewaytest.FuzzBodies(f, h, calls, gatewaytest.OK, nil)
}
