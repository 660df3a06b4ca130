package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// epochs is a chain's sets, of four attesters each, of whom one is another after each epoch. What a
// node says of them tests change.
type epochs struct {
	api.Attestations // what is not asked here
	secrets          []*da.AttestationSecret
	begun            time.Time // epoch 0 was taken
	// next changes what follows an epoch, signed changes a rotation after it was signed.
	next   func(epoch uint64, set *da.AttesterSet)
	signed func(*da.SignedRotation)
}

const lastEpoch = 6

func newEpochs() *epochs {
	e := &epochs{begun: time.Now().Add(-lastEpoch * 24 * time.Hour), next: func(uint64, *da.AttesterSet) {}, signed: func(*da.SignedRotation) {}}
	random := rand.NewChaCha8([32]byte{3})
	for range lastEpoch + 5 {
		e.secrets = append(e.secrets, must(da.NewAttestationSecret(random)))
	}
	return e
}

// set is that of an epoch: the attesters epoch to epoch + 3.
func (e *epochs) set(epoch uint64) *da.AttesterSet {
	set := &da.AttesterSet{Epoch: epoch, Total: 40}
	for i := epoch; i < epoch+4; i++ {
		set.Attesters = append(set.Attesters, da.Attester{Operator: [da.AddressSize]byte{byte(i) + 1}, Key: e.secrets[i].Key(), Power: 10})
	}
	e.next(epoch, set)
	return set
}

func (e *epochs) sign(epoch uint64, digest [da.HashSize]byte) (signers da.Signers, _ da.AttestationSignature) {
	var signatures []da.AttestationSignature
	for i := range 3 {
		signers.Add(i)
		signatures = append(signatures, must(e.secrets[epoch+uint64(i)].Attest(digest)))
	}
	return signers, must(da.AggregateSignatures(signatures))
}

func (e *epochs) taken(epoch uint64) uint64 {
	return uint64(e.begun.Add(time.Duration(epoch) * 24 * time.Hour).Unix())
}

func (e *epochs) CurrentEpoch(context.Context) (uint64, error) { return lastEpoch, nil }

func (e *epochs) Changed() <-chan struct{} { return nil }

func (e *epochs) Attesters(_ context.Context, epoch uint64) (*da.AttesterSet, uint64, error) {
	if epoch > lastEpoch {
		return nil, 0, fmt.Errorf("%w: epoch %d", da.ErrNotFound, epoch)
	}
	return e.set(epoch), e.taken(epoch), nil
}

func (e *epochs) Rotation(_ context.Context, epoch uint64) (*da.SignedRotation, error) {
	if epoch >= lastEpoch {
		return nil, fmt.Errorf("%w: the rotation of epoch %d", api.ErrNotAttested, epoch)
	}
	r := &da.SignedRotation{Rotation: da.Rotation{
		ChainID: worldChain, Epoch: epoch, SetHash: must(e.set(epoch).Hash()), NextHash: must(e.set(epoch + 1).Hash()), Time: e.taken(epoch + 1),
	}}
	r.Signers, r.Signature = e.sign(epoch, r.Digest())
	e.signed(r)
	return r, nil
}

// certificate is one of an epoch.
func (e *epochs) certificate(epoch uint64) *da.Certificate {
	c := &da.Certificate{Attestation: da.Attestation{ChainID: worldChain, Epoch: epoch, SetHash: must(e.set(epoch).Hash()), Height: 7}}
	c.Signers, c.Signature = e.sign(epoch, c.Digest())
	return c
}

func (e *epochs) Certificate(_ context.Context, height uint64) (*da.Certificate, error) {
	if height != 7 && height != 0 {
		return nil, fmt.Errorf("%w: height %d", api.ErrNotAttested, height)
	}
	return e.certificate(2), nil
}

// hosts are nodes by name.
type hosts map[string]http.Handler

func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	handler := h[r.URL.Host]
	if handler == nil {
		return nil, errors.New("no such host")
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// speaking are nodes that answer for these chains' sets.
func speaking(named map[string]*epochs) hosts {
	all := make(hosts)
	for name, e := range named {
		full := &api.Full{Squares: struct{ api.Squares }{}, Chain: struct{ api.Chain }{}, Submitter: struct{ api.Submitter }{}, Attestations: e}
		all[name] = must(api.NewHandler(api.Config{Full: full, Log: slog.New(slog.DiscardHandler)}))
	}
	return all
}

func anchorOf(e *epochs, epoch uint64) client.SetAnchor {
	return client.SetAnchor{ChainID: worldChain, Epoch: epoch, Hash: must(e.set(epoch).Hash())}
}

func follow(t *testing.T, nodes hosts, anchor client.SetAnchor) *client.Client {
	t.Helper()
	return open(t, client.Config{URL: "http://a", Fallbacks: []string{"http://b"}, HTTP: &http.Client{Transport: nodes}, Sets: client.FollowSets(anchor)})
}

// TestSetsAreFollowed goes on from set to set, and back and forth among those that it knows.
func TestSetsAreFollowed(t *testing.T) {
	e := newEpochs()
	c := follow(t, speaking(map[string]*epochs{"a": e}), anchorOf(e, 1))
	for _, epoch := range []uint64{1, 5, 2, lastEpoch, 1} {
		set, err := c.AttesterSet(t.Context(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		if must(set.Hash()) != must(e.set(epoch).Hash()) {
			t.Errorf("epoch %d: another set", epoch)
		}
	}
	if found, err := c.Certificate(t.Context(), 7); err != nil || found.Epoch != 2 {
		t.Errorf("certificate %+v, %v", found, err)
	}
	if set, err := c.CurrentAttesterSet(t.Context()); err != nil || set.Epoch != lastEpoch {
		t.Errorf("current set %+v, %v", set, err)
	}
}

// TestSetsRefuse changes one thing about what is trusted or told, and names what is wrong.
func TestSetsRefuse(t *testing.T) {
	day := 24 * time.Hour
	for name, test := range map[string]struct {
		change func(e *epochs, a *client.SetAnchor)
		want   error
	}{
		"as it is":               {func(*epochs, *client.SetAnchor) {}, nil},
		"another anchor":         {func(_ *epochs, a *client.SetAnchor) { a.Hash[0]++ }, client.ErrWrongSet},
		"another chain":          {func(_ *epochs, a *client.SetAnchor) { a.ChainID = "another" }, client.ErrWrongSet},
		"an anchor above":        {func(e *epochs, a *client.SetAnchor) { *a = anchorOf(e, 4) }, client.ErrStaleSet},
		"an anchor long ago":     {func(_ *epochs, a *client.SetAnchor) { a.Taken = time.Now().Add(-15 * day) }, client.ErrStaleSet},
		"a period that is short": {func(_ *epochs, a *client.SetAnchor) { a.Period = 2 * day }, client.ErrStaleSet},
		"a period just enough":   {func(_ *epochs, a *client.SetAnchor) { a.Period = 6 * day }, nil},
		"another next set": {func(e *epochs, _ *client.SetAnchor) {
			e.signed = func(r *da.SignedRotation) { r.NextHash[0]++ }
		}, client.ErrWrongSet},
		"too few signers": {func(e *epochs, _ *client.SetAnchor) {
			e.signed = func(r *da.SignedRotation) { r.Signers = da.Signers{31: 3} }
		}, client.ErrWrongSet},
		"a signature of others": {func(e *epochs, _ *client.SetAnchor) {
			e.signed = func(r *da.SignedRotation) { _, r.Signature = e.sign(r.Epoch+1, r.Digest()) }
		}, client.ErrWrongSet},
		"a later time": {func(e *epochs, _ *client.SetAnchor) {
			e.signed = func(r *da.SignedRotation) { r.Time++ }
		}, client.ErrWrongSet},
	} {
		e := newEpochs()
		anchor := anchorOf(e, 0)
		test.change(e, &anchor)
		if _, err := follow(t, speaking(map[string]*epochs{"a": e}), anchor).AttesterSet(t.Context(), 3); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// TestSetsSeeAFork holds what a node says of the next set against what another does.
func TestSetsSeeAFork(t *testing.T) {
	for name, test := range map[string]struct {
		other func(*epochs)
		want  error
	}{
		"the same": {func(*epochs) {}, nil},
		"another set, signed by the same": {func(e *epochs) {
			e.next = func(epoch uint64, set *da.AttesterSet) {
				if epoch == 2 {
					set.Attesters[0].Power++
					set.Total++
				}
			}
		}, client.ErrForked},
		"another set, signed by nobody": {func(e *epochs) { e.signed = func(r *da.SignedRotation) { r.NextHash[0]++ } }, nil},
	} {
		e, other := newEpochs(), newEpochs()
		other.begun = e.begun
		test.other(other)
		c := follow(t, speaking(map[string]*epochs{"a": e, "b": other}), anchorOf(e, 0))
		if _, err := c.AttesterSet(t.Context(), 2); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestCertificatesAreRefused(t *testing.T) {
	e := newEpochs()
	c := follow(t, speaking(map[string]*epochs{"a": e}), anchorOf(e, 0))
	for name, test := range map[string]struct {
		corrupt func(*da.Certificate)
		want    error
	}{
		"as it is":              {func(*da.Certificate) {}, nil},
		"of another chain":      {func(c *da.Certificate) { c.ChainID = "another" }, da.ErrMismatch},
		"of another set":        {func(c *da.Certificate) { c.SetHash[0]++ }, client.ErrWrongSet},
		"of another epoch":      {func(c *da.Certificate) { c.Epoch = 3 }, client.ErrWrongSet},
		"of an epoch to come":   {func(c *da.Certificate) { c.Epoch = lastEpoch + 1 }, nil /* told by code */},
		"of another block":      {func(c *da.Certificate) { c.DataRoot[0]++ }, da.ErrInvalidSignature},
		"without a quorum":      {func(c *da.Certificate) { c.Signers = da.Signers{31: 1} }, da.ErrNoQuorum},
		"with others as signed": {func(c *da.Certificate) { c.Signers = da.Signers{31: 0b1011} }, da.ErrInvalidSignature},
	} {
		certificate := e.certificate(2)
		test.corrupt(certificate)
		err := c.VerifyCertificate(t.Context(), certificate)
		if certificate.Epoch > lastEpoch {
			if client.CodeOf(err) != client.CodeNotAttested {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, err := c.Certificate(t.Context(), 8); client.CodeOf(err) != client.CodeNotAttested {
		t.Errorf("a height without one: %v", err)
	}
}

func TestParseSetAnchor(t *testing.T) {
	hash := "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	for text, want := range map[string]bool{"12:" + hash: true, "0:" + hash: true, hash: false, "x:" + hash: false, "-1:" + hash: false, "1:" + hash[2:]: false, "1:0x" + hash: false, "": false} {
		anchor, err := client.ParseSetAnchor(worldChain, text)
		if (err == nil) != want || err == nil && (anchor.Hash[1] != 0x11 || anchor.ChainID != worldChain) {
			t.Errorf("%q: %+v, %v", text, anchor, err)
		}
	}
}

func FuzzParseSet(f *testing.F) {
	e := newEpochs()
	shown := must(api.ShowAttesters(e.set(0), 0))
	f.Add(must(jsonOf(shown)))
	f.Add([]byte(`{"attesters":[{}]}`))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		set, err := client.ParseSet(encoded)
		if err == nil && set.Check() != nil {
			t.Errorf("a set that cannot be worked with: %+v", set)
		}
	})
}

func jsonOf(value any) ([]byte, error) { return json.Marshal(value) }
