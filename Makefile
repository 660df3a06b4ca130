.DEFAULT_GOAL := help
SHELL := /bin/bash
PROTO_TOOL := go tool -modfile=tools/go.mod

.PHONY: proto help

proto: ## regenerate the protobuf code from proto/, byte for byte
	@rm -rf build/proto && $(PROTO_TOOL) buf generate
	@rm -f proto/*/*.pb.go && cp -r build/proto/github.com/ashlar-da/ashlar/proto/. proto/

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
