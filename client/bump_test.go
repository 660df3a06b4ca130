package client_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

func (w *world) setBaseFee(fee int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.baseFee = fee
}

// TestFeeIsRaised has the base fee rise above what was offered.
func TestFeeIsRaised(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		time.AfterFunc(blockTime/2, func() { w.setBaseFee(5000) })
		time.AfterFunc(3*blockTime, func() { w.setBaseFee(20000) })
		w.set("a", func(n *node) { n.idle = true })
		time.AfterFunc(8*blockTime, func() { w.set("a", func(n *node) { n.idle = false }) })
		submitMany(t, w, open(t, w.config("a")), 5)
	})
}

// TestFeeIsEstimated offers what the node estimates to be needed.
func TestFeeIsEstimated(t *testing.T) {
	for within, want := range map[int]int64{0: 2000, 3: 3000} {
		inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
			cfg := w.config("a")
			cfg.Within = within
			submitOne(t, open(t, cfg), blobOf(1, "one"))
			w.mu.Lock()
			defer w.mu.Unlock()
			if paid := w.nodes["a"].pool[0].cap; !paid.Equal(math.NewInt(want)) {
				t.Errorf("within %d blocks a cap of %s is offered, want %d", within, paid, want)
			}
		})
	}
}

// TestFeeBound has the base fee rise above what may be offered, and fall again: nothing is
// offered beyond the bound, whoever waits learns why, and nothing is lost.
func TestFeeBound(t *testing.T) {
	for _, test := range []struct {
		name  string
		bound func(*client.Config)
	}{
		{"per blob gas", func(cfg *client.Config) { cfg.MaxFeePerGas = math.NewInt(3000) }},
		{"per transaction", func(cfg *client.Config) { cfg.MaxFee = math.NewInt(3000 * 3000) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
				w.setBaseFee(5000)
				cfg := w.config("a")
				test.bound(&cfg)
				s, err := open(t, cfg).Submit(t.Context(), blobOf(1, "one"))
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * blockTime)
				if u := s.State(); client.CodeOf(u.Err) != client.CodeFeeTooLow || u.State != client.Queued {
					t.Errorf("it is %s, because of %v", u.State, u.Err)
				}
				w.setBaseFee(2000)
				finalWithin(t, s, time.Minute)
				w.once(t, s.IDs()...)
				w.mu.Lock()
				defer w.mu.Unlock()
				p := w.nodes["a"].pool[0]
				gas := p.message.BlobGas() + da.TxBlobGas(len(p.envelope.Tx))
				if total := p.cap.Mul(math.NewIntFromUint64(gas)); p.cap.GT(math.NewInt(3000)) && total.GT(math.NewInt(3000*3000)) {
					t.Errorf("a cap of %s was offered, %s in all", p.cap, total)
				}
			})
		})
	}
}

// TestRefusals has a node refuse what is posted, for causes that pass and for one that does not.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		code   client.Code
		status int
		fails  bool
	}{
		{client.CodeMempoolFull, 503, false},
		{client.CodeRateLimited, 429, false},
		{client.CodeSyncing, 503, false},
		{client.CodeDiskFull, 503, false},
		{client.CodeFeeTooLow, 402, false},
		{client.CodeInternal, 500, false},
		{client.CodeInsufficientFunds, 402, true},
		{client.CodeInvalidProof, 422, true},
		{client.CodeUnauthorized, 401, true},
	} {
		t.Run(string(test.code), func(t *testing.T) {
			inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
				until := time.Now().Add(3 * blockTime)
				w.set("a", func(n *node) {
					n.around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
						if isPost(r) && time.Now().Before(until) {
							problem(rw, test.status, test.code)
							return
						}
						handler.ServeHTTP(rw, r)
					}
				})
				c := open(t, w.config("a"))
				s, err := c.Submit(t.Context(), blobOf(1, "one"))
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Wait(t.Context(), client.Final)
				if test.fails != (client.CodeOf(err) == test.code) || !test.fails && err != nil {
					t.Fatalf("it ends with %v", err)
				}
				if test.fails { // the same content may be submitted again
					time.Sleep(5 * blockTime)
					submitOne(t, c, blobOf(1, "one"))
				}
				w.once(t, s.IDs()...)
			})
		})
	}
}

// TestPostSaysWhatIsWrong posts without a signer, and waits for what is not there.
func TestPostSaysWhatIsWrong(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		cfg := w.config("a")
		if _, err := open(t, cfg).Post(t.Context(), blobOf(1, "one"), client.Attested); client.CodeOf(err) != client.CodeUnsupported {
			t.Errorf("waiting for an attestation: %v", err)
		}
		cfg.Signer = nil
		if _, err := open(t, cfg).Submit(t.Context(), blobOf(1, "one")); err == nil || !strings.Contains(err.Error(), "signer") {
			t.Errorf("without a signer: %v", err)
		}
	})
}
