package gateway

import (
	"net/http"
	"os"
)

// Watched is what a Server serves.
func Watched(config ServerConfig) http.Handler {
	config.Guard = &Guard{Log: config.Log}
	return (&Server{config: config}).watched()
}

// BreakIndex closes the index's file, until what it returns is called.
func (c *Core) BreakIndex() (mend func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.index.file.file.Close()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.index.file.file, _ = os.OpenFile(c.index.file.path, os.O_RDWR, 0o600)
	}
}
