package token

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

func TestFilesAreChecked(t *testing.T) {
	hash := strings.Repeat("00", sha256.Size)
	for name, content := range map[string]string{
		"no list":          `null`,
		"no JSON":          `[`,
		"an unknown field": `[{"name":"a","token":"x"}]`,
		"a short hash":     `[{"name":"a","sha256":"00","scopes":["*"]}]`,
		"no scope":         `[{"name":"a","sha256":"` + hash + `"}]`,
	} {
		if _, err := parse([]byte(content)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzFile reads token files.
func FuzzFile(f *testing.F) {
	f.Add(fmt.Appendf(nil, `[{"name":"all","sha256":"%x","scopes":["*"]}]`, sha256.Sum256([]byte("a"))))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parse(data)
		for _, token := range list {
			if err != nil || len(token.SHA256) != sha256.Size || len(token.Scopes) == 0 {
				t.Errorf("%+v, %v", token, err)
			}
		}
	})
}
