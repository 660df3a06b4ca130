package gateway

import "net/http"

// Watched is what a Server serves.
func Watched(config ServerConfig) http.Handler { return (&Server{config: config}).watched() }
