package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// Update is a step of a submission, or what keeps it from the next one.
type Update struct {
	State State
	// Height is the block's that includes it, from Included on.
	Height uint64
	// CertificateHeight is that of the certificate that covers the block, once it is Attested.
	CertificateHeight uint64
	// Tx is the transaction's id: SHA-256 of its signed bytes. Another one replaces it where
	// the fee is raised or the sequence was used by others.
	Tx Hex
	// Signer is the account that posts it: a lane's, where there are lanes.
	Signer string
	// Err is why a submission failed; in other states why it has not come further yet, as far
	// as that is known.
	Err error
	// Time is when this client learned of it.
	Time time.Time
}

// Posted says what became of a blob.
type Posted struct {
	ID da.BlobID `json:"id"`
	// Status is how far it has come, see State.
	Status string `json:"status"`
	// Height is the block that includes the blob, 0 while none does.
	Height uint64 `json:"height,omitempty"`
	// CertificateHeight is that of the certificate that covers the block, once it is attested.
	CertificateHeight uint64 `json:"certificate_height,omitempty"`
	// Signer is the account that posted it, and what the blob's index entry names: a lane's,
	// where there are lanes. Empty where the node's own key paid.
	Signer string `json:"signer,omitempty"`
	// Tx is the transaction's id: SHA-256 of its signed bytes.
	Tx              Hex          `json:"tx"`
	Namespace       da.Namespace `json:"namespace"`
	Encoding        da.Encoding  `json:"encoding"`
	Size            uint64       `json:"size"`
	Keccak256       Hex          `json:"keccak256"`
	VersionedHashes []Hex        `json:"versioned_hashes"`
}

// maxHistory bounds the updates that are kept of a submission.
const maxHistory = 64

// Submission is a set of blobs on its way into one block. It is safe for concurrent use.
type Submission struct {
	key    contentKey
	infos  []da.BlobInfo
	client *Client // nil in tests of states

	mu      sync.Mutex
	history []Update      // guarded by mu
	dropped int           // updates no longer in history; guarded by mu
	changed chan struct{} // closed and replaced with each update; guarded by mu
}

func newSubmission(key contentKey, infos []da.BlobInfo) *Submission {
	return &Submission{key: key, infos: infos, changed: make(chan struct{}), history: []Update{{State: Queued, Time: time.Now()}}}
}

// IDs returns the blobs' ids, in the order they were submitted in.
func (s *Submission) IDs() []da.BlobID {
	ids := make([]da.BlobID, len(s.infos))
	for i := range ids {
		ids[i] = s.infos[i].ID()
	}
	return ids
}

// State returns the newest update.
func (s *Submission) State() Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last()
}

// last returns the newest update. The caller holds mu.
func (s *Submission) last() Update { return s.history[len(s.history)-1] }

// Posted describes the blobs and how far they have come.
func (s *Submission) Posted() []Posted {
	last := s.State()
	posted := make([]Posted, len(s.infos))
	for i := range posted {
		posted[i] = describe(&s.infos[i])
		posted[i].Status, posted[i].Height, posted[i].Tx, posted[i].Signer = string(last.State), last.Height, last.Tx, last.Signer
		posted[i].CertificateHeight = last.CertificateHeight
	}
	return posted
}

// describe says of a blob what its message does.
func describe(info *da.BlobInfo) Posted {
	p := Posted{ID: info.ID(), Namespace: info.Namespace, Encoding: info.Encoding, Size: info.Size, Keccak256: info.Keccak256[:]}
	for _, commitment := range info.Commitments {
		hash := da.VersionedHash(commitment)
		p.VersionedHashes = append(p.VersionedHashes, hash[:])
	}
	return p
}

// Updates yields what happened so far and then what happens, until the submission is final
// or has failed, or ctx ends. Many may read at once, each at its own pace: nothing waits for
// a reader. Where one is more than 64 updates behind, it misses the oldest.
func (s *Submission) Updates(ctx context.Context) iter.Seq[Update] {
	return func(yield func(Update) bool) {
		for next := 0; ; {
			updates, after, changed := s.since(next)
			for _, u := range updates {
				if !yield(u) || u.State.ended() {
					return
				}
			}
			next = after
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}

// since returns the updates from number next on, the number of the one after them, and what
// is closed when there is another.
func (s *Submission) since(next int) ([]Update, int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := s.dropped + len(s.history)
	return append([]Update{}, s.history[max(0, next-s.dropped):]...), end, s.changed
}

// Wait returns once the submission has come as far as want, with what was posted. It fails
// with the cause where the submission does, and with ctx's error and what was waited for,
// where ctx ends first: the submission goes on, and may be waited for again.
func (s *Submission) Wait(ctx context.Context, want State) ([]Posted, error) {
	if err := want.Waitable(); err != nil {
		return nil, err
	}
	if want == Attested {
		return s.waitAttested(ctx)
	}
	for {
		_, _, changed := s.since(0)
		switch last := s.State(); {
		case last.State == Failed:
			return nil, last.Err
		case last.State.has(want):
			return s.Posted(), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, s.unfinished(ctx.Err(), want)
		}
	}
}

// waitAttested waits until the submission is final, and then for a certificate.
func (s *Submission) waitAttested(ctx context.Context) ([]Posted, error) {
	posted, err := s.Wait(ctx, Final)
	if err != nil || posted[0].Status == string(Attested) {
		return posted, err
	}
	found, err := s.client.WaitAttested(ctx, posted[0].Height)
	if err != nil {
		return nil, s.unfinished(err, Attested)
	}
	s.mu.Lock()
	u := s.last()
	u.State, u.CertificateHeight, u.Err, u.Time = Attested, found.Certificate.Height, nil, time.Now()
	s.history[len(s.history)-1] = u // Updates end with Final, and whoever waits here knows
	s.mu.Unlock()
	return s.Posted(), nil
}

// unfinished says how far the submission has come.
func (s *Submission) unfinished(cause error, want State) error {
	last := s.State()
	if last.Err != nil {
		cause = fmt.Errorf("%w; last: %w", cause, last.Err)
	}
	return fmt.Errorf("blob %s is %s and not %s yet, which it may still become: %w", s.IDs()[0], last.State, want, cause)
}

// note adds an update and wakes who waits. What only repeats the one before is left out.
func (s *Submission) note(u Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.last()
	if last.State.ended() || u.State == last.State && sameCause(u.Err, last.Err) && string(u.Tx) == string(last.Tx) && u.Height == last.Height {
		return
	}
	u.Time = time.Now()
	s.history = append(s.history, u)
	if surplus := len(s.history) - maxHistory; surplus > 0 {
		s.history, s.dropped = s.history[surplus:], s.dropped+surplus
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// signed notes another transaction. What a node accepted before stays accepted: the new one
// takes its place.
func (s *Submission) signed(tx *signedTx) {
	u := s.State()
	if !u.State.has(Signed) {
		u.State = Signed
	}
	u.Tx, u.Signer, u.Err = tx.id(), tx.address, nil
	s.note(u)
}

// included notes a block that has it.
func (s *Submission) included(height uint64) {
	u := s.State()
	u.State, u.Height, u.Err = Included, height, nil
	s.note(u)
}

// hindered notes what keeps the submission from its next state.
func (s *Submission) hindered(cause error) {
	u := s.State()
	u.Err = cause
	s.note(u)
}

// sameCause tells whether two errors say the same, but for the request they answer.
func sameCause(a, b error) bool {
	if a == nil || b == nil {
		return (a == nil) == (b == nil)
	}
	return a.Error() == b.Error()
}

// errClosed is why submissions end that a closed client has.
var errClosed = errors.New("the client is closed")
