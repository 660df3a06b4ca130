.DEFAULT_GOAL := help
SHELL := /bin/bash
GO ?= go
PROTO := $(GO) tool -modfile=tools/go.mod
LINT := $(GO) tool -modfile=$(CURDIR)/tools/lint/go.mod golangci-lint
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The light node needs no C. gRPC, which comes with CometBFT's types, links HTML templates unless told not to, and with
# them every exported method of every type.
LIGHT := CGO_ENABLED=0 $(GO) build -trimpath -tags grpcnotrace -ldflags '$(LDFLAGS)'
# what the light node is built for, and how many bytes it may have
CROSS ?= linux/amd64 linux/arm64 android/arm64 darwin/arm64 windows/amd64
LIGHT_MOST := 34000000
# what a light node consists of
LIGHT_PACKAGES := ./cmd/ashlar-light ./lightnode/... ./p2p/... ./sampling/... ./api/... ./da/... ./erasure/...
FUZZTIME ?= 20s
# modules that compare with other implementations, which nothing else depends on
PEERS := bench blobfee/conformance contracts/test examples/validium relay/test
# modules that write code; what their tests hold it against lies outside of them, where go's cache of results does not look
WRITERS := tools/octets

# what compiles contracts: npm's packages, of the versions that the lock file has
NODE_MODULES := contracts/node_modules/.package-lock.json

.PHONY: contracts contracts-check build cross release-check demo validium load sweep run lightbench swarm conformance test race fuzz lint bench gobench proto clean help

build: ## build the binaries into build/
	@mkdir -p build
	$(GO) build -ldflags '$(LDFLAGS)' -o build/ ./cmd/ashlar
	$(LIGHT) -o build/ ./cmd/ashlar-light

cross: ## the light node for every platform of CROSS; fails where it is larger than it should be; writes build/cross
	@mkdir -p build/cross
	@for target in $(CROSS); do \
	  out=build/cross/ashlar-light-$${target%/*}-$${target#*/}; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} $(LIGHT) -o $$out ./cmd/ashlar-light || exit 1; \
	  size=$$(wc -c <$$out); echo "$$target: $$size bytes"; \
	  [ $$size -le $(LIGHT_MOST) ] || { echo "more than $(LIGHT_MOST): see \"What is linked\" in docs/light-nodes.md"; exit 1; }; \
	done

# what runs the arm64 binary; said at once, not after the better part of an hour
.PHONY: emulator
emulator:
	@command -v qemu-aarch64-static >/dev/null || { echo "release-check needs qemu-aarch64-static: install it, as apt-get install qemu-user-static does"; exit 1; }

release-check: emulator cross ## before a release: all platforms, the light node under the race detector, and sampling as arm64 under qemu
	GOOS=ios GOARCH=arm64 CGO_ENABLED=0 $(GO) build -tags grpcnotrace ./lightnode/...
	$(GO) test -race -timeout 60m $(LIGHT_PACKAGES)
	$(GO) build -o build/lightbench/ ./testnet/cmd/lightbench
	@build/lightbench/lightbench -quick -k 33 -duration 90s -light build/cross/ashlar-light-linux-arm64 \
	  -emulator qemu-aarch64-static -out build/lightbench/arm64

demo: build ## the whole path on a network of real processes; writes build/demo/report.json
	@$(GO) run ./testnet/cmd/demo -bin build -out build/demo

load: build ## half of what the chain holds for 10 minutes, then twice that for 5, as bounds; QUICK=1: 3 minutes in all; writes build/load
	@$(GO) run ./testnet/cmd/load -bin build -out build/load $(if $(QUICK),-quick) $(FLAGS)

sweep: build ## raise the load until a bound breaks; LINK=1: with 150 ms and 2 % loss between nodes; writes build/sweep
	@$(GO) run ./testnet/cmd/load -sweep -bin build -out build/sweep$(if $(LINK),-link -link) $(FLAGS)

.PHONY: attest
attest: build ## certificates on 4 validators: every height, how long they take, without some of the validators
	@$(GO) run ./testnet/cmd/attest -bin build -out build/attest $(FLAGS)

.PHONY: attesters
attesters: build ## validators that go down, join, leave, stop attesting and attest what is false; FLAGS=-link: over a long, lossy path
	@$(GO) run ./testnet/cmd/attesters -bin build -out build/attesters $(FLAGS)

run: build ## the demo's network, staying up until Ctrl-C
	@$(GO) run ./testnet/cmd/run -bin build -out build/run

relay: build ## a chain, a simulated Ethereum, and the relay between them, all as processes; then 4 validators whose set changes
	$(GO) build -o build/ ./testnet/cmd/changing
	cd relay/test && ASHLAR_BIN=$(CURDIR)/build $(GO) test -count 1 -timeout 20m -v -run 'TestDevnet|TestCommand|TestValidators' .

lightbench: ## what a light node costs, in an hour, or QUICK=1: five minutes in all; writes build/lightbench
	@mkdir -p build
	$(LIGHT) -o build/ ./cmd/ashlar-light
	$(GO) build -o build/lightbench/ ./testnet/cmd/lightbench
	@build/lightbench/lightbench $(if $(QUICK),-quick) -light build/ashlar-light -out build/lightbench

swarm: ## how many light nodes rebuild a block; then a block of 33 rows, rebuilt from 200 of them over simulated links
	@$(GO) run ./testnet/cmd/swarm
	SWARM_K=33 SWARM_NODES=200 $(GO) test -count 1 -timeout 30m -v -run FullNode ./testnet/swarm

conformance: ## the clients of rollups' own stacks against gateways to a live chain; writes build/conformance/report.json
	@mkdir -p build
	$(GO) build -ldflags '$(LDFLAGS)' -o build/ ./cmd/ashlar
	@$(GO) run ./testnet/cmd/conformance -bin build -out build/conformance $(FLAGS)

.PHONY: rollup-bench
rollup-bench: build ## latency and fees by each of the gateway's protocols, in 10 minutes; QUICK=1: in 2; RECORD=1: into docs/rollups.md too; writes build/rollup-bench
	@$(GO) run ./testnet/cmd/conformance -measure $(if $(QUICK),3 -within 5s,20) -bin build -out build/rollup-bench $(FLAGS)
	@$(if $(RECORD),$(GO) run ./testnet/cmd/conformance -record build/rollup-bench/measured.json,true)

validium: build ## a validium that lives on our certificates: its operator vanishes, its users leave; writes build/validium
	@cd examples/validium && $(GO) run . -bin ../../build -out ../../build/validium $(FLAGS)

.PHONY: rollup
rollup: build ## a sovereign rollup of less than 400 lines, by processes: sequencer, strangers, followers; writes build/rollup-story
	$(GO) build -ldflags '$(LDFLAGS)' -o build/ ./examples/rollup
	@$(GO) run ./testnet/cmd/rollup -bin build -out build/rollup-story

test: ## unit, property, integration and command-line tests, and those against other implementations
	$(GO) test -timeout 14m ./...
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory contracts-check; else echo "no npm: contracts are not compiled again"; fi
	@for dir in $(PEERS); do (cd $$dir && $(GO) test -timeout 14m ./...) || exit 1; done
	@for dir in $(WRITERS); do (cd $$dir && $(GO) test -count 1 ./...) || exit 1; done

race: ## the same tests under the race detector
	$(GO) test -race -timeout 60m ./...

fuzz: ## every fuzz target for FUZZTIME each (20s unless set)
	@for dir in . bench contracts/test; do cd $(CURDIR)/$$dir && for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg || exit 1; \
	  done; \
	done; done

lint: ## formatting, vet and the linters of .golangci.yml
	$(LINT) run ./...
	$(LINT) fmt --diff ./...
	@for dir in $(PEERS) $(WRITERS); do (cd $$dir && $(LINT) run ./... && $(LINT) fmt --diff ./...) || exit 1; done

bench: ## the engine against other libraries, on one core; writes build/bench/kzg.json
	@cd bench && $(GO) run . -out ../build/bench/kzg.json

gobench: ## the Go benchmarks of the coding and data packages
	$(GO) test -run '^$$' -bench . -benchmem ./erasure/... ./da/...

$(NODE_MODULES): contracts/package-lock.json
	cd contracts && npm ci --ignore-scripts --no-audit --no-fund && touch node_modules/.package-lock.json

contracts: $(NODE_MODULES) ## compile contracts/src into contracts/out, byte for byte
	cd contracts && node compile.js && node compile.js ../examples/validium/contracts

contracts-check: $(NODE_MODULES) ## fail unless contracts/out is what contracts/src compiles to
	cd contracts && node compile.js --check && node compile.js --check ../examples/validium/contracts

proto: ## regenerate the protobuf code from proto/, byte for byte
	@rm -rf build/proto && $(PROTO) buf generate
	@rm -f proto/*/*.pb.go && cp -r build/proto/github.com/ashlar-da/ashlar/proto/. proto/ && rm -rf build/proto

clean: ## remove what the other targets made
	rm -rf build

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
