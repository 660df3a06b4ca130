package adversary

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs is where the table is read from, and what its links are relative to.
const docs = "../../docs"

var (
	link     = regexp.MustCompile(`^\[(\w+)\]\((\S+)\)$`)
	fileLink = regexp.MustCompile(`^\[[\w.]+\]\((\S+)\)$`)
	function = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\(`)
)

// infrastructure are the files and tests that are no attack.
var infrastructure = []string{
	"doc.go", "raw.go", "TestTheTableOfAttacksIsTrue",
	"TestWithholdLeavesTheSquareUnrecoverable", "TestWithholdServesOtherHeightsInFull", "TestWithholdAnswersNothingAsNotFound",
}

// functions returns the names of the tests in files.
func functions(t *testing.T, files ...string) (names []string) {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, match := range function.FindAllSubmatch(text, -1) {
			names = append(names, string(match[1]))
		}
	}
	return names
}

// table returns the cells of the table's rows.
func table(t *testing.T) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, "attacks.md"))
	if err != nil {
		t.Fatal(err)
	}
	attacks, _, _ := strings.Cut(string(text), "\n## ")
	for line := range strings.Lines(attacks) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if strings.HasPrefix(line, "| ") && cells[0] != "attack" {
			rows = append(rows, cells)
		}
	}
	return rows
}

// TestTheTableOfAttacksIsTrue holds docs/attacks.md against the code: adversaries and tests that it
// names are there, and it leaves none out.
func TestTheTableOfAttacksIsTrue(t *testing.T) {
	ours, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	here := functions(t, ours...)
	named := slices.Clone(infrastructure)
	for _, row := range table(t) {
		if len(row) != 4 || row[3] == "" {
			t.Errorf("a row is not attack, adversary, tests and verdict: %q", row)
			continue
		}
		file := fileLink.FindStringSubmatch(row[1])
		if file == nil {
			t.Errorf("%q is no link to an adversary", row[1])
			continue
		}
		if _, err := os.Stat(filepath.Join(docs, file[1])); err != nil {
			t.Error(err)
		}
		named = append(named, filepath.Base(file[1]))
		for _, test := range strings.Split(row[2], ", ") {
			name, among := test, here
			if elsewhere := link.FindStringSubmatch(test); elsewhere != nil {
				name, among = elsewhere[1], functions(t, filepath.Join(docs, elsewhere[2]))
			} else if filepath.Dir(file[1]) != "../testnet/adversary" {
				among = functions(t, filepath.Join(docs, file[1]))
			}
			if !slices.Contains(among, name) {
				t.Errorf("%s: there is no test %s", row[0], name)
			}
			named = append(named, name)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	for _, name := range slices.Concat(files, here) {
		if !slices.Contains(named, name) {
			t.Errorf("the table leaves out %s", name)
		}
	}
}
