package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// followedPause is how long a stream waits before it looks again for a height that is not there.
const followedPause = time.Second

// newestOr resolves "latest" and nothing to the newest height verified.
func (h *handler) newestOr(s string) (uint64, error) {
	return heightOr(s, h.config.Light.Followed.Newest(), "no header is verified yet")
}

func (h *handler) followedHeader(w http.ResponseWriter, r *http.Request) error {
	height, err := h.newestOr(r.PathValue("height"))
	if err != nil {
		return err
	}
	header, err := h.config.Light.Followed.Header(r.Context(), height)
	if err != nil {
		return err
	}
	return sendHeader(w, height, header)
}

// sendHeader answers with a header and the path to its DA header.
func sendHeader(w http.ResponseWriter, height uint64, header *chain.Header) error {
	signed, err := cmtjson.Marshal(header.Signed())
	if err != nil {
		return fmt.Errorf("encode the signed header: %w", err)
	}
	return sendJSON(w, Header{height, header.Hash(), signed, showHeaderProof(header.Proof())})
}

func (h *handler) followedNamespace(w http.ResponseWriter, r *http.Request) error {
	query, err := parseNamespaceQuery(r)
	if err != nil {
		return err
	}
	if query.stream {
		return h.streamFollowed(w, r, query)
	}
	height, err := h.newestOr(query.height)
	if err != nil {
		return err
	}
	blobs, err := h.config.Light.Followed.Namespace(r.Context(), query.namespace, height)
	if err != nil {
		return err
	}
	return sendJSON(w, blobs)
}

// waits is sent once for each reason why a height of a stream is not there yet, other than that
// it has no verdict.
type waits struct {
	Height uint64  `json:"height"`
	Reason Problem `json:"reason"`
}

// streamFollowed sends the namespace's blobs of every height, as the node finds them available,
// and never leaves one out. It ends with an event error where waiting does not help.
func (h *handler) streamFollowed(w http.ResponseWriter, r *http.Request, query namespaceQuery) error {
	height, err := streamStart(r, query.height, h.newestOr)
	if err != nil {
		return err
	}
	s := newStream(w)
	for ; ; height++ {
		blobs, err := h.awaitFollowed(s, r, query.namespace, height)
		if err == nil {
			err = s.send(height, "blobs", blobs)
		}
		if err != nil {
			h.config.Log.Debug("stream ended", "request_id", requestID(r), "height", height, "error", err)
			if !s.begun && r.Context().Err() == nil {
				return err
			}
			return nil
		}
	}
}

// awaitFollowed returns the blobs of a height, however long it takes. An error ends the stream; the
// peer was told of it unless nothing was sent before.
func (h *handler) awaitFollowed(s *stream, r *http.Request, ns da.Namespace, height uint64) (*NamespaceBlobs, error) {
	told := ""
	for beat := time.Now(); ; {
		blobs, err := h.followedWithin(r.Context(), ns, height)
		if err == nil {
			return blobs, nil
		}
		problem, _ := problemOf(err, requestID(r))
		switch {
		case r.Context().Err() != nil:
			return nil, r.Context().Err()
		case !problem.Retryable && problem.Code != CodeNotFound: // not found: unavailable so far
			if s.begun {
				err = errors.Join(err, s.send(0, "error", problem))
			}
			return nil, err
		case problem.Code != CodeFutureHeight && problem.Message != told:
			told, beat = problem.Message, time.Now()
			err = s.send(0, "waits", waits{height, problem})
		case !s.begun || time.Since(beat) > heartbeat:
			beat = time.Now()
			err = s.beat()
		default:
			err = nil
		}
		if err != nil {
			return nil, err
		}
		select {
		case <-r.Context().Done():
		case <-time.After(followedPause):
		}
	}
}

// followedWithin asks for a height, for no longer than any read may take.
func (h *handler) followedWithin(ctx context.Context, ns da.Namespace, height uint64) (*NamespaceBlobs, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.ReadTimeout)
	defer cancel()
	return h.config.Light.Followed.Namespace(ctx, ns, height)
}

func (h *handler) followedData(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	height, err := queryHeight(r, "height")
	if err != nil {
		return err
	}
	if height == 0 {
		return Advise(fmt.Errorf("%w: height is missing", ErrBadRequest), "say which height includes the blob: a light node keeps no index of them")
	}
	data, err := h.config.Light.Followed.Blob(r.Context(), height, id)
	if err != nil {
		return err
	}
	sendBlob(w, data)
	return nil
}
