package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ashlar-light": main})
}

// TestScripts runs testdata/*.txt. $API is the address of an API that answers with the
// files of testdata/api.
func TestScripts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("API", strings.TrimPrefix(server.URL, "http://"))
			return nil
		},
	})
}

// answer serves a file under its path's name; 404s have one too.
func answer(w http.ResponseWriter, r *http.Request) {
	body, err := os.ReadFile("testdata/api" + r.URL.Path + ".json")
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		body, _ = os.ReadFile("testdata/api/v1/missing.json")
	}
	_, _ = w.Write(body)
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]size{"1": 1, "4096": 4096, "64KiB": 64 << 10, "512MiB": 512 << 20, "2GiB": 2 << 30, "1048576GiB": 1 << 50} {
		var s, again size
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("%q: got %d, %v, want %d", text, s, err, want)
		}
		if err := again.Set(s.String()); err != nil || again != s {
			t.Errorf("%q shown as %q: got %d, %v", text, s.String(), again, err)
		}
	}
	for _, bad := range []string{"", "0", "-1", "MiB", "1.5GiB", "1MB", "1048577GiB", "99999999999999999999"} {
		var s size
		if err := s.Set(bad); err == nil {
			t.Errorf("%q: got %d", bad, s)
		}
	}
}
