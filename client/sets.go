package client

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

var (
	// ErrWrongSet means that an attester set, or what it is said to have signed, is not what the
	// trusted set leads to.
	ErrWrongSet = errors.New("not an attester set that the trusted one leads to")
	// ErrStaleSet means that an attester set is older than what can be trusted: those in it may have taken
	// their stake away, and answer for nothing they sign.
	ErrStaleSet = errors.New("the attester set is too old to be trusted")
)

// maxSets bounds the sets that are remembered beside the trusted one.
const maxSets = 64

// SetAnchor is an attester set that somebody trustworthy vouches for.
type SetAnchor struct {
	ChainID string
	Epoch   uint64
	Hash    [da.HashSize]byte
	// Taken is when the set was, zero: it counts as fresh, since whoever vouches for it does so now.
	Taken time.Time
	// Period is how long after it was taken a set is good to verify by, less than the chain's
	// unbonding time; 0: two weeks.
	Period time.Duration
}

// ParseSetAnchor reads EPOCH:HASH.
func ParseSetAnchor(chainID, text string) (anchor SetAnchor, _ error) {
	epoch, hash, found := strings.Cut(text, ":")
	decoded, err := hex.DecodeString(hash)
	if err != nil || !found || len(decoded) != da.HashSize {
		return anchor, fmt.Errorf("attester set %q: want EPOCH:HASH, such as 12: and 64 hex digits", text)
	}
	if anchor.Epoch, err = strconv.ParseUint(epoch, 10, 63); err != nil {
		return anchor, fmt.Errorf("attester set %q: want EPOCH:HASH, the epoch a number", text)
	}
	anchor.ChainID, anchor.Hash = chainID, [da.HashSize]byte(decoded)
	return anchor, nil
}

// Sets follows a chain's attester sets from a trusted one: each set signs the next. It is safe for
// concurrent use, and clients may share it.
type Sets struct {
	anchor SetAnchor
	now    func() time.Time
	turn   turn // of whoever follows them on

	mu    sync.Mutex
	known map[uint64]*trustedSet // by epoch; guarded by mu
}

// trustedSet is a set that was verified.
type trustedSet struct {
	*da.AttesterSet
	taken time.Time // zero: it counts as fresh
}

// FollowSets takes the sets that the anchor's leads to. What the client's nodes say of the sets is
// verified, so that they cannot show others; that they show none is possible. Whoever holds the keys
// of more than two thirds of a set could sign two that follow it: so three others of the
// client's nodes at most are asked for what they know, and where that differs and verifies as well, it fails
// with ErrForked.
func FollowSets(anchor SetAnchor) *Sets {
	if anchor.Period == 0 {
		anchor.Period = defaultPeriod
	}
	return &Sets{anchor: anchor, now: time.Now, turn: make(turn, 1), known: make(map[uint64]*trustedSet)}
}

// set returns the set of an epoch, as the nodes lead to it. It fails with ErrWrongSet, ErrStaleSet and
// ErrForked, and like the node. A nil Sets takes the node's word.
func (s *Sets) set(ctx context.Context, from source, epoch uint64) (*da.AttesterSet, error) {
	if s == nil {
		return from.attesters(ctx, epoch)
	}
	if epoch < s.anchor.Epoch {
		return nil, fmt.Errorf("%w: epoch %d, and the one trusted is %d: sets are followed forward", ErrStaleSet, epoch, s.anchor.Epoch)
	}
	at := s.newest(epoch)
	if at == nil || at.Epoch < epoch {
		var err error
		if at, err = s.follow(ctx, from, epoch); err != nil {
			return nil, err
		}
	}
	return at.AttesterSet, s.fresh(at)
}

// follow verifies set after set up to an epoch's, when its turn has come.
func (s *Sets) follow(ctx context.Context, from source, epoch uint64) (*trustedSet, error) {
	if err := s.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.turn.end()
	at, err := s.begin(ctx, from, epoch)
	for err == nil && at.Epoch < epoch {
		if at, err = s.next(ctx, from, at); err == nil {
			s.remember(at)
		}
	}
	return at, err
}

// newest returns the newest verified set up to an epoch, nil if there is none.
func (s *Sets) newest(epoch uint64) (best *trustedSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.known {
		if known.Epoch <= epoch && (best == nil || known.Epoch > best.Epoch) {
			best = known
		}
	}
	return best
}

// begin returns the newest verified set up to an epoch, the anchor's at first. The caller has the turn.
func (s *Sets) begin(ctx context.Context, from source, epoch uint64) (*trustedSet, error) {
	if best := s.newest(epoch); best != nil {
		return best, nil
	}
	set, err := from.attesters(ctx, s.anchor.Epoch)
	if err != nil {
		return nil, err
	}
	if hash, err := set.Hash(); err != nil || hash != s.anchor.Hash {
		return nil, fmt.Errorf("%w: the set of epoch %d has hash %x, the trusted one %x (%w)", ErrWrongSet, s.anchor.Epoch, hash, s.anchor.Hash, errors.Join(err, da.ErrMismatch))
	}
	anchored := &trustedSet{set, s.anchor.Taken}
	s.remember(anchored)
	return anchored, nil
}

// next verifies the set after one.
func (s *Sets) next(ctx context.Context, from source, at *trustedSet) (*trustedSet, error) {
	if err := s.fresh(at); err != nil {
		return nil, err
	}
	signed, next, err := s.handover(ctx, from, at)
	if err != nil {
		return nil, err
	}
	if err := s.witness(ctx, from, at, signed); err != nil {
		return nil, err
	}
	return &trustedSet{next, time.Unix(int64(signed.Time), 0)}, nil
}

// handover asks a node which set comes after one, and verifies that the one signed it.
func (s *Sets) handover(ctx context.Context, from source, at *trustedSet) (*da.SignedRotation, *da.AttesterSet, error) {
	signed, err := from.rotation(ctx, at.Epoch)
	if err != nil {
		return nil, nil, err
	}
	next, err := from.attesters(ctx, at.Epoch+1)
	if err != nil {
		return nil, nil, err
	}
	if err := signed.Verify(s.anchor.ChainID, at.AttesterSet, next); err != nil {
		return nil, nil, fmt.Errorf("%w: from epoch %d to the next: %w", ErrWrongSet, at.Epoch, err)
	}
	return signed, next, nil
}

// witness fails with ErrForked if another of the client's nodes has another set after one, which
// was signed as well. One that cannot be asked, or lies, says nothing.
func (s *Sets) witness(ctx context.Context, from source, at *trustedSet, signed *da.SignedRotation) error {
	asked := 0
	for _, node := range from.client.nodes.order() {
		if node == from.node || asked == maxWitnesses || from.client.nodes.rests(node) {
			continue
		}
		asked++
		bounded, cancel := context.WithTimeout(ctx, from.client.timeout/8)
		other, _, err := s.handover(bounded, source{from.client, node}, at)
		cancel()
		if err == nil && other.NextHash != signed.NextHash {
			return fmt.Errorf("%w: the set of epoch %d signed two that follow it, %x as %s says and %x as %s does", ErrForked, at.Epoch, signed.NextHash, from.node.url, other.NextHash, node.url)
		}
	}
	return nil
}

// fresh fails with ErrStaleSet for a set that was taken too long ago.
func (s *Sets) fresh(set *trustedSet) error {
	if age := s.now().Sub(set.taken); !set.taken.IsZero() && age > s.anchor.Period {
		return fmt.Errorf("%w: that of epoch %d was taken %v ago, more than %v: begin with a newer one that you trust", ErrStaleSet, set.Epoch, age.Round(time.Second), s.anchor.Period)
	}
	return nil
}

// remember keeps a verified set, and forgets the oldest but the anchor's where there are many.
func (s *Sets) remember(set *trustedSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[set.Epoch] = set
	for len(s.known) > maxSets+1 {
		oldest := set.Epoch
		for epoch := range s.known {
			if epoch != s.anchor.Epoch {
				oldest = min(oldest, epoch)
			}
		}
		delete(s.known, oldest)
	}
}

// ParseSet reads a set as GET /v1/attesters/{epoch} answers it. It fails with da.ErrMalformed or
// da.ErrInvalidKey, and with da.ErrMismatch where the set does not have the hash it is said to have.
func ParseSet(encoded []byte) (*da.AttesterSet, error) {
	var answer attesterSet
	if err := json.Unmarshal(encoded, &answer); err != nil {
		return nil, fmt.Errorf("%w: attester set: %w", da.ErrMalformed, err)
	}
	return answer.decode()
}

func (a *attesterSet) decode() (*da.AttesterSet, error) {
	set := &da.AttesterSet{Epoch: a.Epoch, Total: a.Total}
	if len(a.Attesters) > da.MaxAttesters {
		return nil, fmt.Errorf("%w: a set of %d attesters, at most %d", da.ErrMalformed, len(a.Attesters), da.MaxAttesters)
	}
	for i, member := range a.Attesters {
		operator, err := da.ParseAddress(member.Operator)
		if err != nil || len(member.Key) != da.AttestationKeySize {
			return nil, fmt.Errorf("%w: attester %d: operator %.80q, key of %d bytes", da.ErrMalformed, i, member.Operator, len(member.Key))
		}
		set.Attesters = append(set.Attesters, da.Attester{Operator: operator, Key: da.AttestationKey(member.Key), Power: member.Power})
	}
	hash, err := set.Hash()
	if err != nil {
		return nil, err
	}
	if string(hash[:]) != string(a.Hash) {
		return nil, fmt.Errorf("%w: the set of epoch %d has hash %x, and is said to have %x", da.ErrMismatch, set.Epoch, hash, []byte(a.Hash))
	}
	return set, nil
}

// attesters asks for an epoch's set. Whether it is the chain's is for Sets to say.
func (s source) attesters(ctx context.Context, epoch uint64) (*da.AttesterSet, error) {
	answer, err := getFrom[attesterSet](ctx, s.client, s.node, "/v1/attesters/"+strconv.FormatUint(epoch, 10))
	if err != nil {
		return nil, err
	}
	if answer.Epoch != epoch {
		return nil, fmt.Errorf("%w: the node answered the set of epoch %d for %d", da.ErrMismatch, answer.Epoch, epoch)
	}
	return answer.decode()
}

// rotation asks what an epoch's set signed of the next. Verifying it is the caller's.
func (s source) rotation(ctx context.Context, epoch uint64) (*da.SignedRotation, error) {
	answer, err := getFrom[rotation](ctx, s.client, s.node, "/v1/rotations/"+strconv.FormatUint(epoch, 10))
	if err != nil {
		return nil, err
	}
	r := &da.SignedRotation{Rotation: da.Rotation{ChainID: answer.ChainID, Epoch: answer.Epoch, Time: answer.Time}}
	whole := copy(r.SetHash[:], answer.SetHash) == len(answer.SetHash) && copy(r.NextHash[:], answer.NextHash) == len(answer.NextHash) &&
		copy(r.Signers[:], answer.Signers) == len(answer.Signers) && copy(r.Signature[:], answer.Signature) == len(answer.Signature)
	if !whole || answer.Epoch != epoch {
		return nil, fmt.Errorf("%w: the rotation of epoch %d", da.ErrMalformed, epoch)
	}
	return r, nil
}
