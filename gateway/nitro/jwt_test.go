package nitro

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// jwt makes a token of a header and claims.
func jwt(secret, header, claims string) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(signed))
	return "Bearer " + signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestAuthenticated(t *testing.T) {
	const secret, hs256 = "0123456789abcdef0123456789abcdef", `{"alg":"HS256","typ":"JWT"}`
	now := time.Unix(1_800_000_000, 0)
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := Authenticated(inner, []byte(secret), func() time.Time { return now })
	iat := func(d time.Duration) string { return fmt.Sprintf(`{"iat":%d}`, now.Add(d).Unix()) }
	good := jwt(secret, hs256, iat(0))
	for name, c := range map[string]struct {
		authorization string
		let           bool
	}{
		"a token":              {good, true},
		"a minute old":         {jwt(secret, hs256, iat(-time.Minute)), true},
		"older":                {jwt(secret, hs256, iat(-61*time.Second)), false},
		"of a minute to come":  {jwt(secret, hs256, iat(time.Minute)), true},
		"of later":             {jwt(secret, hs256, iat(61*time.Second)), false},
		"of no time":           {jwt(secret, hs256, `{}`), false},
		"of a time as text":    {jwt(secret, hs256, `{"iat":"now"}`), false},
		"that expires":         {jwt(secret, hs256, fmt.Sprintf(`{"iat":%d,"exp":%d}`, now.Unix(), now.Unix()+1)), true},
		"that has expired":     {jwt(secret, hs256, fmt.Sprintf(`{"iat":%d,"exp":%d}`, now.Unix(), now.Unix()-1)), false},
		"of another secret":    {jwt("another", hs256, iat(0)), false},
		"of no algorithm":      {jwt(secret, `{"alg":"none"}`, iat(0)), false},
		"of another algorithm": {jwt(secret, `{"alg":"RS256"}`, iat(0)), false},
		"not signed":           {good[:strings.LastIndex(good, ".")+1], false},
		"cut":                  {good[:len(good)-1], false},
		"in two parts":         {good[:strings.LastIndex(good, ".")], false},
		"in four parts":        {good + ".x", false},
		"no token":             {"Bearer ", false},
		"no header":            {"", false},
		"of another scheme":    {"Basic " + strings.TrimPrefix(good, "Bearer "), false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://gateway/", nil)
		r.Header.Set("Authorization", c.authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if want := map[bool]int{true: http.StatusTeapot, false: http.StatusUnauthorized}[c.let]; w.Code != want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://gateway/health", nil))
	if w.Code != http.StatusTeapot {
		t.Errorf("health takes a token: %d", w.Code)
	}
}

func TestReadSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for content, ok := range map[string]bool{
		strings.Repeat("ab", 32): true, "0x" + strings.Repeat("ab", 32) + "\n": true,
		strings.Repeat("ab", 31): false, strings.Repeat("xy", 32): false, "": false,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if secret, err := ReadSecret(file); (err == nil) != ok || ok && len(secret) != secretSize {
			t.Errorf("%q: %x, %v", content, secret, err)
		}
	}
	if _, err := ReadSecret(file + "-none"); err == nil {
		t.Error("a file that there is not was read")
	}
}

// FuzzToken reads any header.
func FuzzToken(f *testing.F) {
	f.Add(jwt("secret", `{"alg":"HS256"}`, `{"iat":1800000000}`))
	f.Add("Bearer ..")
	f.Fuzz(func(t *testing.T, authorization string) {
		if err := checkToken(authorization, []byte("another"), time.Unix(1_800_000_000, 0)); err == nil {
			t.Errorf("%q is taken", authorization)
		}
		_ = checkClaims(strings.TrimPrefix(authorization, "Bearer "), time.Unix(1_800_000_000, 0)) // must not panic
	})
}
