package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ashlar-da/ashlar/client"
)

// keyOf is somebody's key.
func keyOf(name string) *secp256k1.PrivKey { return &secp256k1.PrivKey{Key: hash("key", name)} }

func account(key *secp256k1.PrivKey) client.Hex { return key.PubKey().Bytes() }

func genesis() *State {
	return &State{Sequencer: account(keyOf("sequencer")), Entries: map[string]Entry{}}
}

// signed is a transaction of somebody's for the rollup of genesis.
func signed(who string, version uint64, key, value string) Tx {
	t := Tx{From: account(keyOf(who)), Version: version, Key: key, Value: value}
	t.Signature = must(keyOf(who).Sign(t.hash(genesis().Sequencer)))
	return t
}

// batchOn is a batch on a state, signed as the sequencer does.
func batchOn(s *State, txs ...Tx) *Batch {
	b := &Batch{Number: s.Number + 1, Parent: s.Root(), Txs: txs}
	return b.sign("sequencer")
}

func (b *Batch) sign(who string) *Batch {
	b.Signature = must(keyOf(who).Sign(b.hash()))
	return b
}

func TestNextTakesNothingButTheNextBatch(t *testing.T) {
	s := genesis()
	first := batchOn(s, signed("anna", 1, "k", "v"))
	other := &State{Sequencer: account(keyOf("another sequencer")), Entries: map[string]Entry{}}
	for _, c := range []struct {
		name, want string // want: part of the error; empty: it is taken
		blob       func() []byte
	}{
		{"the batch", "", func() []byte { return encode(first) }},
		{"garbage", "no batch", func() []byte { return []byte("\x00 not a batch") }},
		{"nothing", "no batch", func() []byte { return nil }},
		{"JSON that is no batch", "not in its one form", func() []byte { return []byte("null") }},
		{"other spelling", "not in its one form", func() []byte { return append(encode(first), ' ') }},
		{"field twice", "not in its one form", func() []byte {
			return bytes.Replace(encode(first), []byte(`{"number":1`), []byte(`{"number":1,"number":1`), 1)
		}},
		{"field in other letters", "not in its one form", func() []byte { return bytes.Replace(encode(first), []byte(`"number"`), []byte(`"Number"`), 1) }},
		{"signed by a stranger", "did not sign", func() []byte { b := *first; return encode(b.sign("stranger")) }},
		{"changed", "did not sign", func() []byte { b := *first; b.Txs = []Tx{signed("anna", 1, "k", "w")}; return encode(b) }},
		{"not signed", "did not sign", func() []byte { b := *first; b.Signature = nil; return encode(b) }},
		{"number left out", "does not follow", func() []byte { b := *first; b.Number = 2; return encode(b.sign("sequencer")) }},
		{"number repeated", "does not follow", func() []byte { b := *first; b.Number = 0; return encode(b.sign("sequencer")) }},
		{"another rollup's root", "does not follow", func() []byte { b := *first; b.Parent = other.Root(); return encode(b.sign("sequencer")) }},
	} {
		next, err := s.Next(c.blob())
		if c.want == "" && (err != nil || next.Number != 1 || next.Entries["k"].Value != "v") {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if s.Number != 0 || len(s.Entries) != 0 {
		t.Errorf("Next changed its state: %+v", s)
	}
	next := must(s.Next(encode(first)))
	if _, err := next.Next(encode(first)); err == nil {
		t.Error("a batch is taken twice")
	}
}

func TestTransactionsThatDoNotHoldChangeNothing(t *testing.T) {
	before := must(genesis().Next(encode(batchOn(genesis(), signed("anna", 1, "k", "v")))))
	forged := signed("ben", 1, "mine", "v")
	forged.From = account(keyOf("anna"))
	nobody := signed("ben", 1, "mine", "v")
	nobody.From = nil
	elsewhere := Tx{From: account(keyOf("anna")), Version: 2, Key: "k", Value: "w"}
	elsewhere.Signature = must(keyOf("anna").Sign(elsewhere.hash(account(keyOf("another sequencer")))))
	for _, c := range []struct {
		name string
		tx   Tx
		want string // value of k after it
		took bool
	}{
		{"the owner sets again", signed("anna", 2, "k", "w"), "w", true},
		{"the owner deletes", signed("anna", 2, "k", ""), "", true},
		{"somebody else sets another key", signed("ben", 1, "l", "w"), "v", true},
		{"repeated", signed("anna", 1, "k", "v"), "v", false},
		{"a version left out", signed("anna", 3, "k", "w"), "v", false},
		{"not the owner", signed("ben", 2, "k", "w"), "v", false},
		{"another's signature", forged, "v", false},
		{"no account", nobody, "v", false},
		{"for another rollup", elsewhere, "v", false},
	} {
		after := must(before.Next(encode(batchOn(before, c.tx))))
		unchanged := len(after.Entries) == 1 && after.Entries["k"].Version == 1
		if after.Entries["k"].Value != c.want || unchanged == c.took {
			t.Errorf("%s: %+v", c.name, after.Entries)
		}
		if after.Number != 2 {
			t.Errorf("%s: the batch was not taken", c.name)
		}
	}
}

func TestRootTellsStatesApart(t *testing.T) {
	anna, ben := account(keyOf("anna")), account(keyOf("ben"))
	states := []*State{
		genesis(), {Sequencer: ben, Entries: map[string]Entry{}}, {Sequencer: genesis().Sequencer, Number: 1, Entries: map[string]Entry{}},
	}
	for _, e := range []map[string]Entry{
		{"k": {anna, 1, "v"}},
		{"k": {ben, 1, "v"}},
		{"k": {anna, 2, "v"}},
		{"k": {anna, 1, "w"}},
		{"l": {anna, 1, "v"}},
		{"k": {anna, 1, ""}},
		{"k": {anna, 1, "v"}, "l": {anna, 1, "v"}},
	} {
		states = append(states, &State{Sequencer: genesis().Sequencer, Entries: e})
	}
	seen := map[string]bool{}
	for _, s := range states {
		seen[string(s.Root())] = true
		if !bytes.Equal(s.Root(), s.clone().Root()) {
			t.Error("a copy has another root")
		}
	}
	if len(seen) != len(states) {
		t.Errorf("%d roots of %d states", len(seen), len(states))
	}
}

// FuzzNext holds that no blob is taken that is not the batch, whatever is in it.
func FuzzNext(f *testing.F) {
	s := genesis()
	valid := encode(batchOn(s, signed("anna", 1, "k", "v"), signed("ben", 1, "l", "<\u2028>")))
	f.Add(valid)
	f.Add([]byte(`{"number":1,"parent":"","txs":null,"signature":""}`))
	f.Fuzz(func(t *testing.T, blob []byte) {
		if _, err := s.Next(blob); err == nil && !bytes.Equal(blob, valid) {
			t.Errorf("taken: %q", blob)
		}
		var tx Tx
		if decode(blob, &tx) == nil {
			_ = s.clone().apply(&tx)
		}
	})
}

// TestSize holds the example to what its README says: all of it that is no test, in less than 400 lines.
func TestSize(t *testing.T) {
	files := must(filepath.Glob("*.go"))
	lines := 0
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			lines += bytes.Count(must(os.ReadFile(file)), []byte("\n"))
		}
	}
	if lines >= 400 || len(files) < 4 {
		t.Errorf("%d lines", lines)
	}
}
