package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// root is where the files are seen from this folder.
const root = "../../../"

// TestDocsHaveTheReport: docs/rollups.md says what the kept report found, and that is about every protocol.
func TestDocsHaveTheReport(t *testing.T) {
	docs, err := os.ReadFile(root + docsFile)
	if err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(root + keptFile)
	if err != nil {
		t.Fatal(err)
	}
	filled, err := fillDocs(string(docs), report)
	if err != nil {
		t.Fatal(err)
	}
	if filled != string(docs) {
		t.Errorf("%s is not what %s says: go run ./testnet/cmd/conformance -record %[2]s", docsFile, keptFile)
	}
	var m measurement
	if err := json.Unmarshal(report, &m); err != nil {
		t.Fatal(err)
	}
	for _, flag := range flagNames() {
		for _, size := range sizes() {
			if !hasFigures(&m, flag, size) {
				t.Errorf("nothing of %d bytes by %s was measured", size, flag)
			}
		}
	}
}

func hasFigures(m *measurement, flag string, size int) bool {
	for _, f := range m.Figures {
		if f.Protocol == flag && f.Bytes == size && f.Puts >= leastPuts && f.Final.Median > 0 {
			return true
		}
	}
	return false
}

// TestFillDocs: text goes between marks, what is around them stays, and a page without them is refused.
func TestFillDocs(t *testing.T) {
	const report = `{"date":"2026-11-22","machine":{"cores":2,"cpu":"A CPU"},"load_before":0.5,"seconds":9,"figures":[
		{"protocol":"nitro","name":"Nitro","bytes":1048576,"puts":3,"final_seconds":{"median":1,"p95":2.126},"read_seconds":{"median":0.5,"p95":0.5},"ash_per_mb":"0.001","base_fees":[1.5e9,1e9],"load":3},
		{"protocol":"nitro","name":"Nitro","bytes":999,"puts":3,"final_seconds":{"median":1,"p95":2},"read_seconds":{"median":0.5,"p95":0.5},"ash_per_mb":"0.002","base_fees":[1e9,1.004e9],"load":1.25}]}`
	const page = "a\n<!-- measured all: by make rollup-bench RECORD=1 -->\nold\n<!-- end -->\nb\n<!-- measured nitro: by make rollup-bench RECORD=1 -->\n<!-- end -->\nc\n"
	got, err := fillDocs(page, []byte(report))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"a\n<!-- measured all", "<!-- end -->\nb\n", "<!-- end -->\nc\n",
		"22 November 2026, A CPU, 2 processors; load 0.5 before the chain was started, and 1.2 to 3.0 while",
		"| Nitro | 1,048,576 | 3 | 1.00 s | 2.13 s | 0.50 s | 0.50 s | 0.001 | 1.50, 1.00 |\n|  | 999 |",
		"1,048,576 bytes are final after 1.00 s (p95 2.13 s)", "cost 0.001 ASH per MB under a base fee of 1.00 to 1.50·10⁹ aash;", "cost 0.002 ASH per MB under a base fee of 1.00·10⁹ aash.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	if strings.Contains(got, "old") {
		t.Errorf("old figures in %s", got)
	}
	if again, err := fillDocs(got, []byte(report)); err != nil || again != got {
		t.Errorf("filled again it is %s, %v", again, err)
	}
	for _, bad := range []string{"", "a\n", strings.Replace(page, "measured nitro", "measured rollkit", 1), strings.ReplaceAll(page, "<!-- end -->", "")} {
		if _, err := fillDocs(bad, []byte(report)); err == nil {
			t.Errorf("%q was filled", bad)
		}
	}
	for _, bad := range []string{"", "{}", `{"figures":[]}`} {
		if _, err := fillDocs(page, []byte(bad)); err == nil {
			t.Errorf("report %q was taken", bad)
		}
	}
}

// TestRows: what is filled into rows is had back, and a row is a whole number of blobs.
func TestRows(t *testing.T) {
	for _, size := range []int{1, 31, 32, 126_976, 126_977, 300_000} {
		data := []byte(strings.Repeat("ashlar", size/6+1))[:size]
		rows := toRows(data)
		if len(rows) != (size+126_975)/126_976*131_072 || string(fromRows(rows, size)) != string(data) {
			t.Errorf("%d bytes become %d", size, len(rows))
		}
	}
}

func TestQuantiles(t *testing.T) {
	values := make([]float64, 20)
	for i := range values {
		values[i] = float64(20 - i)
	}
	if got := quantilesOf(values); got != (quantiles{10, 19}) {
		t.Errorf("%v", got)
	}
	if got := quantilesOf([]float64{3}); got != (quantiles{3, 3}) {
		t.Errorf("%v", got)
	}
}
