#!/usr/bin/env bash
# Nitro's client is built with a fork of go-ethereum that cannot be had as a module. Of what the fork adds it needs the two
# functions in shims/geth; so upstream's source is copied to build/, where nothing is committed, with those beside it.
set -euo pipefail
cd "$(dirname "$0")"
version=v1.17.0
to=../../../build/conformance-geth
if [ ! -f "$to/.done-$version" ]; then
  from=$(cd /tmp && go mod download -json "github.com/ethereum/go-ethereum@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  rm -rf "$to"
  mkdir -p "$(dirname "$to")"
  cp -r "$from" "$to"
  chmod -R u+w "$to"
  cp shims/geth/types_headerinfo.go.txt "$to/core/types/headerinfo_shim.go"
  cp shims/geth/node_jwtpath.go.txt "$to/node/jwtpath_shim.go"
  touch "$to/.done-$version"
fi
