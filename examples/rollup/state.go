package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ashlar-da/ashlar/client"
)

// Tx sets a key, or deletes it where the value is empty.
type Tx struct {
	From      client.Hex `json:"from"`    // a public key, compressed
	Version   uint64     `json:"version"` // of the key's entry after it: one more than before, so that it holds once
	Key       string     `json:"key"`
	Value     string     `json:"value"`
	Signature client.Hex `json:"signature"` // of hash
}

// Batch is what a blob holds.
type Batch struct {
	Number    uint64     `json:"number"` // 1, 2, 3 and so on
	Parent    client.Hex `json:"parent"` // the state root that it builds on
	Txs       []Tx       `json:"txs"`
	Signature client.Hex `json:"signature"` // the sequencer's, of hash
}

// Entry is what a key is set to. Whoever sets it first owns it.
type Entry struct {
	Owner   client.Hex `json:"owner"`
	Version uint64     `json:"version"`
	Value   string     `json:"value"` // empty: deleted
}

// State is what batches result in. The public key of its sequencer is what tells rollups apart.
type State struct {
	Sequencer client.Hex
	Number    uint64 // the last batch's
	Entries   map[string]Entry
}

// Root commits to the state: it hashes the rollup, the number and the map, sorted by key.
func (s *State) Root() client.Hex { return hash("state", s.Sequencer, s.Number, s.Entries) }

// Next is all there is to the rollup's consensus. It returns the state after a blob, or why the blob
// changes nothing: it is no batch, not the sequencer's, or not the one that comes next. So the first
// batch that fits wins, and it is of no use to repeat batches or to reorder them.
func (s *State) Next(blob []byte) (*State, error) {
	var b Batch
	switch err := decode(blob, &b); {
	case err != nil:
		return nil, fmt.Errorf("no batch: %w", err)
	case !(&secp256k1.PubKey{Key: s.Sequencer}).VerifySignature(b.hash(), b.Signature):
		return nil, errors.New("the sequencer did not sign it")
	case b.Number != s.Number+1 || !bytes.Equal(b.Parent, s.Root()):
		return nil, fmt.Errorf("batch %d on root %x does not follow batch %d with root %x", b.Number, b.Parent, s.Number, s.Root())
	}
	next := s.clone()
	next.Number++
	for i := range b.Txs {
		_ = next.apply(&b.Txs[i]) // one that does not hold changes nothing
	}
	return next, nil
}

// apply executes a transaction, or says why it does not hold.
func (s *State) apply(t *Tx) error {
	entry := s.Entries[t.Key]
	switch {
	case !(&secp256k1.PubKey{Key: t.From}).VerifySignature(t.hash(s.Sequencer), t.Signature):
		return errors.New("it is not signed by its account for this rollup")
	case t.Version != entry.Version+1:
		return fmt.Errorf("version %d of key %q: the next is %d", t.Version, t.Key, entry.Version+1)
	case entry.Owner != nil && !bytes.Equal(entry.Owner, t.From):
		return fmt.Errorf("key %q is owned by %x", t.Key, entry.Owner)
	}
	s.Entries[t.Key] = Entry{t.From, t.Version, t.Value}
	return nil
}

func (s *State) clone() *State { return &State{s.Sequencer, s.Number, maps.Clone(s.Entries)} }

func (b *Batch) hash() []byte { return hash("batch", b.Number, b.Parent, b.Txs) }

func (t *Tx) hash(rollup []byte) []byte { return hash("tx", rollup, t.From, t.Version, t.Key, t.Value) }

// hash hashes values, the first of which says what they are.
func hash(values ...any) []byte {
	sum := sha256.Sum256(encode(values))
	return sum[:]
}

// encode writes JSON. No value here is of a kind that JSON has not.
func encode(value any) []byte {
	encoded, _ := json.Marshal(value)
	return encoded
}

// decode takes what encode writes, and no other spelling of it.
func decode(encoded []byte, into any) error {
	err := json.Unmarshal(encoded, into)
	if err == nil && !bytes.Equal(encoded, encode(into)) {
		err = errors.New("not in its one form")
	}
	return err
}
