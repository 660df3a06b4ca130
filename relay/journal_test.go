package relay

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

var testIdentity = identity{ChainID: 1, Contract: common.Address{1}, Account: common.Address{2}}

func attempt(task Task, fee uint64) Attempt {
	return Attempt{Task: task, Fees: Fees{fee, 1}, Gas: 7, Hash: Root{byte(fee)}, Raw: []byte{1, 2}, Head: 9}
}

func TestJournalRemembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path, testIdentity)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		func() error { return j.add(5, attempt(rotation, 1)) },
		func() error { return j.add(6, attempt(newest, 2)) },
		func() error { return j.add(4, attempt(older, 3)) },
		func() error { return j.add(6, attempt(newest, 4)) },
		func() error { return j.settle(5, noon) },
		func() error { return j.settle(9, noon.Add(-1)) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openJournal(path, testIdentity); !errors.Is(err, ErrJournalInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openJournal(path, testIdentity)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.close() }() // the test is over
	want := []Slot{{4, []Attempt{attempt(older, 3)}}, {6, []Attempt{attempt(newest, 2), attempt(newest, 4)}}}
	if !reflect.DeepEqual(again.Slots, want) || !again.LastAttest.Equal(noon) {
		t.Errorf("have %+v at %v, want %+v at %v", again.Slots, again.LastAttest, want, noon)
	}
}

func TestJournalRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(string) string
		says   string
	}{
		{"another chain", func(s string) string { return strings.Replace(s, `"chain_id": 1`, `"chain_id": 5`, 1) }, "--rpc answers for 1"},
		{"another version", func(s string) string { return strings.Replace(s, `"version": 1`, `"version": 2`, 1) }, "version 2"},
		{"another account", func(s string) string { return strings.Replace(s, "0x02", "0x03", 1) }, "the key is that of"},
		{"another contract", func(s string) string { return strings.Replace(s, "0x01", "0x04", 1) }, "one journal for each contract"},
		{"half of it", func(s string) string { return s[:len(s)/2] }, "JSON"},
		{"nothing", func(string) string { return "" }, "JSON"},
		{"a slot without attempts", func(s string) string { return strings.Replace(s, `"attempts": [`, `"attempts": [], "x": [`, 1) }, "damaged"},
		{"slots out of order", func(s string) string { return strings.Replace(s, `"nonce": 4`, `"nonce": 6`, 1) }, "damaged"},
		{"a hash too short", func(s string) string { return strings.Replace(s, `"hash": "01`, `"hash": "`, 1) }, "hash"},
	} {
		path := filepath.Join(t.TempDir(), "journal")
		j, err := openJournal(path, testIdentity)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.add(4, attempt(rotation, 1)), j.add(5, attempt(newest, 2)), j.close()); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := c.change(string(text))
		if changed == string(text) {
			t.Fatalf("%s: nothing was changed in %s", c.name, text)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openJournal(path, testIdentity); !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: have %v, want %q", c.name, err, c.says)
		}
	}
}
