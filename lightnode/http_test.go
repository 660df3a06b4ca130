package lightnode

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// get asks a node's API and returns the status and the body.
func get(t *testing.T, n *Node, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.APIAddress()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, request)
}

func send(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestAPI(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.API, config.Version = "127.0.0.1:0", "v-test"
	n, _ := start(t, config)
	for height := uint64(1); height <= 3; height++ {
		awaitVerdict(t, n, height, sampling.Available)
	}
	rig.Await(t, "the node is done", func() bool { return !status(t, n).Syncing })

	rows := []struct {
		path   string
		status int
		want   []string
	}{
		{"/v1/status", 200, []string{`"kind":"light"`, `"chain_id":"light-test"`, `"version":"v-test"`, `"height":3`, `"witnesses":0`, `"syncing":false`, `"available":3`}},
		{"/v1/availability/2", 200, []string{`"verdict":"available"`, `"samples":30`, `"verified":30`, `"rows":2`, `"confidence":0.9`, `"coordinates":[[`, `"outcomes":["verified"`, `"peers_asked":[{"peer":"` + host.ID().String() + `","verified":30,"refused":0`, `"verified_by":"`, `"statement":"All 30 cells`, `"assumption":"What is withheld`}},
		{"/v1/availability/9", 404, []string{`"code":"future_height"`, "the newest verified height is 3"}},
		{"/v1/availability/x", 400, []string{`"code":"bad_request"`}},
		{"/metrics", 200, []string{"ashlar_light_head_height 3", `ashlar_light_heights{verdict="available"} 3`, "ashlar_light_alarm 0", "ashlar_light_cells_verified_total 90", "ashlar_p2p_peers 1", `ashlar_light_cell_requests_total{outcome="verified"} 90`, `ashlar_light_cell_requests_total{outcome="timed_out"} 0`, `ashlar_light_verdicts_total{verdict="available"} 3`, "ashlar_light_min_confidence 0.99", "ashlar_light_head_age_seconds ", "ashlar_light_contact_age_seconds ", "ashlar_light_oldest_pending_seconds 0", "ashlar_light_alarms_total 0", "ashlar_light_samples 30", `ashlar_p2p_wire_bytes_total{direction="received"}`, "ashlar_p2p_stream_bytes_total{"}},
		{"/openapi.json", 200, []string{"/v1/availability/{height}", "min_confidence"}},
		{"/healthz", 200, nil},
		{"/v1/blobs", 404, []string{"error"}},
	}
	for _, row := range rows {
		code, body := get(t, n, row.path)
		compact := strings.ReplaceAll(body, `": `, `":`)
		if code != row.status {
			t.Errorf("%s: status %d, want %d: %s", row.path, code, row.status, body)
		}
		for _, want := range row.want {
			if !strings.Contains(compact, want) {
				t.Errorf("%s: no %s in %s", row.path, want, body)
			}
		}
	}
}

// A web page whose name was made to point at this machine reads nothing: what is to be sampled least of all.
func TestAPIIsNobodysPage(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	config := testConfig(t, blocks)
	config.API, config.Origins = "127.0.0.1:0", []string{"https://wallet.example"}
	n, _ := start(t, config)
	for host, want := range map[string]int{
		"rebound.example:26690": http.StatusUnauthorized, "127.0.0.1.example": http.StatusUnauthorized, "localhost.example:1": http.StatusUnauthorized,
		"127.0.0.1:26690": http.StatusOK, "[::1]:26690": http.StatusOK, "localhost:26690": http.StatusOK, "Wallet.example": http.StatusOK,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.APIAddress()+"/v1/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		if code, body := send(t, request); code != want {
			t.Errorf("called %s: %d, want %d: %s", host, code, want, body)
		}
	}
}

func TestAPIStreamsVerdicts(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.API = "127.0.0.1:0"
	n, _ := start(t, config)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.APIAddress()+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Last-Event-ID", "1") // all that is remembered
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		t.Errorf("content type %q", kind)
	}
	kind := ""
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			kind = event
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || kind != EventVerdict {
			continue
		}
		var report AvailabilityReport
		if err := json.Unmarshal([]byte(data), &report); err != nil || report.Height != 1 || report.Verdict != sampling.Available {
			t.Errorf("event %s: %+v, %v", data, report, err)
		}
		return
	}
	t.Error("the stream ended without a verdict")
}
