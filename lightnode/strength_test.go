package lightnode

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

func ptr[T any](v T) *T { return &v }

func TestSettingsChoose(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name     string
		set      Settings
		profile  Profile
		k, want  int
		adaptive bool
	}{
		{"nothing", Settings{}, ProfileFull, 33, 30, false},
		{"samples", Settings{Samples: 12}, ProfileFull, 33, 12, false},
		{"a confidence", Settings{Confidence: "0.9999"}, ProfileFull, 33, 31, false},
		{"a confidence, small squares", Settings{Confidence: "0.9999"}, ProfileFull, 1, 13, false},
		{"a confidence, no rows", Settings{Confidence: "0.9999"}, ProfileFull, 0, 30, false},
		{"a budget that buys little", Settings{DataBudget: 20e6}, ProfileFull, 33, leastBought, true},
		{"a confidence and a budget", Settings{Confidence: "0.9999", DataBudget: 20e6}, ProfileFull, 33, 31, false},
		{"a phone's budget", Settings{DataBudget: 20e6}, ProfilePhone, 33, 30, false},
	}
	for _, row := range rows {
		s := &strength{profile: row.profile, costs: firstCosts()}
		s.adopt(row.set, time.Now())
		if got := s.samples(row.k); got != row.want || s.adaptive() != row.adaptive {
			t.Errorf("%s: %d samples, want %d; adaptive: %v", row.name, got, row.want, s.adaptive())
		}
	}
}

func TestChangesAreChecked(t *testing.T) {
	t.Parallel()
	begin := Settings{Samples: 12, DataBudget: 20e6}
	for _, row := range []struct {
		change Change
		want   Settings
	}{
		{Change{}, begin},
		{Change{Confidence: ptr("0.99")}, Settings{Confidence: "0.99", DataBudget: 20e6}},
		{Change{Samples: ptr(0)}, Settings{DataBudget: 20e6}},
		{Change{DataBudget: ptr(DataBudget(0))}, Settings{Samples: 12}},
	} {
		if got, err := row.change.apply(begin); err != nil || got != row.want {
			t.Errorf("%+v: %+v, %v", row.change, got, err)
		}
	}
	for name, bad := range map[string]Change{
		"both":               {Samples: ptr(1), Confidence: ptr("0.9")},
		"negative samples":   {Samples: ptr(-1)},
		"too many samples":   {Samples: ptr(5000)},
		"certainty":          {Confidence: ptr("1")},
		"too small a budget": {DataBudget: ptr(DataBudget(1))},
	} {
		if got, err := bad.apply(begin); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, bad := range [][3]string{{"x"}, {"0"}, {"-3"}, {"", "", "1MB"}} {
		if c, err := ParseChange(bad[0], bad[1], bad[2]); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %+v, %v", bad, c, err)
		}
	}
}

// TestRaisingAddsToPendingHeights changes settings while a height is withheld.
func TestRaisingAddsToPendingHeights(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 2)
	source, host := blocks.serve(t)
	source.withhold(2)
	config := testConfig(t, blocks, host)
	config.Samples, config.Deadline = 40, time.Second
	n, _ := start(t, config)
	awaitVerdict(t, n, 2, sampling.Unavailable)
	before, err := n.Availability(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if strong, err := n.Change(t.Context(), Change{Samples: ptr(50)}); err != nil || strong.Drawn != 50 {
		t.Fatalf("%+v, %v", strong, err)
	}
	rig.Await(t, "height 2 has more coordinates", func() bool {
		report, err := n.Availability(t.Context(), 2)
		return err == nil && report.Samples == 50
	})
	if _, err := n.Change(t.Context(), Change{Confidence: ptr("0.5")}); err != nil {
		t.Fatal(err)
	}
	source.set(func() { source.withheld = nil })
	awaitVerdict(t, n, 2, sampling.Available)
	after, err := n.Availability(t.Context(), 2)
	if err != nil || after.Verified != 50 || !slices.Equal(before.Coordinates, after.Coordinates[:40]) {
		t.Errorf("of %v became %v (%v)", before.Coordinates, after.Coordinates, err)
	}
	blocks.grow(fullBlock)
	awaitVerdict(t, n, 3, sampling.Available)
	if report, err := n.Availability(t.Context(), 3); err != nil || report.Samples != 2 {
		t.Errorf("a new height has %d samples, want the 2 that 0.5 takes at 2 rows (%v)", report.Samples, err)
	}
}

// TestSettingsOutlastARestart with the same configuration, and give way to another.
func TestSettingsOutlastARestart(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 2)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	n := open(t, config)
	if s := status(t, n); s.Strength.Drawn != 30 || s.Strength.Rows != mostRows || s.Data.Share != 1 {
		t.Errorf("at first: %+v", s.Strength)
	}
	if _, err := n.Change(t.Context(), Change{Confidence: ptr("0.99"), DataBudget: ptr(DataBudget(3e9))}); err != nil {
		t.Fatal(err)
	}
	reopen := func() *Status {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		n = open(t, config)
		return status(t, n)
	}
	if s := reopen(); s.Strength.Confidence != "0.99" || s.Data.Budget != 3e9 {
		t.Errorf("the same configuration: %+v", s.Strength)
	}
	config.Samples = 9
	if s := reopen(); s.Strength.Samples != 9 || s.Strength.Confidence != "" || s.Data.Budget != 0 {
		t.Errorf("another configuration: %+v", s.Strength)
	}
	if _, err := n.Change(t.Context(), Change{Samples: ptr(10)}); err != nil {
		t.Fatal(err)
	}
	config.Samples = 0
	if s := reopen(); s.Strength.Drawn != 30 {
		t.Errorf("what was set under the former configuration came back: %+v", s.Strength)
	}
}

// TestBudgetRestsAndGoesOn spends a node's credit, and gives it time.
func TestBudgetRestsAndGoesOn(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.DataBudget = 100e6
	n, _ := start(t, config)
	awaitVerdict(t, n, 3, sampling.Available)
	n.strength.spend(n.config.Now(), 200e6, 0)
	rig.Await(t, "the node rests", func() bool { return n.host.Resting() && len(host.Peers()) == 0 })
	blocks.grow(fullBlock)
	if s := status(t, n); s.Data.RestsUntil == nil || s.Data.Credit > -100e6 || s.Data.UsedToday < 200e6 || !s.Strength.Adaptive || s.Alarm != "" {
		t.Errorf("resting: %+v, %+v, alarm %q", s.Data, s.Strength, s.Alarm)
	}
	if _, err := n.Change(t.Context(), Change{DataBudget: ptr(DataBudget(0))}); err != nil {
		t.Fatal(err)
	}
	awaitVerdict(t, n, 4, sampling.Available)
	if n.host.Resting() {
		t.Error("it still rests")
	}
}

// post posts to a node's API and returns the status and the body.
func post(t *testing.T, n *Node, path string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.APIAddress()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return send(t, request)
}

func TestAPIChangesSettings(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 2)
	_, host := blocks.serve(t)
	config := phoneConfig(t, blocks, host)
	config.API, config.Tokens = "127.0.0.1:0", t.TempDir()+"/tokens"
	// The hash is that of "secret".
	tokens := `[{"name": "me", "sha256": "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b", "scopes": ["*"]}]`
	if err := os.WriteFile(config.Tokens, []byte(tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	n, _ := start(t, config)
	key := []string{"Authorization", "Bearer secret"}
	for _, row := range []struct {
		path   string
		header []string
		status int
		want   string
	}{
		{"/v1/settings?confidence=0.9999", key, 200, `"confidence":"0.9999"`},
		{"/v1/settings?samples=7", key, 200, `"samples":7`},
		{"/v1/settings?samples=auto&data_budget=20MB/day", key, 200, `"data_budget":20000000,`},
		{"/v1/settings?samples=7&confidence=0.9", key, 400, `"bad_request"`},
		{"/v1/settings?confidence=1", key, 400, `"bad_request"`},
		{"/v1/settings?data_budget=1MB", key, 400, `"bad_request"`},
		{"/v1/settings", key, 400, `"bad_request"`},
		{"/v1/settings?sample=7", key, 400, `"bad_request"`},
		{"/v1/settings?samples=7", nil, 401, `"unauthorized"`},
		{"/v1/settings?samples=7", append([]string{"Origin", "https://elsewhere.example"}, key...), 401, `"unauthorized"`},
		{"/v1/heights/77", key, 200, `{"height":77,"waiting":true}`},
		{"/v1/heights/77", nil, 401, `"unauthorized"`},
		{"/v1/heights/0", key, 400, `"bad_request"`},
	} {
		if code, body := post(t, n, row.path, row.header...); code != row.status || !strings.Contains(body, row.want) {
			t.Errorf("%s: %d %s, want %d with %s", row.path, code, body, row.status, row.want)
		}
	}
	if code, body := get(t, n, "/v1/status"); code != 200 || !strings.Contains(body, `"budget_per_day":20000000`) {
		t.Errorf("status %d: %s", code, body)
	}
}
