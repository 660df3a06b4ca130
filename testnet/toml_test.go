package testnet

import (
	"strings"
	"testing"
)

const someTOML = `# the name
moniker = "old"

[rpc]
# laddr = "a comment is no setting"
laddr = "tcp://127.0.0.1:26657"

[p2p]
laddr = "tcp://0.0.0.0:26656"
  persistent_peers = ""
`

func TestSettingsChangeOnlyTheirLines(t *testing.T) {
	settings := Settings{"moniker": `"new"`, "p2p.laddr": `"tcp://127.0.0.1:1"`, "p2p.persistent_peers": `"a,b"`}
	have, err := settings.edit(someTOML)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		`"old"`, `"new"`,
		`"tcp://0.0.0.0:26656"`, `"tcp://127.0.0.1:1"`,
		`  persistent_peers = ""`, `persistent_peers = "a,b"`,
	).Replace(someTOML)
	if have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
}

func TestSettingsThatAreNotThereAreAnError(t *testing.T) {
	for _, name := range []string{"laddr", "rpc.moniker", "p2p.seeds", "# the name"} {
		if _, err := (Settings{name: "1"}).edit(someTOML); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: have %v; want an error that names it", name, err)
		}
	}
}
