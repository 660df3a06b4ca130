package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// writeRandom is the command `random FILE SIZE SEED [scalars]`: bytes that are the same in every
// run, or, with scalars, canonical scalars.
func writeRandom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: random FILE SIZE SEED [scalars]")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	seed, err := strconv.ParseUint(args[2], 10, 64)
	ts.Check(err)
	data := make([]byte, size)
	source := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = source.Read(data) // it never fails
	if len(args) > 3 {
		for i := 0; i < len(data); i += 32 {
			data[i] = 0
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// setField is the command `field VARIABLE FILE NAME...`: it sets a variable to a field of a JSON
// file, indices included.
func setField(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: field VARIABLE FILE NAME...")
	}
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &value))
	for _, name := range args[2:] {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			ts.Check(err)
			value = v[i]
		}
	}
	ts.Setenv(args[0], fmt.Sprint(value))
}
