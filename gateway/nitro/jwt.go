package nitro

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	// secretSize is the length of a secret in bytes.
	secretSize = 32
	// jwtAge is how far from now a token may be issued, as with Nitro's [own server].
	//
	// [own server]: https://github.com/OffchainLabs/nitro/blob/6dce8d139026/daprovider/server/provider_server.go
	jwtAge = time.Minute
)

var errToken = errors.New("unauthorized")

// ReadSecret reads what Nitro has at --node.da.external-provider.rpc.jwtsecret: 32 bytes in hex, with 0x before them or not.
func ReadSecret(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the JWT secret: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"))
	if err != nil || len(secret) != secretSize {
		return nil, fmt.Errorf("the JWT secret in %s is not %d bytes in hex: make one with openssl rand -hex %d", file, secretSize, secretSize)
	}
	return secret, nil
}

// Authenticated lets those call, and read as well, who sign the time of the call with the secret; whoever asks for
// health need not. The handler's Gate is to be one without tokens, which come in the same header.
func Authenticated(h http.Handler, secret []byte, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if err := checkToken(r.Header.Get("Authorization"), secret, now()); err != nil {
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// checkToken fails unless a header carries a JSON web token by HMAC-SHA256 ([RFC 7519]) that was issued now.
//
// [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519
func checkToken(authorization string, secret []byte, now time.Time) error {
	text, ok := strings.CutPrefix(authorization, "Bearer ")
	signed, signature, found := cutLast(text, ".")
	if !ok || !found {
		return fmt.Errorf("%w: send a JWT, Nitro does with --node.da.external-provider.rpc.jwtsecret", errToken)
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(signed)) // never fails
	given, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return fmt.Errorf("%w: the JWT is not signed with this gateway's secret", errToken)
	}
	return checkClaims(signed, now)
}

// checkClaims reads the two parts of a token that are signed.
func checkClaims(signed string, now time.Time) error {
	head, body, _ := strings.Cut(signed, ".")
	var header struct {
		Algorithm string `json:"alg"`
	}
	var claims struct {
		Issued  *float64 `json:"iat"`
		Expires *float64 `json:"exp"`
	}
	if decodePart(head, &header) != nil || decodePart(body, &claims) != nil || header.Algorithm != "HS256" {
		return fmt.Errorf("%w: the JWT is none by HS256", errToken)
	}
	switch at := float64(now.Unix()); {
	case claims.Issued == nil || *claims.Issued < at-jwtAge.Seconds() || *claims.Issued > at+jwtAge.Seconds():
		return fmt.Errorf("%w: the JWT was not issued within %s of %s: compare clocks", errToken, jwtAge, now.UTC().Format(time.RFC3339))
	case claims.Expires != nil && *claims.Expires < at:
		return fmt.Errorf("%w: the JWT has expired", errToken)
	}
	return nil
}

func decodePart(text string, into any) error {
	part, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(part, into)
}

// cutLast cuts around the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
