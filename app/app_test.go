package app_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
)

func TestStateSurvivesExport(t *testing.T) {
	a := newApp(t)
	initChain(t, a, testAccounts(3), testValidators(2))
	for height := int64(1); height <= 3; height++ {
		if _, err := a.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height, Time: genesisTime}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	exported, err := a.Export()
	if err != nil {
		t.Fatal(err)
	}
	if exported.Height != 4 || len(exported.Validators) != 2 {
		t.Fatalf("have height %d and %d validators, want 4 and 2", exported.Height, len(exported.Validators))
	}
}
