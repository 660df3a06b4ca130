package test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
)

var update = flag.Bool("update", false, "rewrite testdata/lightclient_gas.json and the tables of docs/gas.md")

const (
	gasFile = "testdata/lightclient_gas.json"
	gasDoc  = "../../docs/gas.md"
)

// attestGas is the gas of whole transactions that attest, by what share of the attesters is missing.
type attestGas struct{ None, Tenth, Third uint64 }

// rotateGas is the gas of whole transactions that rotate, by how many keys are others. Staged is that of two: all keys, staged first.
type rotateGas struct{ Powers, One, Ten, All, Staged uint64 }

// clientGas is what one client costs. Attesting writes a new word, or, once a place was used and what is in it is old, that again.
type clientGas struct {
	Validators int
	Deploy     uint64
	New, Again attestGas
	Repeated   uint64
	Rotate     rotateGas
}

// TestGas: what attesting and rotating cost is in testdata, and in docs/gas.md.
func TestGas(t *testing.T) {
	measured := map[string][]clientGas{}
	for name, rules := range map[string]*params.ChainConfig{"osaka": evm.Osaka(), "amsterdam": evm.Amsterdam()} {
		for _, n := range []int{20, 100, 200} {
			measured[name] = append(measured[name], measure(t, rules, n))
		}
	}
	encoded, err := json.MarshalIndent(measured, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, gasFile, string(encoded)+"\n")
	doc, err := os.ReadFile(gasDoc)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, gasDoc, withTables(t, string(doc), measured))
	for _, a := range aims(measured["osaka"][1]) {
		if a.gas > a.most && a.misses == "" {
			t.Errorf("%s: %d gas, %d was aimed at", a.what, a.gas, a.most)
		}
	}
}

// aim is what something should cost at most. misses says why it costs more, where it does.
type aim struct {
	what      string
	most, gas uint64
	misses    string
}

func aims(c clientGas) []aim {
	const all, third, rotation = 215_000, 235_000, 1_200_000
	return []aim{
		{"a certificate that all signed, the place used before", all, c.Again.None, ""},
		{"the same, a new word", all, c.New.None, ""},
		{"a certificate, a third missing, the place used before", third, c.Again.Third, ""},
		{"the same, a new word", third, c.New.Third, "each of the first 1,024 certificates writes a new word"},
		{"a rotation, only powers change", rotation, c.Rotate.Powers, ""},
		{"a rotation, 10 keys are new", rotation, c.Rotate.Ten, ""},
		{"a rotation, all keys are new", rotation, c.Rotate.All, "every key is checked and written; a validator replaces its key when it has to"},
	}
}

// golden compares a file, or with -update rewrites it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("gas has changed; go test -run Gas -update rewrites %s", file)
	}
}

// ofPowers makes a committee whose powers have four bytes, as a few hundred million tokens give.
func ofPowers(t *testing.T, n int, taken uint64) *committee.Committee {
	c := committee.New(t, 0, taken)
	for i := range n {
		c.Add(t, i, 40_000_000+uint64(i)*7919)
	}
	return c
}

func measure(t *testing.T, rules *params.ChainConfig, n int) clientGas {
	chain := evm.NewUnder(t, rules)
	c := ofPowers(t, n, chain.Now(t))
	client := c.Deploy(t, chain)
	g := clientGas{Validators: n, Deploy: client.Deployed.GasUsed}
	height, last := uint64(1<<20), []any(nil)
	attest := func(place byte, missing []int) uint64 {
		height++
		a := c.Attestation(t, height, chain.Now(t))
		a.HistoryRoot[0], a.HistoryRoot[1] = place, 0xff // its first ten bits name the place
		last = committee.Args(t, c.Certify(t, a, missing...))
		return client.Send(t, "attest", last...).GasUsed
	}
	three := func() attestGas {
		// One place in ten is 10 % of 20, 100 and 200; of a third the most that leaves a quorum.
		return attestGas{attest(1, nil), attest(2, committee.Every(10, n)), attest(3, committee.Every(3, n-n%3)[:(n-1)/3])}
	}
	g.New = three()
	chain.Sleep(t, (committee.MaxAge+1)*time.Second)
	chain.Commit()
	g.Again = three()
	g.Repeated = client.Send(t, "attest", last...).GasUsed
	g.Rotate = rotations(t, rules, n)
	return g
}

// rotations measures each rotation on a chain of its own, from the set that a client was deployed with.
func rotations(t *testing.T, rules *params.ChainConfig, n int) (g rotateGas) {
	for _, row := range []struct {
		keys int
		gas  *uint64
	}{{0, &g.Powers}, {1, &g.One}, {10, &g.Ten}, {n, &g.All}, {n, &g.Staged}} {
		chain := evm.NewUnder(t, rules)
		c := ofPowers(t, n, chain.Now(t))
		client := c.Deploy(t, chain)
		next := c.Next()
		for i := range next.Set.Attesters {
			next.Set.Attesters[i].Power += uint64(i)
			next.Set.Total += uint64(i)
		}
		for i := range row.keys {
			next.Replace(t, i*(n/row.keys), 1000+i)
		}
		chain.Sleep(t, 25*time.Hour)
		chain.Commit()
		r := c.HandOver(t, next)
		if row.gas != &g.Staged {
			*row.gas = client.Send(t, "rotate", c.RotateArgs(t, next, r)...).GasUsed
			continue
		}
		staging := client.Send(t, "stage", next.Keys(t)).GasUsed
		base := staged(t, client, next.Keys(t))
		*row.gas = staging + client.Send(t, "rotate", committee.RebaseArgs(t, next, base, r)...).GasUsed
	}
	return g
}

// withTables replaces each table of the document, which stands between a line <!-- name --> and an empty one.
func withTables(t *testing.T, doc string, measured map[string][]clientGas) string {
	hundred := measured["osaka"][1]
	tables := map[string]string{"perday": perDay(hundred), "aims": aimTable(aims(hundred)), "beside": beside(hundred)}
	for name, clients := range measured {
		tables["attest-"+name], tables["rotate-"+name] = attestTable(clients), rotateTable(clients)
	}
	names := make([]string, 0, len(tables))
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		mark := "<!-- " + name + " -->\n"
		before, after, found := strings.Cut(doc, mark)
		_, rest, ended := strings.Cut(after, "\n\n")
		if !found || !ended {
			t.Fatalf("%s has no %s", gasDoc, mark)
		}
		doc = before + mark + tables[name] + "\n" + rest
	}
	return doc
}

func attestTable(clients []clientGas) string {
	var b strings.Builder
	b.WriteString("| validators | writes | all sign | 10 % missing | a third missing |\n|---|---|---|---|---|\n")
	for _, c := range clients {
		fmt.Fprintf(&b, "| %d | a new word | %s | %s | %s |\n", c.Validators, thousands(c.New.None), thousands(c.New.Tenth), thousands(c.New.Third))
		fmt.Fprintf(&b, "| | a place used before | %s | %s | %s |\n", thousands(c.Again.None), thousands(c.Again.Tenth), thousands(c.Again.Third))
	}
	return b.String()
}

func rotateTable(clients []clientGas) string {
	var b strings.Builder
	b.WriteString("| validators | powers only | 1 key | 10 keys | all keys | all keys, staged first | deployment |\n|---|---|---|---|---|---|---|\n")
	for _, c := range clients {
		r := c.Rotate
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s |\n", c.Validators,
			thousands(r.Powers), thousands(r.One), thousands(r.Ten), thousands(r.All), thousands(r.Staged), thousands(c.Deploy))
	}
	return b.String()
}

// perDay is what 144 certificates, of 100 validators a tenth of whom is missing, and a rotation with one other key cost.
func perDay(c clientGas) string {
	r := c.Rotate
	gas := 144*c.Again.Tenth + r.One
	var b strings.Builder
	fmt.Fprintf(&b, "| | gas a day | at 0.1 gwei | at 1 gwei | at 10 gwei |\n|---|---|---|---|---|\n")
	for _, row := range []struct {
		name string
		gas  uint64
	}{{"144 certificates", 144 * c.Again.Tenth}, {"a rotation", r.One}, {"together", gas}} {
		eth := float64(row.gas) / 1e9
		fmt.Fprintf(&b, "| %s | %s | %.5f ETH | %.4f ETH | %.3f ETH |\n", row.name, thousands(row.gas), eth/10, eth, eth*10)
	}
	return b.String()
}

func aimTable(aims []aim) string {
	var b strings.Builder
	b.WriteString("| | aim | measured | |\n|---|---|---|---|\n")
	for _, a := range aims {
		held := "held"
		if a.gas > a.most {
			held = "missed: " + a.misses
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", a.what, thousands(a.most), thousands(a.gas), held)
	}
	return b.String()
}

// beside is what a certificate costs, and what others say or charge.
func beside(c clientGas) string {
	var b strings.Builder
	b.WriteString("| | gas | a day | |\n|---|---|---|---|\n")
	row := func(name, relation string, gas uint64, kind string) {
		fmt.Fprintf(&b, "| %s | %s%s | %s%s | %s |\n", name, relation, thousands(gas), relation, thousands(144*gas), kind)
	}
	row("`AshlarLightClient.attest`, 100 validators, a tenth missing", "", c.Again.Tenth, "measured, no prover")
	row("SP1 Blobstream, the proof alone", "≈ ", 270_000, "published")
	const each = params.EcrecoverGas + 65*params.TxDataNonZeroGasEIP2028
	for _, of := range []struct{ sign, members uint64 }{{14, 20}, {67, 100}, {134, 200}} {
		row(fmt.Sprintf("a committee by `ecrecover`, %d of %d", of.sign, of.members), "≥ ", params.TxGas+of.sign*each, "reckoned")
	}
	same := (c.Again.Tenth - params.TxGas) / each
	row(fmt.Sprintf("the same, %d signatures: no more cost less than the certificate", same), "≥ ", params.TxGas+same*each, "reckoned")
	return b.String()
}

// thousands writes a number with commas.
func thousands(n uint64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}
