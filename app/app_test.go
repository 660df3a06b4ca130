package app_test

import (
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

func TestStateSurvivesExport(t *testing.T) {
	c := newChain(t)
	c.apply(da.EmptyTxs())
	exported, err := c.app.Export()
	if err != nil {
		t.Fatal(err)
	}
	if exported.Height != 3 || len(exported.Validators) != 2 {
		t.Fatalf("have height %d and %d validators, want 3 and 2", exported.Height, len(exported.Validators))
	}
}
