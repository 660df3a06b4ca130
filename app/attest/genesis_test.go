package attest

import (
	"errors"
	"testing"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

func TestParamsAreValidated(t *testing.T) {
	for name, change := range map[string]func(*attestpb.Params){
		"no epoch":             func(p *attestpb.Params) { p.EpochBlocks = 0 },
		"an endless epoch":     func(p *attestpb.Params) { p.EpochBlocks = maxEpochBlocks + 1 },
		"no window":            func(p *attestpb.Params) { p.Window = 0 },
		"an endless window":    func(p *attestpb.Params) { p.Window = maxWindow + 1 },
		"too many epochs":      func(p *attestpb.Params) { p.EpochBlocks = p.Window / (maxWindowEpochs + 1) },
		"no quiet":             func(p *attestpb.Params) { p.QuietBlocks = 0 },
		"no miss window":       func(p *attestpb.Params) { p.MissWindow = 0 },
		"a long miss window":   func(p *attestpb.Params) { p.MissWindow = maxMissWindow + 1 },
		"no misses at all":     func(p *attestpb.Params) { p.MissLimit = 0 },
		"more than the window": func(p *attestpb.Params) { p.MissLimit = p.MissWindow + 1 },
		"more than is kept":    func(p *attestpb.Params) { p.MissWindow, p.MissLimit = maxMissWindow, maxMissLimit+1 },
		"negative jail":        func(p *attestpb.Params) { p.MissJail = -time.Second },
		"no fraction":          func(p *attestpb.Params) { p.SlashFraction = math.LegacyDec{} },
		"negative fraction":    func(p *attestpb.Params) { p.SlashFraction = math.LegacyNewDec(-1) },
		"more than all":        func(p *attestpb.Params) { p.SlashFraction = math.LegacyNewDecWithPrec(101, 2) },
	} {
		p := DefaultParams()
		change(&p)
		if err := ValidateParams(p); !errors.Is(err, ErrInvalidParams) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ValidateParams(DefaultParams()); err != nil {
		t.Error(err)
	}
}

// TestGenesisIsValidated corrupts a good genesis state in one place at a time.
func TestGenesisIsValidated(t *testing.T) {
	keyFor := func(owner, number byte) attestpb.RegisteredKey {
		secret, err := da.ParseAttestationSecret(append(make([]byte, 31), number))
		if err != nil {
			t.Fatal(err)
		}
		operator := [da.AddressSize]byte{owner}
		proof, err := secret.Prove(operator)
		if err != nil {
			t.Fatal(err)
		}
		public := secret.Key()
		return attestpb.RegisteredKey{Operator: da.FormatAddress(operator), Key: public[:], Proof: proof[:]}
	}
	key := func(i byte) attestpb.RegisteredKey { return keyFor(i, i) }
	for _, row := range []struct {
		name   string
		change func(s *attestpb.GenesisState)
		want   *errorsmod.Error
	}{
		{"nothing", func(*attestpb.GenesisState) {}, nil},
		{"parameters", func(s *attestpb.GenesisState) { s.Params.Window = 0 }, ErrInvalidParams},
		{"operator", func(s *attestpb.GenesisState) { s.Keys[0].Operator = "ashlar1" }, ErrInvalidOperator},
		{"key", func(s *attestpb.GenesisState) { s.Keys[0].Key = s.Keys[0].Key[1:] }, ErrInvalidKey},
		{"proof", func(s *attestpb.GenesisState) { s.Keys[0].Proof = s.Keys[1].Proof }, ErrInvalidProof},
		{"one key twice", func(s *attestpb.GenesisState) { s.Keys[0] = keyFor(1, 2) }, ErrKeyTaken},
		{"another's registration", func(s *attestpb.GenesisState) { s.Keys[0].Key, s.Keys[0].Proof = s.Keys[1].Key, s.Keys[1].Proof }, ErrInvalidProof},
		{"one operator twice", func(s *attestpb.GenesisState) { s.Keys[0] = keyFor(2, 1) }, ErrKeyTaken},
		{"retired operator", func(s *attestpb.GenesisState) { s.Retired[0].Operator = "" }, ErrInvalidOperator},
		{"retired key in use", func(s *attestpb.GenesisState) { s.Retired[0].Key = s.Keys[1].Key }, ErrKeyTaken},
		{"retired key short", func(s *attestpb.GenesisState) { s.Retired[0].Key = s.Retired[0].Key[1:] }, ErrKeyTaken},
		{"expelled operator", func(s *attestpb.GenesisState) { s.Faults[0].Operator = "" }, ErrInvalidOperator},
		{"expelled twice", func(s *attestpb.GenesisState) { s.Faults = append(s.Faults, s.Faults[0]) }, ErrPunished},
		{"one retired key twice", func(s *attestpb.GenesisState) { s.Retired = append(s.Retired, s.Retired[0]) }, ErrKeyTaken},
	} {
		third := key(3)
		state := &attestpb.GenesisState{
			Params: DefaultParams(), Keys: []attestpb.RegisteredKey{key(1), key(2)},
			Retired: []attestpb.RetiredKey{{Operator: da.FormatAddress([da.AddressSize]byte{1}), Key: third.Key}},
			Faults:  []attestpb.Fault{{Operator: da.FormatAddress([da.AddressSize]byte{4}), Height: 5, Block: 7}},
		}
		row.change(state)
		err := ValidateGenesis(state)
		if row.want == nil && err != nil || row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: have %v, want %v", row.name, err, row.want)
		}
	}
}

// TestRecent: of ascending numbers those of the window stay.
func TestRecent(t *testing.T) {
	numbers := []uint64{1, 2, 5, 9}
	for _, row := range []struct {
		newest, window uint64
		want           int
	}{{9, 1, 1}, {9, 4, 1}, {9, 5, 2}, {9, 9, 4}, {100, 5, 0}, {10, 1, 0}, {9, 1000, 4}} {
		if got := recent(numbers, row.newest, row.window); len(got) != row.want {
			t.Errorf("of the last %d up to %d: %v, want %d of them", row.window, row.newest, got, row.want)
		}
	}
}
