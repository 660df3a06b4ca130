package adversary

import (
	"context"
	"crypto/rand"
	"log/slog"

	"github.com/libp2p/go-libp2p/core/crypto"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// Perjurer is a validator that has its attestation key sign what is not the chain's, and tells the network as any validator
// does: by gossip, through a peer.
type Perjurer struct {
	host   *p2p.Host
	secret *da.AttestationSecret
}

// NewPerjurer connects to a peer of the chain, given by its multiaddress.
func NewPerjurer(ctx context.Context, chainID, peer string, secret *da.AttestationSecret) (*Perjurer, error) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	host, err := p2p.New(ctx, p2p.Config{
		ChainID: chainID, Key: key, Log: slog.New(slog.DiscardHandler),
		CheckAttested: func(context.Context, p2p.Attested) p2p.Verdict { return p2p.Accept },
	})
	if err != nil {
		return nil, err
	}
	if _, err := host.Connect(ctx, peer); err != nil {
		_ = host.Close()
		return nil, err
	}
	return &Perjurer{host, secret}, nil
}

// Close leaves the network.
func (p *Perjurer) Close() error { return p.host.Close() }

// Swear attests, as a member of the set, that a height has another data root than the attestation says. Gossip may need a
// moment before the first is heard: it is repeated until then.
func (p *Perjurer) Swear(ctx context.Context, set *da.AttesterSet, truth da.Attestation) error {
	truth.DataRoot[0] ^= 1
	signature, err := p.secret.Attest(truth.Digest())
	if err != nil {
		return err
	}
	said := p2p.Attested{Attester: -1, Attestation: &truth, Signature: signature}
	for i := range set.Attesters {
		if set.Attesters[i].Key == p.secret.Key() {
			said.Attester = i
		}
	}
	if said.Attester < 0 {
		return da.ErrNotFound
	}
	return p.host.Publish(ctx, said)
}
