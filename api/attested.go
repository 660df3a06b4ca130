package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// current stands for the epoch that the newest block belongs to.
const current = "current"

// maxCertificateWait bounds the parameter wait of what reads certificates.
const maxCertificateWait = 10 * time.Second

// Attestations is what a full node has collected of what validators signed. Calls are
// concurrent. Reads by height or epoch fail with da.ErrPruned and da.ErrFutureHeight too.
type Attestations interface {
	// Certificate returns the certificate of a height, or the newest for 0. It fails with
	// ErrNotAttested where there is none.
	Certificate(ctx context.Context, height uint64) (*da.Certificate, error)
	// Covering returns the lowest certificate of a height or of one above, whose history
	// includes it. It fails with ErrNotAttested where there is none yet.
	Covering(ctx context.Context, height uint64) (*da.Certificate, error)
	// Changed returns a channel that is closed once there is another certificate or rotation.
	Changed() <-chan struct{}
	// CurrentEpoch returns the epoch of the newest block.
	CurrentEpoch(ctx context.Context) (uint64, error)
	// Attesters returns an epoch's set and when it was taken, in seconds since 1970, 0 where
	// the chain does not say.
	Attesters(ctx context.Context, epoch uint64) (set *da.AttesterSet, taken uint64, err error)
	// Rotation returns what an epoch's set signed of the next. It fails with ErrNotAttested.
	Rotation(ctx context.Context, epoch uint64) (*da.SignedRotation, error)
	// History proves a height in the history of newest, and returns what the chain says of both.
	History(ctx context.Context, height, newest uint64) (of, in *da.Attestation, proof *da.HistoryProof, err error)
}

// Certificate answers GET /v1/certificates/{height}.
type Certificate struct {
	// Certificate is its encoding, of which the rest is a reading.
	Certificate Hex    `json:"certificate"`
	ChainID     string `json:"chain_id"`
	Epoch       uint64 `json:"epoch"`
	SetHash     Hex    `json:"set_hash"`
	Height      uint64 `json:"height"`
	// Time is the block's, in seconds since 1970, as it is signed.
	Time         uint64 `json:"time"`
	HeaderHash   Hex    `json:"header_hash"`
	DataRoot     Hex    `json:"data_root"`
	BlobTreeRoot Hex    `json:"blob_tree_root"`
	HistoryRoot  Hex    `json:"history_root"`
	QuorumSignature
}

// QuorumSignature is what more than two thirds of a set signed.
type QuorumSignature struct {
	// Digest is what is hashed to the curve and signed.
	Digest Hex `json:"digest"`
	// Signers is a number of 256 bits, big-endian, whose bit i is that of the set's attester i.
	Signers Hex `json:"signers"`
	// Signature is a compressed point of G2, the sum of the signers'.
	Signature Hex `json:"signature"`
	// SignedPower is the signers' voting power, TotalPower that of all validators.
	SignedPower uint64 `json:"signed_power"`
	TotalPower  uint64 `json:"total_power"`
}

// AttesterSet answers GET /v1/attesters/{epoch}.
type AttesterSet struct {
	Epoch uint64 `json:"epoch"`
	// Total is the voting power of all validators, of those without a key too.
	Total uint64 `json:"total"`
	Hash  Hex    `json:"hash"`
	// Time is when the set was taken, in seconds since 1970, 0 where the chain does not say.
	Time uint64 `json:"time"`
	// Attesters are in the order that signers are counted by.
	Attesters []Attester `json:"attesters"`
}

// Attester is a validator with a key to attest.
type Attester struct {
	Operator string `json:"operator"`
	// Key is a compressed point of G1.
	Key   Hex    `json:"key"`
	Power uint64 `json:"power"`
}

// Rotation answers GET /v1/rotations/{epoch}.
type Rotation struct {
	ChainID string `json:"chain_id"`
	// Epoch and SetHash name the set that signs, NextHash is the hash of the next epoch's.
	Epoch    uint64 `json:"epoch"`
	SetHash  Hex    `json:"set_hash"`
	NextHash Hex    `json:"next_hash"`
	// Time is when the next set was taken, in seconds since 1970.
	Time uint64 `json:"time"`
	QuorumSignature
}

// History answers GET /v1/history/{height}.
type History struct {
	Height       uint64 `json:"height"`
	DataRoot     Hex    `json:"data_root"`
	BlobTreeRoot Hex    `json:"blob_tree_root"`
	// Newest is the newest height of the history, Root its root.
	Newest uint64 `json:"newest"`
	Root   Hex    `json:"root"`
	// Path are the siblings in the height's mountain, from the leaf up; Right is the bag of the
	// peaks right of it, zero if there are none; Left are those left of it, the nearest first.
	Path  []Hex `json:"path"`
	Right Hex   `json:"right"`
	Left  []Hex `json:"left"`
}

func (h *handler) attestedRoutes() []route {
	wait := inQuery("wait", "how long to wait for it, such as 5s, 10s at most; not at all while many others do")
	return []route{
		{
			method: "GET", path: "/v1/certificates/{height}", summary: "The certificate of a height: more than two thirds of the voting power signed that they hold it and the window of heights before it; not_attested while there is none",
			params: []param{inPath("height", "a height, or latest"), wait}, answer: Certificate{}, serve: h.certificate,
		},
		{
			method: "GET", path: "/v1/attesters/{epoch}", summary: "The attester set of an epoch, in the order in which certificates count signers",
			params: []param{inPath("epoch", "an epoch, from 0 on, or current")}, answer: AttesterSet{}, serve: h.attesters,
		},
		{
			method: "GET", path: "/v1/rotations/{epoch}", summary: "What the set of an epoch signed of the next epoch's set; not_attested while there is no quorum",
			params: []param{inPath("epoch", "an epoch, from 0 on"), wait}, answer: Rotation{}, serve: h.rotation,
		},
		{
			method: "GET", path: "/v1/history/{height}", summary: "The data root and blob tree root of a height, and their proof in the history that a certificate of another height signs",
			params: []param{inPath("height", "a height"), inQuery("newest", "the certificate's height; the newest certificate's unless given")},
			answer: History{}, serve: h.history,
		},
	}
}

// attestations fails where the node collects none.
func (h *handler) attestations() (Attestations, error) {
	if h.config.Full.Attestations == nil {
		return nil, fmt.Errorf("%w: this node collects no attestations", ErrUnsupported)
	}
	return h.config.Full.Attestations, nil
}

func (h *handler) certificate(w http.ResponseWriter, r *http.Request) error {
	attested, err := h.attestations()
	if err != nil {
		return err
	}
	var height uint64
	if path := r.PathValue("height"); path != latest {
		if height, err = parseHeight(path); err != nil {
			return err
		}
	}
	found, err := awaitAttested(r, h.waits, attested, func(ctx context.Context) (*da.Certificate, error) { return attested.Certificate(ctx, height) })
	if err != nil {
		return err
	}
	set, _, err := attested.Attesters(r.Context(), found.Epoch)
	if err != nil {
		return err
	}
	return sendJSON(w, ShowCertificate(found, set))
}

// awaitAttested asks again whenever there is another certificate, for as long as the request says and there is a slot
// to wait in: those that wait must leave room for other reads.
func awaitAttested[T any](r *http.Request, slots chan struct{}, attested Attestations, ask func(context.Context) (T, error)) (T, error) {
	var none T
	wait, err := queryWait(r)
	if err != nil {
		return none, err
	}
	if wait > 0 {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			wait = 0
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	for {
		changed := attested.Changed()
		found, err := ask(r.Context())
		if wait == 0 || !errors.Is(err, ErrNotAttested) && !errors.Is(err, da.ErrFutureHeight) {
			return found, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return none, err
		}
	}
}

// queryWait reads how long a request waits, 0 if it does not.
func queryWait(r *http.Request) (time.Duration, error) {
	s := r.URL.Query().Get("wait")
	if s == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(s)
	if err != nil || wait < 0 || wait > maxCertificateWait {
		return 0, fmt.Errorf("%w: wait=%.40q: want a duration such as 5s, %v at most", ErrBadRequest, s, maxCertificateWait)
	}
	return wait, nil
}

func (h *handler) attesters(w http.ResponseWriter, r *http.Request) error {
	attested, err := h.attestations()
	if err != nil {
		return err
	}
	var epoch uint64
	if path := r.PathValue("epoch"); path == current {
		epoch, err = attested.CurrentEpoch(r.Context())
	} else {
		epoch, err = parseEpoch(path)
	}
	if err != nil {
		return err
	}
	set, taken, err := attested.Attesters(r.Context(), epoch)
	if err != nil {
		return err
	}
	shown, err := ShowAttesters(set, taken)
	if err != nil {
		return err
	}
	return sendJSON(w, shown)
}

func parseEpoch(s string) (uint64, error) {
	epoch, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: epoch %.40q: want a number from 0 on", ErrBadRequest, s)
	}
	return epoch, nil
}

func (h *handler) rotation(w http.ResponseWriter, r *http.Request) error {
	attested, err := h.attestations()
	if err != nil {
		return err
	}
	epoch, err := parseEpoch(r.PathValue("epoch"))
	if err != nil {
		return err
	}
	found, err := awaitAttested(r, h.waits, attested, func(ctx context.Context) (*da.SignedRotation, error) { return attested.Rotation(ctx, epoch) })
	if err != nil {
		return err
	}
	set, _, err := attested.Attesters(r.Context(), epoch)
	if err != nil {
		return err
	}
	return sendJSON(w, Rotation{
		ChainID: found.ChainID, Epoch: found.Epoch, SetHash: found.SetHash[:], NextHash: found.NextHash[:], Time: found.Time,
		QuorumSignature: showQuorum(found.Digest(), &found.Signers, &found.Signature, set),
	})
}

func (h *handler) history(w http.ResponseWriter, r *http.Request) error {
	attested, err := h.attestations()
	if err != nil {
		return err
	}
	height, err := parseHeight(r.PathValue("height"))
	if err != nil {
		return err
	}
	newest, err := queryHeight(r, "newest")
	if err != nil {
		return err
	}
	if newest == 0 {
		certificate, err := attested.Certificate(r.Context(), 0)
		if err != nil {
			return err
		}
		newest = certificate.Height
	}
	if height > newest {
		return Advise(fmt.Errorf("%w: height %d is not in the history of height %d", ErrBadRequest, height, newest), "give a newest at or above the height")
	}
	of, in, proof, err := attested.History(r.Context(), height, newest)
	if err != nil {
		return err
	}
	return sendJSON(w, History{
		Height: height, DataRoot: of.DataRoot[:], BlobTreeRoot: of.BlobTreeRoot[:], Newest: newest, Root: in.HistoryRoot[:],
		Path: hashes(proof.Path), Right: proof.Right[:], Left: hashes(proof.Left),
	})
}

// ShowCertificate shows a certificate, of a set that it was verified against.
func ShowCertificate(c *da.Certificate, set *da.AttesterSet) Certificate {
	return Certificate{
		Certificate: c.Encode(), ChainID: c.ChainID, Epoch: c.Epoch, SetHash: c.SetHash[:], Height: c.Height, Time: c.Time,
		HeaderHash: c.HeaderHash[:], DataRoot: c.DataRoot[:], BlobTreeRoot: c.BlobTreeRoot[:], HistoryRoot: c.HistoryRoot[:],
		QuorumSignature: showQuorum(c.Digest(), &c.Signers, &c.Signature, set),
	}
}

func showQuorum(digest [da.HashSize]byte, signers *da.Signers, signature *da.AttestationSignature, set *da.AttesterSet) QuorumSignature {
	shown := QuorumSignature{Digest: digest[:], Signers: signers[:], Signature: signature[:], TotalPower: set.Total}
	for i := range set.Attesters {
		if signers.Has(i) {
			shown.SignedPower += set.Attesters[i].Power
		}
	}
	return shown
}

// ShowAttesters shows a set, taken at a time in seconds since 1970. It fails as AttesterSet.Hash does.
func ShowAttesters(set *da.AttesterSet, taken uint64) (*AttesterSet, error) {
	hash, err := set.Hash()
	if err != nil {
		return nil, err
	}
	shown := &AttesterSet{Epoch: set.Epoch, Total: set.Total, Hash: hash[:], Time: taken, Attesters: make([]Attester, len(set.Attesters))}
	for i, a := range set.Attesters {
		shown.Attesters[i] = Attester{Operator: da.FormatAddress(a.Operator), Key: append(Hex{}, a.Key[:]...), Power: a.Power}
	}
	return shown, nil
}
