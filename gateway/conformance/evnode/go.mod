module github.com/ashlar-da/ashlar/gateway/conformance/evnode

go 1.26.0

require (
	github.com/ashlar-da/ashlar/gateway/conformance/world v0.0.0
	github.com/celestiaorg/go-square/v3 v3.0.2
	github.com/evstack/ev-node v1.2.2
	github.com/rs/zerolog v1.35.1
)

require (
	github.com/celestiaorg/go-square/merkle v0.0.0-20240627094109-7d01436067a3 // indirect
	github.com/celestiaorg/nmt v0.24.3 // indirect
	github.com/filecoin-project/go-jsonrpc v0.10.1 // indirect
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/golang/groupcache v0.0.0-20241129210726-2c02b8208cf8 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/ipfs/go-log/v2 v2.9.2 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.22 // indirect
	go.opencensus.io v0.24.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/exp v0.0.0-20260410095643-746e56fc9e2f // indirect
	golang.org/x/sync v0.21.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
	golang.org/x/xerrors v0.0.0-20240903120638-7835f813f4da // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace github.com/ashlar-da/ashlar/gateway/conformance/world => ../world
