package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
)

// maxAnswer bounds what is read of a node's answer: a set of 256 takes about 70 kB.
const maxAnswer = 1 << 20

// node reads what a full node has of certificates and sets. It verifies nothing but that what is asked for is answered.
type node struct {
	url, token string
	http       *http.Client
}

func newNode(address, token string) (*node, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, fmt.Errorf("node URL %q: give one such as http://127.0.0.1:26659", address)
	}
	noRedirects := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &node{url: strings.TrimRight(address, "/"), token: token, http: &http.Client{CheckRedirect: noRedirects}}, nil
}

// problem is an error that a node answered.
type problem struct {
	api.Problem
	node string
}

// Error implements error.
func (p *problem) Error() string { return fmt.Sprintf("%s: %s: %s", p.node, p.Code, p.Message) }

// useless is the error for a certificate that is as good as none.
func (n *node) useless(c *da.Certificate) error {
	return &problem{api.Problem{Code: api.CodeNotAttested, Message: fmt.Sprintf("the certificate of height %d is of another epoch than the contract's, or too old", c.Height)}, n.url}
}

// get asks a node for a path and decodes the JSON answer.
func get[T any](ctx context.Context, n *node, path string) (*T, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+path, nil)
	if err != nil {
		return nil, err
	}
	if n.token != "" {
		request.Header.Set("Authorization", "Bearer "+n.token)
	}
	response, err := n.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the node, is it up? %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		return nil, fmt.Errorf("%s%s: an answer that breaks off or exceeds %d bytes: %w", n.url, path, maxAnswer, err)
	}
	var failed api.ErrorBody
	if response.StatusCode != http.StatusOK {
		if json.Unmarshal(body, &failed) != nil || failed.Error.Code == "" {
			return nil, fmt.Errorf("%s%s: %s: is this the URL of an Ashlar node's HTTP API?", n.url, path, response.Status)
		}
		return nil, &problem{failed.Error, n.url}
	}
	answer := new(T)
	if err := json.Unmarshal(body, answer); err != nil {
		return nil, fmt.Errorf("%s%s: %w: %w", n.url, path, da.ErrMalformed, err)
	}
	return answer, nil
}

// chainID is which chain the node says it is of.
func (n *node) chainID(ctx context.Context) (string, error) {
	status, err := get[api.Status](ctx, n, "/v1/status")
	if err != nil {
		return "", err
	}
	return status.ChainID, nil
}

// certificate returns the certificate of a height, or the newest for 0.
func (n *node) certificate(ctx context.Context, height uint64) (*da.Certificate, error) {
	path := "latest"
	if height > 0 {
		path = fmt.Sprint(height)
	}
	answer, err := get[api.Certificate](ctx, n, "/v1/certificates/"+path)
	if err != nil {
		return nil, err
	}
	c, err := da.DecodeCertificate(answer.Certificate)
	if err == nil && height > 0 && c.Height != height {
		err = fmt.Errorf("%w: the certificate of height %d where that of %d was asked for", da.ErrMismatch, c.Height, height)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.url, err)
	}
	return c, nil
}

// attesters returns an epoch's set.
func (n *node) attesters(ctx context.Context, epoch uint64) (*da.AttesterSet, error) {
	answer, err := get[api.AttesterSet](ctx, n, fmt.Sprintf("/v1/attesters/%d", epoch))
	if err != nil {
		return nil, err
	}
	set := &da.AttesterSet{Epoch: answer.Epoch, Total: answer.Total}
	for i := range answer.Attesters {
		a, out := &answer.Attesters[i], da.Attester{Power: answer.Attesters[i].Power}
		if out.Operator, err = da.ParseAddress(a.Operator); err != nil || len(a.Key) != len(out.Key) {
			return nil, fmt.Errorf("%s: %w: attester %d of epoch %d", n.url, da.ErrMalformed, i, epoch)
		}
		copy(out.Key[:], a.Key)
		set.Attesters = append(set.Attesters, out)
	}
	if answer.Epoch != epoch {
		return nil, fmt.Errorf("%s: %w: the set of epoch %d where that of %d was asked for", n.url, da.ErrMismatch, answer.Epoch, epoch)
	}
	return set, nil
}

// rotation returns what an epoch's set signed of the next.
func (n *node) rotation(ctx context.Context, epoch uint64) (*da.SignedRotation, error) {
	answer, err := get[api.Rotation](ctx, n, fmt.Sprintf("/v1/rotations/%d", epoch))
	if err != nil {
		return nil, err
	}
	r := &da.SignedRotation{Rotation: da.Rotation{ChainID: answer.ChainID, Epoch: answer.Epoch, Time: answer.Time}}
	for _, field := range []struct{ to, from []byte }{
		{r.SetHash[:], answer.SetHash}, {r.NextHash[:], answer.NextHash}, {r.Signers[:], answer.Signers}, {r.Signature[:], answer.Signature},
	} {
		if copy(field.to, field.from); len(field.to) != len(field.from) {
			return nil, fmt.Errorf("%s: %w: the rotation of epoch %d", n.url, da.ErrMalformed, epoch)
		}
	}
	return r, nil
}
