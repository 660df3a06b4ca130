package lightnode

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// signingKey returns a key made from a byte.
func signingKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func publicHex(n byte) string {
	return hex.EncodeToString(signingKey(n)[ed25519.SeedSize:])
}

// testCheckpoint is of a height of a chain, signed by keys.
func testCheckpoint(t testing.TB, blocks *testBlocks, height uint64, keys ...byte) *Checkpoint {
	t.Helper()
	signed := blocks.at(height).header.Signed
	c, err := NewCheckpoint(testChain, *blocks.trust(height), signed.ValidatorsHash, signed.Time, 21*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if err := c.Sign(signingKey(key)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func signers(t *testing.T, threshold int, keys ...byte) Signers {
	t.Helper()
	var names []string
	for _, key := range keys {
		names = append(names, publicHex(key))
	}
	s, err := ParseSigners(names, threshold)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each corruption of one valid file is refused, for what is wrong with it.
func TestCheckpointRefuses(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 3)
	trusted := signers(t, 2, 1, 2, 3)
	replace := func(old, now string) func([]byte) []byte {
		return func(file []byte) []byte { return bytes.Replace(file, []byte(old), []byte(now), 1) }
	}
	rows := []struct {
		name    string
		corrupt func([]byte) []byte
		want    string
	}{
		{"nothing", func([]byte) []byte { return nil }, "not a checkpoint file"},
		{"no JSON", func([]byte) []byte { return []byte("height 3\n") }, "not a checkpoint file"},
		{"cut short", func(f []byte) []byte { return f[:len(f)-3] }, "not a checkpoint file"},
		{"more after it", func(f []byte) []byte { return append(f, "{}"...) }, "not a checkpoint file"},
		{"too long", func(f []byte) []byte { return append(f, make([]byte, maxCheckpoint)...) }, "want at most"},
		{"reformatted", replace("  ", " "), "get it anew"},
		{"a field there is not", replace(`  "height"`, "  \"depth\": 3,\n  \"height\""), "get it anew"},
		{"a field twice", replace(`  "height"`, "  \"height\": 4,\n  \"height\""), "get it anew"},
		{"another format", replace("checkpoint 1", "checkpoint 2"), "its format is"},
		{"no chain id", replace(testChain, "two\\nlines"), "no chain id"},
		{"another chain", replace(testChain, "other-chain"), "it is of chain"},
		{"height 0", replace(`"height": 3`, `"height": 0`), "height 0"},
		{"a negative height", replace(`"height": 3`, `"height": -3`), "not a checkpoint file"},
		{"another height", replace(`"height": 3`, `"height": 2`), "altered"},
		{"a short hash", replace(`"hash": "`+blocks.trust(3).String()[2:4], `"hash": "`), "want 32"},
		{"another hash", func(f []byte) []byte {
			i := bytes.Index(f, []byte(`"hash": "`)) + len(`"hash": "`)
			f[i] = "1032547698badcfe"[strings.IndexByte("0123456789abcdef", f[i])]
			return f
		}, "altered"},
		{"upper case", func(f []byte) []byte {
			i := bytes.Index(f, []byte(`"validators_hash": "`)) + len(`"validators_hash": "`)
			copy(f[i:], bytes.ToUpper(f[i:i+64]))
			return f
		}, "get it anew"},
		{"another set", replace(`"validators_hash": "`, `"validators_hash": "00`), "want 32"},
		{"another time", replace(`"time": "20`, `"time": "21`), "altered"},
		{"more digits of the time", replace(`Z"`, `1Z"`), "get it anew"},
		{"another zone", replace(`Z"`, `+01:00"`), "its time is"},
		{"another unbonding period", replace("1814400", "1814401"), "altered"},
		{"no unbonding period", replace("1814400", "0"), "unbonding period of 0"},
		{"a bad signature", func(f []byte) []byte { i := bytes.Index(f, []byte(`"signature": "`)); f[i+20] ^= 1; return f }, ""},
		{"signatures in another order", swapSignatures, "not in the order"},
		{"one trusted signature", func(f []byte) []byte { return signedBy(t, blocks, 1, 9) }, "1 of the 3 keys that are trusted have signed it, 2 are wanted; it is signed by " + publicHex(9)},
		{"strangers' signatures", func(f []byte) []byte { return signedBy(t, blocks, 7, 8, 9) }, "0 of the 3 keys"},
		{"no signature", func(f []byte) []byte { return signedBy(t, blocks) }, "0 of the 3 keys"},
	}
	for _, row := range rows {
		c, err := DecodeCheckpoint(row.corrupt(signedBy(t, blocks, 1, 2)))
		if err == nil {
			err = trusted.Verify(c, testChain)
		}
		if !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
	for name, valid := range map[string][]byte{"two of three": signedBy(t, blocks, 1, 3), "and a stranger": signedBy(t, blocks, 1, 2, 9)} {
		c, err := DecodeCheckpoint(valid)
		if err != nil || trusted.Verify(c, testChain) != nil {
			t.Errorf("%s: %v, %v", name, err, trusted.Verify(c, testChain))
		}
	}
}

// signedBy returns the file of a checkpoint of height 3.
func signedBy(t testing.TB, blocks *testBlocks, keys ...byte) []byte {
	t.Helper()
	encoded, err := testCheckpoint(t, blocks, 3, keys...).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func swapSignatures(file []byte) []byte {
	c, err := DecodeCheckpoint(file)
	if err != nil {
		return nil
	}
	c.Signatures[0], c.Signatures[1] = c.Signatures[1], c.Signatures[0]
	swapped, _ := c.Encode()
	return swapped
}

func TestCheckpointAge(t *testing.T) {
	t.Parallel()
	c := testCheckpoint(t, emptyBlocks(t, 1), 1)
	day := 24 * time.Hour
	for _, row := range []struct {
		age  time.Duration
		want error
	}{{0, nil}, {13*day - time.Second, nil}, {13 * day, ErrTrustExpired}, {400 * day, ErrTrustExpired}, {-time.Second, nil}, {-time.Minute, ErrCheckpoint}} {
		if err := c.fresh(c.Time.Add(row.age), 13*day); !errors.Is(err, row.want) {
			t.Errorf("at an age of %v: %v, want %v", row.age, err, row.want)
		}
	}
}

func TestParseSignersRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		keys      []string
		threshold int
	}{
		"none":          {nil, 0},
		"no key":        {[]string{"abc"}, 0},
		"a short key":   {[]string{publicHex(1)[2:]}, 0},
		"one twice":     {[]string{publicHex(1), publicHex(1)}, 1},
		"more than all": {[]string{publicHex(1)}, 2},
		"fewer than 0":  {[]string{publicHex(1)}, -1},
	} {
		if _, err := ParseSigners(row.keys, row.threshold); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A node begins with a signed checkpoint, goes on when that has grown too old, and refuses one
// that says of its header what is not so.
func TestCheckpointBegins(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 6)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.Trust, config.Checkpoint, config.CheckpointSigners = nil, testCheckpoint(t, blocks, 4, 1), signers(t, 1, 1)
	n, stop := start(t, config)
	rig.Await(t, "the chain is followed", func() bool { return status(t, n).Height == 6 })
	if s := status(t, n); !strings.Contains(s.Trust, "checkpoint") || !strings.Contains(s.Trust, publicHex(1)) || s.Warning != "" {
		t.Errorf("trust %q, warning %q", s.Trust, s.Warning)
	}
	stop()

	now := time.Now().Add(14 * 24 * time.Hour)
	config.Now = func() time.Time { return now }
	if opened, err := New(t.Context(), config); err != nil {
		t.Errorf("a node that has begun does not go on: %v", err)
	} else if err := opened.Close(); err != nil {
		t.Error(err)
	}
	config.Home = t.TempDir()
	if _, err := New(t.Context(), config); !errors.Is(err, ErrTrustExpired) {
		t.Errorf("a checkpoint of two weeks ago: %v", err)
	}
	config.Now = nil

	other := testCheckpoint(t, blocks, 4)
	other.ValidatorsHash = api.Hex(bytes.Repeat([]byte{5}, 32))
	if err := other.Sign(signingKey(1)); err != nil {
		t.Fatal(err)
	}
	config.Home, config.Checkpoint = t.TempDir(), other
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Run(t.Context()); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("a checkpoint that contradicts its header: %v", err)
	}
}

// The trusting period stays below two thirds of the unbonding period, as the checkpoint, the
// Config or the chain's genesis has it.
func TestTrustingPeriodIsBelowTwoThirdsOfUnbonding(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 1)
	day := 24 * time.Hour
	short := testCheckpoint(t, blocks, 1)
	short.Unbonding = uint64(10 * day / time.Second)
	if err := short.Sign(signingKey(1)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name                string
		trusting, unbonding time.Duration
		checkpoint          *Checkpoint
		want                error
	}{
		{"defaults", 0, 0, nil, nil},
		{"just below", 14*day - time.Second, 0, nil, nil},
		{"two thirds", 14 * day, 0, nil, ErrConfig},
		{"more", 20 * day, 0, nil, ErrConfig},
		{"a longer unbonding period", 20 * day, 31 * day, nil, nil},
		{"a shorter one", 0, 19 * day, nil, ErrConfig},
		{"a shorter one of the checkpoint", 0, 0, short, ErrConfig},
		{"which holds whatever the Config says", 0, 31 * day, short, ErrConfig},
		{"and is heeded", 6 * day, 0, short, nil},
		{"negative", 0, -day, nil, ErrConfig},
	} {
		config := testConfig(t, blocks)
		config.TrustingPeriod, config.Unbonding = row.trusting, row.unbonding
		if row.checkpoint != nil {
			config.Trust, config.Checkpoint, config.CheckpointSigners = nil, row.checkpoint, signers(t, 1, 1)
		}
		if _, err := config.resolve(); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
}

func FuzzDecodeCheckpoint(f *testing.F) {
	c, err := NewCheckpoint(testChain, Trust{Height: 3, Hash: [32]byte{1}}, make([]byte, 32), time.Unix(1_700_000_000, 5), 21*24*time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	for _, key := range []byte{1, 2} {
		encoded, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
		if err := c.Sign(signingKey(key)); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		c, err := DecodeCheckpoint(encoded)
		if err != nil {
			if !errors.Is(err, ErrCheckpoint) {
				t.Errorf("%v is no %v", err, ErrCheckpoint)
			}
			return
		}
		if again, err := c.Encode(); err != nil || !bytes.Equal(again, encoded) {
			t.Errorf("%q became %q (%v)", encoded, again, err)
		}
		if strings.Count(string(c.SignBytes()), "\n") != 7 {
			t.Errorf("signed are %q", c.SignBytes())
		}
	})
}
