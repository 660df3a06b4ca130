package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

// measureLimit is how long a put or a read may take.
const measureLimit = 2 * time.Minute

// measurement is what measured.json holds.
type measurement struct {
	Date    string          `json:"date"` // of its end, UTC
	Machine testnet.Machine `json:"machine"`
	// LoadBefore is the machine's load of a minute before anything was started.
	LoadBefore float64   `json:"load_before"`
	Seconds    float64   `json:"seconds"`
	Figures    []figures `json:"figures"`
}

// figures are what puts of a size by one protocol took.
type figures struct {
	Protocol string `json:"protocol"`
	Name     string `json:"name"`
	PutBy    string `json:"put_by,omitempty"` // where puts are not the protocol's own
	Bytes    int    `json:"bytes"`
	Puts     int    `json:"puts"`
	// Final is from the put to the answer that says it is final; Read from there until another node's gateway gave the bytes.
	Final quantiles `json:"final_seconds"`
	Read  quantiles `json:"read_seconds"`
	// PerMB is what the account paid, in ASH for each 10⁶ bytes of data.
	PerMB string `json:"ash_per_mb"`
	// BaseFees are those before the first put and behind the last, in aash per blob gas: what is put this fast may raise it.
	BaseFees [2]float64 `json:"base_fees"`
	// Load is the machine's, of the last minute, when the last was read.
	Load float64 `json:"load"`
}

type quantiles struct {
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

// sizes are what is put by each protocol, in bytes.
func sizes() []int { return []int{100_000, 1 << 20} }

// measure puts blobs one after the other by each protocol, reads each by a gateway to another node, and writes measured.json.
// LoadBefore is that of the machine before the chain was started.
func (d *devnet) measure(ctx context.Context, progress *testnet.Progress, o options, loadBefore float64) error {
	began := time.Now()
	result := measurement{Machine: testnet.ThisMachine(), LoadBefore: loadBefore}
	for _, p := range d.protocols() {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), p.flag) {
			continue
		}
		for _, size := range sizes() {
			progress.Phase(fmt.Sprintf("%s: %d puts of %d bytes", p.name, o.puts, size))
			f, err := d.measureOne(ctx, p, size, o)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			result.Figures = append(result.Figures, *f)
			progress.Say("%d final in %.2f s, p95 %.2f; read from another node %.2f s later, p95 %.2f; %s; load %.1f",
				f.Puts, f.Final.Median, f.Final.P95, f.Read.Median, f.Read.P95, f.cost(), f.Load)
		}
	}
	result.Date, result.Seconds = time.Now().UTC().Format(time.DateOnly), time.Since(began).Round(time.Second).Seconds()
	path := filepath.Join(o.out, "measured.json")
	progress.Say("load %.1f before; %s has the figures", loadBefore, testnet.Relative(path))
	return writeMeasurement(path, &result)
}

func writeMeasurement(path string, m *measurement) error {
	encoded, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(encoded, '\n'), 0o644)
}

// account is what an account has, in aash, and the base fee then.
type account struct {
	balance *big.Int
	baseFee float64
}

// measureOne puts blobs of a size, as many as the options say or as the time that they give has room for.
func (d *devnet) measureOne(ctx context.Context, p protocol, size int, o options) (*figures, error) {
	before, err := d.account(ctx, p.payer)
	if err != nil {
		return nil, err
	}
	f := figures{Protocol: p.flag, Name: p.name, PutBy: p.by, Bytes: size}
	var final, read []float64
	for began := time.Now(); f.Puts < o.puts && (f.Puts == 0 || time.Since(began) < o.within); f.Puts++ {
		put, got, err := d.roundTrip(ctx, p, size)
		if err != nil {
			return nil, err
		}
		final, read = append(final, put.Seconds()), append(read, got.Seconds())
	}
	after, err := d.account(ctx, p.payer)
	if err != nil {
		return nil, err
	}
	paid := new(big.Rat).SetFrac(before.balance.Sub(before.balance, after.balance), big.NewInt(int64(size*f.Puts)))
	f.PerMB = paid.Quo(paid, big.NewRat(1e12, 1)).FloatString(6) // from aash per byte
	f.BaseFees = [2]float64{before.baseFee, after.baseFee}
	f.Final, f.Read, f.Load = quantilesOf(final), quantilesOf(read), loadAverage()
	return &f, nil
}

// roundTrip returns how long it took until a blob was final, and from then on until another node gave it. A put that fails is put
// again, as rollups do: a chain may be behind for a moment on a machine with too much to do.
func (d *devnet) roundTrip(ctx context.Context, p protocol, size int) (final, read time.Duration, err error) {
	at := slices.Index(flagNames(), p.flag)
	data := make([]byte, size)
	_, _ = rand.Read(data)
	began := time.Now()
	var ref string
	err = testnet.Wait(ctx, measureLimit, "a put", func(ctx context.Context) (_ bool, err error) {
		ref, err = p.put(ctx, "http://"+address(d.gateways[0].ports[at]), data)
		return err == nil, err
	})
	if err != nil {
		return 0, 0, err
	}
	put := time.Now()
	err = testnet.Wait(ctx, measureLimit, "another node to have it", func(ctx context.Context) (bool, error) {
		got, err := p.get(ctx, "http://"+address(d.gateways[1].ports[at]), ref)
		return bytes.Equal(got, data), err
	})
	return put.Sub(began), time.Since(put), err
}

// account asks for that of a full node.
func (d *devnet) account(ctx context.Context, of int) (*account, error) {
	var found struct {
		Balance string `json:"balance"`
	}
	node := d.chain.FullNodes[of]
	if err := node.Get(ctx, "/v1/accounts/"+node.Address, &found); err != nil {
		return nil, err
	}
	balance, ok := new(big.Int).SetString(found.Balance, 10)
	if !ok {
		return nil, fmt.Errorf("%q is no balance", found.Balance)
	}
	var fees struct {
		BaseFee float64 `json:"base_fee,string"`
	}
	err := node.Get(ctx, "/v1/fees", &fees)
	return &account{balance, fees.BaseFee}, err
}

// quantilesOf takes the nearest rank.
func quantilesOf(values []float64) quantiles {
	slices.Sort(values)
	rank := func(percent int) float64 { return values[max(0, (len(values)*percent+99)/100-1)] }
	return quantiles{rank(50), rank(95)}
}

// loadAverage is how many threads of the machine ran or waited to, on average of the last minute; 0 where it is not known.
func loadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}
