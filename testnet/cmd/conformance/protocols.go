package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/testnet"
)

// protocol is how a gateway takes and gives bytes, in the words of what rollups speak.
type protocol struct {
	flag string // as gatewayFlags has it
	name string
	put  func(ctx context.Context, url string, data []byte) (ref string, err error)
	get  func(ctx context.Context, url, ref string) ([]byte, error)
	// by is what takes puts where the gateway "first" does not, and payer the number of the full node whose account pays for them.
	by    string
	payer int
}

// protocols are those that are measured, in the order of docs/rollups.md.
func (d *devnet) protocols() []protocol {
	poster := d.chain.FullNodes[1]
	member := cdkMember{d.sequencer}
	return []protocol{
		{"op-alt-da", "OP alt-DA, generic", putOP, getOP, "", 0},
		{"nitro", "Nitro", putNitro, getNitro, "", 0},
		{"celestia", "Celestia-style", putCelestia, getCelestia, "", 0},
		{"rollkit", "Rollkit's da.*", putRollkit, getRollkit, "", 0},
		{"cdk", "Polygon CDK", member.put, getCDK, "", 0},
		{"beacon", "beacon API", rowsBy{poster.Base}.put, getRows, "a node's API", 1},
	}
}

func putOP(ctx context.Context, url string, data []byte) (string, error) {
	commitment, err := exchange(ctx, http.MethodPost, url+"/put", octetStream, data)
	return hex.EncodeToString(commitment), err
}

func getOP(ctx context.Context, url, ref string) ([]byte, error) {
	return exchange(ctx, http.MethodGet, url+"/get/0x"+ref, "", nil)
}

func putNitro(ctx context.Context, url string, data []byte) (string, error) {
	var stored struct {
		Certificate string `json:"serialized-da-cert"`
	}
	err := call(ctx, url, "daprovider_store", fmt.Sprintf(`["0x%x","0x%x"]`, data, time.Now().Add(time.Hour).Unix()), &stored)
	return strings.TrimPrefix(stored.Certificate, "0x"), err
}

func getNitro(ctx context.Context, url, ref string) ([]byte, error) {
	var found struct{ Payload []byte }
	params := fmt.Sprintf(`["0x0","0x%x","0x%x%s"]`, make([]byte, 32), make([]byte, 40), ref) // a sequencer message: 40 bytes, then the certificate
	err := call(ctx, url, "daprovider_recoverPayload", params, &found)
	return found.Payload, err
}

// clientsNamespace is one as Celestia's clients, and Rollkit's, name it.
func clientsNamespace() []byte { return append(make([]byte, 19), "rollup-ben"...) }

// celestiaBlob is what is posted, and what is found.
type celestiaBlob struct {
	Namespace []byte `json:"namespace"`
	Data      []byte `json:"data"`
	Version   int    `json:"share_version"`
	Index     int    `json:"index"`
}

func putCelestia(ctx context.Context, url string, data []byte) (string, error) {
	params, err := json.Marshal([]any{[]celestiaBlob{{Namespace: clientsNamespace(), Data: data, Index: -1}}, struct{}{}})
	if err != nil {
		return "", err
	}
	var height uint64
	err = call(ctx, url, "blob.Submit", string(params), &height)
	return strconv.FormatUint(height, 10), err
}

// getCelestia asks as ev-node's followers do: for all blobs of the namespace at a height.
func getCelestia(ctx context.Context, url, ref string) ([]byte, error) {
	namespace, err := json.Marshal(clientsNamespace())
	if err != nil {
		return nil, err
	}
	var blobs []celestiaBlob
	if err := call(ctx, url, "blob.GetAll", fmt.Sprintf(`[%s,[%s]]`, ref, namespace), &blobs); err != nil {
		return nil, err
	}
	return one(blobs, func(b celestiaBlob) []byte { return b.Data })
}

func putRollkit(ctx context.Context, url string, data []byte) (string, error) {
	params, err := json.Marshal([]any{[][]byte{data}, -1, clientsNamespace()})
	if err != nil {
		return "", err
	}
	var ids [][]byte
	if err := call(ctx, url, "da.Submit", string(params), &ids); err != nil {
		return "", err
	}
	id, err := one(ids, func(id []byte) []byte { return id })
	return string(id), err
}

func getRollkit(ctx context.Context, url, ref string) ([]byte, error) {
	params, err := json.Marshal([]any{[][]byte{[]byte(ref)}, clientsNamespace()})
	if err != nil {
		return nil, err
	}
	var blobs [][]byte
	if err := call(ctx, url, "da.Get", string(params), &blobs); err != nil {
		return nil, err
	}
	return one(blobs, func(blob []byte) []byte { return blob })
}

// one returns the only element's bytes.
func one[T any](list []T, of func(T) []byte) ([]byte, error) {
	if len(list) != 1 {
		return nil, fmt.Errorf("%d blobs where there is one", len(list))
	}
	return of(list[0]), nil
}

// cdkMember is what has a committee's member sign: the sequencer.
type cdkMember struct{ sequencer *ecdsa.PrivateKey }

// put has a sequence of one batch stored and signed.
func (m cdkMember) put(ctx context.Context, url string, data []byte) (string, error) {
	name := crypto.Keccak256(data)
	signature, err := crypto.Sign(crypto.Keccak256(make([]byte, 32), name), m.sequencer)
	if err != nil {
		return "", err
	}
	signature[crypto.RecoveryIDOffset] += 27 // as Ethereum writes the number of the curve point
	var signed string
	err = call(ctx, url, "datacom_signSequence", fmt.Sprintf(`[{"sequence":["0x%x"],"signature":"0x%x"}]`, data, signature), &signed)
	return hex.EncodeToString(name), err
}

func getCDK(ctx context.Context, url, ref string) ([]byte, error) {
	var found string
	if err := call(ctx, url, "sync_getOffChainData", `["0x`+ref+`"]`, &found); err != nil {
		return nil, err
	}
	return hex.DecodeString(strings.TrimPrefix(found, "0x"))
}

// toRows fills Ethereum's blobs as its rollups do: 31 bytes behind a zero in each scalar, in whole blobs.
func toRows(data []byte) []byte {
	rows := make([]byte, (len(data)+da.DataRowSize-1)/da.DataRowSize*kzg.RowSize)
	for at := 0; len(data) > 0; at += kzg.ScalarSize {
		data = data[copy(rows[at+1:at+kzg.ScalarSize], data):]
	}
	return rows
}

// fromRows returns so many bytes of what toRows made.
func fromRows(rows []byte, size int) []byte {
	var data []byte
	for at := 0; at+kzg.ScalarSize <= len(rows); at += kzg.ScalarSize {
		data = append(data, rows[at+1:at+kzg.ScalarSize]...)
	}
	return data[:min(size, len(data))]
}

// rowsBy posts Ethereum's blobs by the API of a node: the beacon API takes none.
type rowsBy struct{ node string }

// put returns how many bytes were posted, and the query by which they are found.
func (r rowsBy) put(ctx context.Context, _ string, data []byte) (string, error) {
	query := url.Values{"namespace": {testnet.Namespace("rollup")}, "encoding": {"raw"}, "wait": {"included"}}
	answer, err := exchange(ctx, http.MethodPost, r.node+"/v1/blobs?"+query.Encode(), octetStream, toRows(data))
	if err != nil {
		return "", err
	}
	var posted struct {
		Status string
		Hashes []string `json:"versioned_hashes"`
	}
	if err := json.Unmarshal(answer, &posted); err != nil {
		return "", err
	}
	if posted.Status != "included" {
		return "", fmt.Errorf("a blob that was to be included is %q", posted.Status)
	}
	return fmt.Sprintf("%d 0x%s", len(data), strings.Join(posted.Hashes, ",0x")), nil
}

func getRows(ctx context.Context, url, ref string) ([]byte, error) {
	size, hashes, _ := strings.Cut(ref, " ")
	want, err := strconv.Atoi(size)
	if err != nil {
		return nil, err
	}
	body, err := exchange(ctx, http.MethodGet, url+"/eth/v1/beacon/blobs/head?versioned_hashes="+hashes, "", nil)
	if err != nil {
		return nil, err
	}
	var found struct{ Data []string }
	if err := json.Unmarshal(body, &found); err != nil {
		return nil, err
	}
	var rows []byte
	for _, row := range found.Data {
		decoded, err := hex.DecodeString(strings.TrimPrefix(row, "0x"))
		if err != nil {
			return nil, err
		}
		rows = append(rows, decoded...)
	}
	return fromRows(rows, want), nil
}

// call calls a method of a JSON-RPC server.
func call(ctx context.Context, url, method, params string, into any) error {
	body, err := exchange(ctx, http.MethodPost, url, "application/json", fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))
	if err != nil {
		return err
	}
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if answer.Error != nil {
		return errors.New(method + ": " + answer.Error.Message)
	}
	return json.Unmarshal(answer.Result, into)
}

const octetStream = "application/octet-stream"

func exchange(ctx context.Context, method, url, kind string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, measureLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", response.Status, answer)
	}
	return answer, err
}
