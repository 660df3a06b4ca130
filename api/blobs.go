package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// maxInclusions bounds the inclusions of one blob that are shown, and the heights that are
	// looked at for them.
	maxInclusions = 16
	// maxIDs bounds the ids that a look-up by hash returns.
	maxIDs = 100
)

func (h *handler) postBlob(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	wait, err := h.parseWait(query.Get("wait"))
	if err != nil {
		return err
	}
	blob := da.Blob{}
	if blob.Encoding, err = parseEncoding(query.Get("encoding")); err != nil {
		return err
	}
	if blob.Namespace, err = parseNamespace(query.Get("namespace")); err != nil {
		return err
	}
	if err := blob.Namespace.ValidateForBlob(); err != nil {
		return err
	}
	posted, err := h.takeBlob(w, r, blob)
	if err != nil {
		return err
	}
	receipt := BlobReceipt{Tx: Hex(posted.Tx[:]), Status: wait, BlobSummary: showInfo(&posted.Info)}
	if receipt.Height, receipt.CertificateHeight, err = h.await(r.Context(), wait, posted.Tx); err != nil {
		return fmt.Errorf("blob %s: %w", receipt.ID, err)
	}
	return sendJSON(w, receipt)
}

// takeBlob reads the bytes of a blob and has the node post it.
func (h *handler) takeBlob(w http.ResponseWriter, r *http.Request, blob da.Blob) (*Posted, error) {
	var posted *Posted
	err := h.upload(w, r, int64(da.MaxTxCells*blob.Encoding.CellBytes()), func(body []byte) (err error) {
		blob.Data = body
		if err := blob.Check(); err != nil {
			return err
		}
		posted, err = h.config.Full.Submitter.PostBlob(r.Context(), blob)
		return err
	})
	return posted, err
}

// await waits for what the request asked for and returns the heights of the block and of the
// certificate, 0 if that is nothing.
func (h *handler) await(ctx context.Context, wait string, tx [da.HashSize]byte) (height, certificate uint64, _ error) {
	if wait == StatusAccepted {
		return 0, 0, nil
	}
	height, err := h.config.Full.Submitter.WaitIncluded(ctx, tx)
	if errors.Is(err, ErrEvicted) || errors.Is(err, ErrReplaced) {
		return 0, 0, fmt.Errorf("transaction %x was accepted and left the mempool: %w", tx, err)
	}
	if err != nil {
		return 0, 0, Advise(fmt.Errorf("transaction %x was accepted and is not included yet: %w", tx, err),
			"do not post it anew: it may still be included, and GET /v1/blobs/ID finds its blobs then")
	}
	if wait == StatusAttested {
		certificate, err = h.awaitCovered(ctx, height)
	}
	return height, certificate, err
}

// awaitCovered waits for a certificate whose history includes a height, and returns its height.
func (h *handler) awaitCovered(ctx context.Context, height uint64) (uint64, error) {
	attested := h.config.Full.Attestations
	for {
		changed := attested.Changed()
		found, err := attested.Covering(ctx, height)
		if err == nil {
			return found.Height, nil
		}
		if !errors.Is(err, ErrNotAttested) && !errors.Is(err, da.ErrFutureHeight) {
			return 0, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, Advise(fmt.Errorf("%w: included at height %d, and no certificate covers that yet: %w", ErrNotAttested, height, ctx.Err()),
				"do not post it anew; GET /v1/certificates/HEIGHT?wait=10s waits on")
		}
	}
}

func (h *handler) postTx(w http.ResponseWriter, r *http.Request) error {
	wait, err := h.parseWait(r.URL.Query().Get("wait"))
	if err != nil {
		return err
	}
	receipt := Receipt{Status: wait}
	var submitted Submitted
	err = h.upload(w, r, da.MaxEnvelopeSize, func(tx []byte) (err error) {
		if receipt.Blobs, err = blobsOf(tx); err != nil {
			return err
		}
		submitted, err = h.config.Full.Submitter.SubmitTx(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	receipt.Tx = submitted.Tx[:]
	switch {
	case submitted.Height > 0 && wait == StatusAttested:
		receipt.Height = submitted.Height
		receipt.CertificateHeight, err = h.awaitCovered(r.Context(), submitted.Height)
	case submitted.Height > 0:
		receipt.Status, receipt.Height = StatusIncluded, submitted.Height
	default:
		receipt.Height, receipt.CertificateHeight, err = h.await(r.Context(), wait, submitted.Tx)
	}
	if err != nil {
		return err
	}
	return sendJSON(w, receipt)
}

func (h *handler) txStatus(w http.ResponseWriter, r *http.Request) error {
	id, err := parseHash("transaction id", r.PathValue("id"))
	if err != nil {
		return err
	}
	status, err := h.config.Full.Submitter.TxStatus(r.Context(), id)
	if err != nil {
		return err
	}
	shown := *status
	shown.Tx = id[:]
	return sendJSON(w, shown)
}

// blobsOf describes the blobs of a transaction, none if it is no envelope.
func blobsOf(tx []byte) ([]BlobSummary, error) {
	blobs := []BlobSummary{}
	if len(tx) == 0 {
		return nil, fmt.Errorf("%w: nothing was posted; post the bytes of a signed transaction", ErrBadRequest)
	}
	if !da.IsEnvelope(tx) {
		return blobs, nil
	}
	e, err := da.DecodeEnvelope(tx)
	if err != nil {
		return nil, asBadRequest(err)
	}
	m, err := e.Message()
	if err != nil {
		return nil, asBadRequest(err)
	}
	for i := range m.Blobs {
		blobs = append(blobs, showInfo(&m.Blobs[i]))
	}
	return blobs, nil
}

// asBadRequest says that malformed bytes are the caller's, where they are: elsewhere
// da.ErrMalformed is this node's own trouble.
func asBadRequest(err error) error {
	if errors.Is(err, da.ErrMalformed) {
		return fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return err
}

func (h *handler) findBlobs(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	keccak, versioned := query.Get("keccak256"), query.Get("versioned_hash")
	find, name, value := h.config.Full.Squares.ByKeccak256, "keccak256", keccak
	switch {
	case (keccak == "") == (versioned == ""):
		return fmt.Errorf("%w: give either keccak256 or versioned_hash", ErrBadRequest)
	case versioned != "":
		find, name, value = h.config.Full.Squares.ByVersionedHash, "versioned_hash", versioned
	}
	hash, err := parseHash(name, value)
	if err != nil {
		return err
	}
	ids, err := find(r.Context(), hash, maxIDs)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return Advise(fmt.Errorf("%w: no blob with %s %s is stored here", da.ErrNotFound, name, value), blobHint)
	}
	return sendJSON(w, BlobIDs{ids})
}

// blobHeights returns the heights that a request about a blob concerns, newest first, at most
// limit.
func (h *handler) blobHeights(r *http.Request, limit int) (id da.BlobID, heights []uint64, err error) {
	if id, err = parseID(r.PathValue("id")); err != nil {
		return id, nil, err
	}
	height, err := queryHeight(r, "height")
	if err != nil {
		return id, nil, err
	}
	before, err := queryHeight(r, "before")
	if err != nil {
		return id, nil, err
	}
	if height != 0 && before != 0 {
		return id, nil, fmt.Errorf("%w: give either height or before", ErrBadRequest)
	}
	if height != 0 {
		if _, err := h.config.Full.Squares.Header(r.Context(), height); err != nil {
			return id, nil, err
		}
		return id, []uint64{height}, nil
	}
	heights, err = h.config.Full.Squares.Heights(r.Context(), id, before, limit)
	return id, heights, err
}

func (h *handler) blob(w http.ResponseWriter, r *http.Request) error {
	id, heights, err := h.blobHeights(r, maxInclusions+1)
	if err != nil {
		return err
	}
	by, err := querySigner(r)
	if err != nil {
		return err
	}
	looked := heights[:min(len(heights), maxInclusions)]
	inclusions, err := h.inclusionsAt(r.Context(), looked, id, by)
	if err != nil {
		return err
	}
	more := len(heights) > len(looked) || len(inclusions) > maxInclusions
	switch {
	case len(inclusions) == 0 && more:
		return Advise(fmt.Errorf("%w: none of the newest %d heights with blob %s includes it as asked for", da.ErrNotFound, len(looked), id),
			fmt.Sprintf("add before=%d to look at older ones", looked[len(looked)-1]))
	case len(inclusions) == 0 && by != nil:
		return Advise(fmt.Errorf("%w: no blob %s that %s paid for is stored here", da.ErrNotFound, id, da.FormatAddress(*by)), blobHint)
	case len(inclusions) == 0:
		return Advise(fmt.Errorf("%w: blob %s is not stored here", da.ErrNotFound, id), blobHint)
	}
	inclusions = inclusions[:min(len(inclusions), maxInclusions)]
	return sendJSON(w, Blob{inclusions[0].Entry.BlobSummary, inclusions, more})
}

// signer is who has to have paid for a blob, nil for anyone.
type signer *[da.AddressSize]byte

func querySigner(r *http.Request) (signer, error) {
	s := r.URL.Query().Get("signer")
	if s == "" {
		return nil, nil
	}
	address, err := da.ParseAddress(s)
	if err != nil {
		return nil, fmt.Errorf("%w: signer: %w", ErrBadRequest, err)
	}
	return &address, nil
}

// inclusionsAt lists and proves the times that heights include a blob, until there are more
// than are shown.
func (h *handler) inclusionsAt(ctx context.Context, heights []uint64, id da.BlobID, by signer) ([]Inclusion, error) {
	var all []Inclusion
	for _, height := range heights {
		found, err := h.inclusions(ctx, height, id, by)
		if err != nil && !isGone(err) {
			return nil, err
		}
		if all = append(all, found...); len(all) > maxInclusions {
			break
		}
	}
	return all, nil
}

// isGone tells whether a height was there a moment ago.
func isGone(err error) bool { return errors.Is(err, da.ErrPruned) || errors.Is(err, da.ErrNotFound) }

// inclusions lists and proves the times that a height includes a blob, at most one more than
// are shown.
func (h *handler) inclusions(ctx context.Context, height uint64, id da.BlobID, by signer) ([]Inclusion, error) {
	header, err := h.config.Full.Squares.Header(ctx, height)
	if err != nil {
		return nil, err
	}
	index, err := h.config.Full.Squares.Index(ctx, height)
	if err != nil {
		return nil, err
	}
	var found []Inclusion
	for i := range index.Entries {
		e := &index.Entries[i]
		if e.ID != id || by != nil && e.Signer != *by {
			continue
		}
		if len(found) > maxInclusions {
			break
		}
		inclusion, err := include(height, header, index, i)
		if err != nil {
			return nil, err
		}
		found = append(found, *inclusion)
	}
	return found, nil
}

func include(height uint64, header *da.Header, index *da.Index, i int) (*Inclusion, error) {
	proof, err := index.Prove(i)
	if err != nil {
		return nil, err
	}
	path, err := da.ProveBlob(index.IDs(), index.Entries[i].ID)
	if err != nil {
		return nil, err
	}
	return &Inclusion{
		Height: height, DataRoot: dataRoot(header), Entry: showEntry(&index.Entries[i]),
		EntryProof: EntryProof{proof.Index, hexSlices(proof.Nodes)}, BlobTreeProof: hashes(path),
	}, nil
}

func (h *handler) blobData(w http.ResponseWriter, r *http.Request) error {
	id, heights, err := h.blobHeights(r, maxInclusions)
	if err != nil {
		return err
	}
	for _, height := range heights {
		data, err := h.dataAt(r.Context(), height, id)
		if isGone(err) {
			continue
		}
		if err != nil {
			return err
		}
		sendBlob(w, data)
		return nil
	}
	return Advise(fmt.Errorf("%w: blob %s is not stored here", da.ErrNotFound, id), blobHint)
}

// sendBlob answers with the bytes of a blob, which are the same for ever.
func sendBlob(w http.ResponseWriter, data []byte) {
	w.Header().Set("Cache-Control", "public, immutable, max-age=86400")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	send(w, http.StatusOK, "application/octet-stream", data)
}

func (h *handler) dataAt(ctx context.Context, height uint64, id da.BlobID) ([]byte, error) {
	index, err := h.config.Full.Squares.Index(ctx, height)
	if err != nil {
		return nil, err
	}
	for i := range index.Entries {
		if index.Entries[i].ID == id {
			return h.config.Full.Squares.Blob(ctx, height, &index.Entries[i])
		}
	}
	return nil, fmt.Errorf("%w: blob %s is not in block %d", da.ErrNotFound, id, height)
}
