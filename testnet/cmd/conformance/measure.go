package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

// measureLimit is how long a put or a read may take.
const measureLimit = 2 * time.Minute

// protocol is how a gateway takes and gives bytes, in the words of what rollups speak.
type protocol struct {
	name string
	put  func(ctx context.Context, url string, data []byte) (ref string, err error)
	get  func(ctx context.Context, url, ref string) ([]byte, error)
}

// measured are protocols by the name that gatewayFlags has them under.
func measured() map[string]protocol {
	return map[string]protocol{
		"OP":    {"OP alt-DA, generic", putOP, getOP},
		"NITRO": {"Nitro, daprovider_store", putNitro, getNitro},
	}
}

// figures are what puts of a size by one protocol took.
type figures struct {
	Protocol string `json:"protocol"`
	Bytes    int    `json:"bytes"`
	Puts     int    `json:"puts"`
	// Final is from the put to the answer that says it is final; Read from there until another node's gateway gave the bytes.
	Final quantiles `json:"final_seconds"`
	Read  quantiles `json:"read_seconds"`
	// PerMB is what the account paid, in ASH for each 10⁶ bytes of data.
	PerMB string `json:"ash_per_mb"`
}

type quantiles struct {
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

// measurement is what measured.json holds.
type measurement struct {
	Machine testnet.Machine `json:"machine"`
	// BaseFee is in aash per blob gas, at the end.
	BaseFee string    `json:"base_fee"`
	Figures []figures `json:"figures"`
}

// measure puts blobs one after the other by each protocol, and reads each by a gateway to another node.
func (d *devnet) measure(ctx context.Context, progress *testnet.Progress, puts int, path string) error {
	result := measurement{Machine: testnet.ThisMachine()}
	first, other := d.gateways[0], d.gateways[1]
	for i, flag := range gatewayFlags {
		p, ok := measured()[flag.name]
		if !ok {
			continue
		}
		for _, size := range []int{100_000, 1 << 20} {
			progress.Phase(fmt.Sprintf("%s: %d puts of %d bytes", p.name, puts, size))
			f, err := d.measureOne(ctx, p, "http://"+address(first.ports[i]), "http://"+address(other.ports[i]), size, puts)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			result.Figures = append(result.Figures, *f)
			progress.Say("final in %.2f s, p95 %.2f; read from another node %.2f s later, p95 %.2f; %s ASH per MB", f.Final.Median, f.Final.P95, f.Read.Median, f.Read.P95, f.PerMB)
		}
	}
	var fees struct {
		BaseFee string `json:"base_fee"`
	}
	if err := d.chain.FullNodes[0].Get(ctx, "/v1/fees", &fees); err != nil {
		return err
	}
	result.BaseFee = fees.BaseFee
	progress.Say("the base fee is %s aash per blob gas", fees.BaseFee)
	encoded, err := json.MarshalIndent(&result, "", "  ")
	if err != nil {
		return err
	}
	progress.Say("%s has the figures", testnet.Relative(path))
	return os.WriteFile(path, append(encoded, '\n'), 0o644)
}

func (d *devnet) measureOne(ctx context.Context, p protocol, to, from string, size, puts int) (*figures, error) {
	before, err := d.balance(ctx)
	if err != nil {
		return nil, err
	}
	var final, read []float64
	for range puts {
		data := make([]byte, size)
		_, _ = rand.Read(data)
		began := time.Now()
		ref, err := p.put(ctx, to, data)
		if err != nil {
			return nil, err
		}
		put := time.Now()
		err = testnet.Wait(ctx, measureLimit, "another node to have it", func(ctx context.Context) (bool, error) {
			got, err := p.get(ctx, from, ref)
			return bytes.Equal(got, data), err
		})
		if err != nil {
			return nil, err
		}
		final, read = append(final, put.Sub(began).Seconds()), append(read, time.Since(put).Seconds())
	}
	after, err := d.balance(ctx)
	if err != nil {
		return nil, err
	}
	paid := new(big.Rat).SetFrac(before.Sub(before, after), big.NewInt(int64(size*puts)))
	return &figures{p.name, size, puts, quantilesOf(final), quantilesOf(read), paid.Quo(paid, big.NewRat(1e12, 1)).FloatString(6)}, nil
}

// balance is what the account has that pays for what the gateway "first" posts, in aash.
func (d *devnet) balance(ctx context.Context) (*big.Int, error) {
	var account struct {
		Balance string `json:"balance"`
	}
	node := d.chain.FullNodes[0]
	if err := node.Get(ctx, "/v1/accounts/"+node.Address, &account); err != nil {
		return nil, err
	}
	balance, ok := new(big.Int).SetString(account.Balance, 10)
	if !ok {
		return nil, fmt.Errorf("%q is no balance", account.Balance)
	}
	return balance, nil
}

// quantilesOf takes the nearest rank.
func quantilesOf(values []float64) quantiles {
	slices.Sort(values)
	rank := func(percent int) float64 { return values[max(0, (len(values)*percent+99)/100-1)] }
	return quantiles{rank(50), rank(95)}
}

func putOP(ctx context.Context, url string, data []byte) (string, error) {
	commitment, err := exchange(ctx, http.MethodPost, url+"/put", "application/octet-stream", data)
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
		return fmt.Errorf("%s: %s", method, answer.Error.Message)
	}
	return json.Unmarshal(answer.Result, into)
}

func exchange(ctx context.Context, method, url, kind string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, measureLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", kind)
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
