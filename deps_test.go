package ashlar

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ashlar-da/ashlar/"

// ground is the lowest floor: every folder may import it.
var ground = []string{"erasure", "erasure/kzg", "erasure/parallel", "blobfee", "proto"}

// floors is the architecture: for each folder, the folders whose packages its own may
// import besides their own and the ground floor's. ARCHITECTURE.md draws it. A folder
// covers what lies below it, except what has an entry of its own.
var floors = map[string][]string{
	"cmd/ashlar":         {"fullnode", "gateway", "client", "app", "relay", "contracts/calldata", "da", "da/chain", "api"},
	"cmd/ashlar-light":   {"lightnode"},
	"examples/rollup":    {"lightnode", "client", "da"},
	"fullnode":           {"app", "api", "client", "p2p", "da/store", "da/chain", "da", "erasure/crosscheck", "fullnode/rebuild", "fullnode/attesting"},
	"fullnode/rebuild":   {"p2p", "da/chain", "da"},
	"fullnode/attesting": {"p2p", "da"},
	"lightnode":          {"api", "p2p", "da/store", "da/chain", "da", "sampling"},
	"lightnode/mobile":   {"lightnode"},
	"app":                {"da"},
	"gateway":            {"client", "contracts/calldata", "da", "da/chain", "api/token", "api/httpserver"},
	"api":                {"da/chain", "da", "api/token", "api/httpserver"},
	"api/token":          {},
	"api/httpserver":     {},
	"p2p":                {"da/chain", "da"},
	"client":             {"da/chain", "da", "lockfile"},
	"relay":              {"api", "contracts", "da", "lockfile"},
	"da/store":           {"da"},
	"sampling":           {"da"},
	"da/chain":           {"da"},
	"da":                 {},
	"erasure":            {},
	"erasure/kzg":        {},
	"erasure/parallel":   {},
	"erasure/crosscheck": {},
	"blobfee":            {},
	"contracts":          {},
	"lockfile":           {},
	"contracts/calldata": {"da"},
	"proto":              {},
}

// everything marks the folders that may import any other; nothing imports them.
var everything = []string{"testnet"}

// never names, for each folder, the outside packages that must not be linked into it,
// directly or through others. A trailing slash bans all below, no slash one package.
var never = map[string][]string{
	"erasure":            {"log/slog", "net/http"},
	"da":                 {"github.com/cosmos/cosmos-sdk/", "github.com/cometbft/cometbft/node", "github.com/libp2p/", "github.com/dgraph-io/"},
	"da/chain":           {"github.com/cosmos/cosmos-sdk/", "github.com/cometbft/cometbft/rpc/", "github.com/libp2p/"},
	"da/store":           {"github.com/cosmos/cosmos-sdk/", "github.com/libp2p/"},
	"p2p":                {"github.com/cosmos/cosmos-sdk/", "github.com/libp2p/go-libp2p", "github.com/libp2p/go-libp2p/config", "github.com/pion/"},
	"fullnode/rebuild":   {"github.com/cosmos/cosmos-sdk/", "github.com/cometbft/cometbft/node", "github.com/dgraph-io/"},
	"fullnode/attesting": {"github.com/cosmos/cosmos-sdk/", "github.com/cometbft/cometbft/node", "github.com/dgraph-io/"},
	"sampling":           {"github.com/cosmos/cosmos-sdk/", "github.com/libp2p/", "github.com/cometbft/cometbft/node"},
	"client":             {"github.com/cosmos/cosmos-sdk/server", "github.com/cometbft/cometbft/node"},
	"relay":              {"github.com/cosmos/cosmos-sdk/", "github.com/cometbft/cometbft/node", "github.com/libp2p/", "github.com/ethereum/go-ethereum/core/vm"},
	"cmd/ashlar-light":   {"github.com/ethereum/", "github.com/cosmos/cosmos-sdk/", "github.com/cometbft/cometbft/node", "github.com/pion/"},
}

// goPackage is what the test needs of `go list`'s output for one package.
type goPackage struct {
	path    string
	imports []string
}

// list runs `go list` with a template field that holds import paths.
func list(t *testing.T, field string, patterns ...string) []goPackage {
	t.Helper()
	args := append([]string{"list", "-f", "{{.ImportPath}} {{join ." + field + ` " "}}`}, patterns...)
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		packages = append(packages, goPackage{words[0], words[1:]})
	}
	return packages
}

// folderOf returns the entry of floors that a package of this module belongs to.
func folderOf(path string) (string, bool) {
	rel, ok := strings.CutPrefix(path, module)
	for ok && rel != "" {
		if _, found := floors[rel]; found || slices.Contains(everything, rel) {
			return rel, true
		}
		rel = rel[:max(strings.LastIndexByte(rel, '/'), 0)]
	}
	return "", false
}

// mayImport tells whether a package of folder from may import one of folder to.
func mayImport(from, to string) bool {
	return from == to || slices.Contains(ground, to) && !groundBreaks(from, to) || slices.Contains(floors[from], to)
}

// groundBreaks tells whether an import within the ground floor goes the wrong way.
func groundBreaks(from, to string) bool {
	right := from == "erasure" && to == "erasure/kzg" || strings.HasPrefix(from, "erasure") && to == "erasure/parallel"
	return slices.Contains(ground, from) && !right
}

func TestImportsPointDown(t *testing.T) {
	packages := list(t, "Imports", "./...")
	if len(packages) < len(floors) {
		t.Fatalf("go list found %d packages, fewer than the %d folders of the table", len(packages), len(floors))
	}
	for _, p := range packages {
		from, ok := folderOf(p.path)
		if !ok {
			if p.path+"/" != module {
				t.Errorf("%s is in no folder of the table", p.path)
			}
			continue
		}
		for _, imported := range p.imports {
			to, ours := folderOf(imported)
			if ours && !slices.Contains(everything, from) && !mayImport(from, to) {
				t.Errorf("%s imports %s: %s may not import %s", p.path, imported, from, to)
			}
		}
	}
}

func TestNeverLinked(t *testing.T) {
	for folder, banned := range never {
		for _, p := range list(t, "Deps", "./"+folder) {
			for _, dep := range p.imports {
				for _, ban := range banned {
					if dep == ban || strings.HasSuffix(ban, "/") && strings.HasPrefix(dep, ban) {
						t.Errorf("%s links %s", p.path, dep)
					}
				}
			}
		}
	}
}
