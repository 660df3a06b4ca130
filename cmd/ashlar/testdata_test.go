package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ashlar-da/ashlar/contracts"
	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
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

// forgeCertificate is the command `forge true|false CERTIFICATE OUT HOME`: it writes a certificate as the calldata of the light client's attest, signed
// by the one attester of HOME, with its data root changed where it is to be false.
func forgeCertificate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: forge true|false CERTIFICATE OUT HOME")
	}
	encoded, err := hex.DecodeString(strings.TrimSpace(ts.ReadFile(args[1])))
	ts.Check(err)
	c, err := da.DecodeCertificate(encoded)
	ts.Check(err)
	if args[0] == "false" {
		c.DataRoot[0]++
	}
	secret, err := attesting.LoadSecret(fullnode.AttestationKeyFile(args[3]))
	ts.Check(err)
	c.Signature, err = secret.Attest(c.Digest())
	ts.Check(err)
	signature, err := c.Signature.EIP2537()
	ts.Check(err)
	artifact, err := contracts.Load("IAshlarLightClient")
	ts.Check(err)
	contract, err := abi.JSON(strings.NewReader(string(artifact.ABI)))
	ts.Check(err)
	input, err := contract.Pack("attest", calldata.NewAttestation(&c.Attestation), new(big.Int).SetBytes(c.Signers[:]), signature[:])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte("0x"+hex.EncodeToString(input)), 0o644))
}
