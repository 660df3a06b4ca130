package api

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

var update = flag.Bool("update", false, "rewrite golden files")

const (
	goodNamespace = "00000000000000000000000000000000000000" + "00000000000000000101"
	otherSpace    = "00000000000000000000000000000000000000" + "00000000000000000201"
	noHash        = "0000000000000000000000000000000000000000000000000000000000000000"
)

// request is one exchange of a golden transcript.
type request struct {
	method, path string
	body         []byte
	status       int
	code         Code // of an error
}

func get(path string, status int, code Code) request {
	return request{"GET", path, nil, status, code}
}

func post(path, body string, status int, code Code) request {
	return request{"POST", path, []byte(body), status, code}
}

func fullRequests() []request {
	entry := testEntry(1, "two", 65)
	id, keccak := entry.ID.String(), hex.EncodeToString(entry.Keccak256[:])
	hash := da.VersionedHash(entry.Commitments[0])
	versioned, owner := hex.EncodeToString(hash[:]), da.FormatAddress([da.AddressSize]byte{9})
	blobs := "/v1/blobs?namespace=" + goodNamespace
	return []request{
		get("/healthz", 200, ""),
		get("/metrics", 200, ""),
		get("/v1/status", 200, ""),
		get("/v1/fees", 200, ""),
		get("/v1/fees/history", 200, ""),
		get("/v1/fees/history?blocks=1", 200, ""),
		get("/v1/fees/history?blocks=2000&before=6", 200, ""),
		get("/v1/fees/history?blocks=2001", 400, CodeBadRequest),
		get("/v1/fees/history?blocks=0", 400, CodeBadRequest),
		get("/v1/fees/history?blocks=-1", 400, CodeBadRequest),
		get("/v1/fees/history?before=0", 400, CodeBadRequest),
		get("/v1/fees/history?before=3", 410, CodePruned),
		get("/v1/fees/history?from=3", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000&blocks=3", 200, ""),
		get("/v1/fees/estimate?bytes=131072&blocks=100&probability=0.5&encoding=raw", 200, ""),
		get("/v1/fees/estimate?blocks=3", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=0&blocks=3", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=many&blocks=3", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=99999999999999999999&blocks=3", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=9223372036854775807&blocks=3", 413, CodeTooLarge),
		get("/v1/fees/estimate?bytes=2031617&blocks=3", 413, CodeTooLarge),
		get("/v1/fees/estimate?bytes=33&blocks=3&encoding=raw", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000&blocks=3&encoding=zip", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000&blocks=0", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000&blocks=101", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000&blocks=3&probability=1", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000&blocks=3&probability=NaN", 400, CodeBadRequest),
		get("/v1/fees/estimate?bytes=1000&blocks=3&probability=likely", 400, CodeBadRequest),
		get("/v1/accounts/"+owner, 200, ""),
		get("/v1/accounts/"+da.FormatAddress([da.AddressSize]byte{8}), 404, CodeNotFound),
		get("/v1/accounts/cosmos1xyz", 400, CodeBadRequest),
		get("/v1/headers/5", 200, ""),
		get("/v1/headers/latest", 200, ""),
		get("/v1/validators/5", 200, ""),
		get("/v1/validators/6", 404, CodeFutureHeight),
		get("/v1/headers/0", 400, CodeBadRequest),
		get("/v1/headers/2", 410, CodePruned),
		get("/v1/headers/6", 404, CodeFutureHeight),
		get("/v1/blocks/5", 200, ""),
		get("/v1/blocks/3", 200, ""),
		get("/v1/blocks/-1", 400, CodeBadRequest),
		get("/v1/blocks/99999999999999999999999", 400, CodeBadRequest),
		get("/v1/blocks/5/cells/1/127", 200, ""),
		get("/v1/blocks/5/cells/1/128", 400, CodeBadRequest),
		get("/v1/blocks/5/cells/-1/0", 400, CodeBadRequest),
		get("/v1/blocks/5/cells/0/x", 400, CodeBadRequest),
		get("/v1/blocks/5/cells/3/0", 500, CodeInternal),
		get("/v1/blocks/5/cells/2/0", 500, CodeInternal),
		get("/v1/blocks/9/cells/0/0", 404, CodeFutureHeight),
		get("/v1/blobs?keccak256="+keccak, 200, ""),
		get("/v1/blobs?versioned_hash="+versioned, 200, ""),
		get("/v1/blobs?keccak256="+noHash, 404, CodeNotFound),
		get("/v1/blobs?keccak256=0x"+keccak, 400, CodeBadRequest),
		get("/v1/blobs?keccac256="+keccak, 400, CodeBadRequest),
		get("/v1/blobs?keccak256="+keccak+"&keccak256="+keccak, 400, CodeBadRequest),
		get("/v1/status?%zz", 400, CodeBadRequest),
		get("/v1/blobs?keccak256="+keccak+"&versioned_hash="+versioned, 400, CodeBadRequest),
		get("/v1/blobs", 400, CodeBadRequest),
		get("/v1/blobs/"+id, 200, ""),
		get("/v1/blobs/"+id+"?height=5", 200, ""),
		get("/v1/blobs/"+id+"?height=2", 410, CodePruned),
		get("/v1/blobs/"+id+"?height=6", 404, CodeFutureHeight),
		get("/v1/blobs/"+id+"?height=x", 400, CodeBadRequest),
		get("/v1/blobs/"+id+"?before=5", 200, ""),
		get("/v1/blobs/"+id+"?before=x", 400, CodeBadRequest),
		get("/v1/blobs/"+id+"?before=5&height=3", 400, CodeBadRequest),
		get("/v1/blobs/"+id+"?signer="+owner, 200, ""),
		get("/v1/blobs/"+id+"?signer="+da.FormatAddress([da.AddressSize]byte{8}), 404, CodeNotFound),
		get("/v1/blobs/"+id+"?signer=x", 400, CodeBadRequest),
		get("/v1/blobs/"+noHash, 404, CodeNotFound),
		get("/v1/blobs/abc", 400, CodeBadRequest),
		get("/v1/blobs/"+id+"/data", 200, ""),
		get("/v1/blobs/"+id+"/data?height=3", 200, ""),
		get("/v1/blobs/"+id+"/data?height=4", 404, CodeNotFound),
		get("/v1/blobs/"+noHash+"/data", 404, CodeNotFound),
		get("/v1/namespaces/"+goodNamespace+"/blobs?height=5", 200, ""),
		get("/v1/namespaces/"+otherSpace+"/blobs", 200, ""),
		get("/v1/namespaces/"+goodNamespace+"/blobs?height=2", 410, CodePruned),
		get("/v1/namespaces/"+goodNamespace+"/blobs?height=4", 404, CodeNotFound),
		get("/v1/namespaces/00/blobs", 400, CodeBadRequest),
		get("/v1/namespaces/"+goodNamespace+"/blobs?height=5&from=5", 400, CodeBadRequest),
		get("/v1/namespaces/"+goodNamespace+"/blobs?from=2", 410, CodePruned),
		get("/v1/namespaces/"+goodNamespace+"/blobs?from=x", 400, CodeBadRequest),
		post(blobs, "a blob", 200, ""),
		post(blobs+"&wait=included", "a blob", 200, ""),
		post(blobs+"&wait=included", "never", 504, CodeTimeout),
		post(blobs+"&wait=attested", "a blob", 501, CodeUnsupported),
		post(blobs+"&wait=forever", "a blob", 400, CodeBadRequest),
		post(blobs+"&encoding=raw", strings.Repeat("\x00", 32), 200, ""),
		post(blobs+"&encoding=raw", "odd", 400, CodeBadRequest),
		post(blobs+"&encoding=rot13", "a blob", 400, CodeBadRequest),
		post(blobs, "", 400, CodeBadRequest),
		post(blobs, strings.Repeat("x", da.MaxTxOwnRows*da.DataRowSize+1), 413, CodeTooLarge),
		post("/v1/blobs", "a blob", 400, CodeBadRequest),
		post(blobs+"&Wait=included", "a blob", 400, CodeBadRequest),
		post("/v1/blobs?namespace=00"+strings.Repeat("0", 56), "a blob", 400, CodeBadRequest),
		post("/v1/txs", "\x0aplain", 200, ""),
		post("/v1/txs?wait=included", "\x0aplain", 200, ""),
		post("/v1/txs", "\x0aknown", 200, ""),
		post("/v1/txs?wait=attested", "\x0aplain", 501, CodeUnsupported),
		get("/v1/txs/"+waitingTx, 200, ""),
		get("/v1/txs/"+doneTx, 200, ""),
		get("/v1/txs/"+replacedTx, 200, ""),
		get("/v1/txs/"+noHash, 200, ""),
		get("/v1/txs/"+noHash[1:], 400, CodeBadRequest),
		get("/v1/txs/"+noHash[1:]+"x", 400, CodeBadRequest),
		post(blobs+"&wait=included", lostTx, 409, CodeEvicted),
		post("/v1/txs", "", 400, CodeBadRequest),
		post("/v1/txs", "\x01not an envelope", 400, CodeBadRequest),
		post("/v1/status", "", 404, CodeNotFound),
		get("/", 404, CodeNotFound),
		get("/v1/blobs/..%2f..%2fetc%2fpasswd", 400, CodeBadRequest),
	}
}

func lightRequests() []request {
	return []request{
		get("/healthz", 200, ""),
		get("/metrics", 404, CodeNotFound),
		get("/v1/status", 200, ""),
		get("/v1/availability/4", 200, ""),
		get("/v1/availability/2", 410, CodePruned),
		get("/v1/availability/6", 404, CodeFutureHeight),
		get("/v1/availability/x", 400, CodeBadRequest),
		get("/v1/events", 200, ""),
		get("/v1/blocks/5", 404, CodeNotFound),
	}
}

func TestAnswers(t *testing.T) {
	full := fullConfig(newSquares(), new(fakeSubmitter))
	full.WriteTimeout = 1 // wait=included for "never" ends at once; nothing else waits
	t.Run("full", func(t *testing.T) { checkTranscript(t, newHandler(t, full), "full", fullRequests()) })
	t.Run("light", func(t *testing.T) { checkTranscript(t, newHandler(t, lightConfig()), "light", lightRequests()) })
}

// checkTranscript compares every answer with a golden file, ids of requests aside.
func checkTranscript(t *testing.T, h http.Handler, name string, requests []request) {
	var transcript strings.Builder
	for _, r := range requests {
		w := ask(h, r.method, r.path, r.body)
		if w.Code != r.status {
			t.Errorf("%s %s: status %d, want %d: %s", r.method, r.path, w.Code, r.status, w.Body)
		}
		if r.code != "" {
			checkError(t, r, w.Body.Bytes(), w.Header().Get("X-Request-Id"))
		}
		fmt.Fprintf(&transcript, "%s %s\n%d %s\n%s\n\n", r.method, r.path, w.Code, w.Header().Get("Content-Type"), strings.TrimSpace(withoutID(w)))
	}
	path := "testdata/" + name + ".txt"
	if *update {
		if err := os.WriteFile(path, []byte(transcript.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	compareTranscripts(t, transcript.String(), string(golden))
}

func compareTranscripts(t *testing.T, have, want string) {
	t.Helper()
	haves, wants := strings.Split(have, "\n\n"), strings.Split(want, "\n\n")
	for i := range max(len(haves), len(wants)) {
		if i >= len(haves) || i >= len(wants) {
			t.Fatalf("%d exchanges, the golden file has %d", len(haves), len(wants))
		}
		if haves[i] != wants[i] {
			t.Errorf("have:\n%.2000s\nwant:\n%.2000s", haves[i], wants[i])
		}
	}
}

func checkError(t *testing.T, r request, body []byte, id string) {
	t.Helper()
	var answer ErrorBody
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Errorf("%s %s: %v in %s", r.method, r.path, err, body)
	}
	e := answer.Error
	if e.Code != r.code || e.Message == "" || e.Hint == "" || e.RequestID != id || id == "" {
		t.Errorf("%s %s: %+v, want code %s", r.method, r.path, e, r.code)
	}
	if strings.Contains(e.Message, "fire") {
		t.Errorf("%s %s tells what is internal: %s", r.method, r.path, e.Message)
	}
}

// TestFullDiskIsTold: a node whose disk is full says so, and is well otherwise.
func TestFullDiskIsTold(t *testing.T) {
	squares := newSquares()
	squares.full = true
	h := newHandler(t, fullConfig(squares, &fakeSubmitter{}))
	for path, want := range map[string]string{"/healthz": `"status":"disk_full"`, "/v1/status": `"disk_full":true`} {
		if w := ask(h, "GET", path, nil); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
}

func TestEveryCauseHasItsCode(t *testing.T) {
	tests := []struct {
		err    error
		code   Code
		status int
	}{
		{ErrSyncing, CodeSyncing, 503},
		{ErrNoPeer, CodeNoPeer, 503},
		{ErrNotAttested, CodeNotAttested, 404},
		{ErrUnauthorized, CodeUnauthorized, 401},
		{ErrInsufficientFunds, CodeInsufficientFunds, 402},
		{ErrFeeTooLow, CodeFeeTooLow, 402},
		{ErrBadSequence, CodeBadSequence, 409},
		{ErrUnderpriced, CodeUnderpriced, 409},
		{ErrAccountLimit, CodeAccountLimit, 429},
		{ErrEvicted, CodeEvicted, 409},
		{ErrReplaced, CodeReplaced, 409},
		{ErrMempoolFull, CodeMempoolFull, 503},
		{ErrDiskFull, CodeDiskFull, 503},
		{da.ErrNoRoom, CodeMempoolFull, 503},
		{ErrUnsupported, CodeUnsupported, 501},
		{ErrWrongChain, CodeWrongChain, 422},
		{ErrRateLimited, CodeRateLimited, 429},
		{da.ErrTooLarge, CodeTooLarge, 413},
		{da.ErrMismatch, CodeInvalidProof, 422},
		{kzg.ErrInvalidProof, CodeInvalidProof, 422},
		{kzg.ErrInvalidPoint, CodeInvalidProof, 422},
		{kzg.ErrNonCanonicalScalar, CodeBadRequest, 400},
		{da.ErrInvalidNamespace, CodeBadRequest, 400},
		{da.ErrMalformed, CodeInternal, 500},
		{errors.New("anything else"), CodeInternal, 500},
	}
	for _, test := range tests {
		h := newHandler(t, fullConfig(newSquares(), &fakeSubmitter{fmt.Errorf("submit: %w", test.err)}))
		r := post("/v1/blobs?namespace="+goodNamespace, "a blob", test.status, test.code)
		w := ask(h, r.method, r.path, r.body)
		if w.Code != test.status {
			t.Errorf("%v: status %d, want %d", test.err, w.Code, test.status)
		}
		checkError(t, r, w.Body.Bytes(), w.Header().Get("X-Request-Id"))
		if test.status == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s without Retry-After", test.code)
		}
	}
	if len(codes()) != 24 {
		t.Errorf("%d codes, the design has 18, ADR 5 adds one and ADR 7 four, and certificates one", len(codes()))
	}
}
