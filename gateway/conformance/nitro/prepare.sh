#!/usr/bin/env bash
# Nitro's client is built with a fork of go-ethereum that cannot be had as a module. Of what the fork adds it needs the two
# functions in shims/geth; so upstream's source is copied to build/, where nothing is committed, with those beside it.
# Nitro's one-step prover is what npm's package of nitro-contracts has compiled, which is copied to build/ too.
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

contracts=3.2.0
hash=ba2c2aa602cb069ca6ff9e5804f548b647ce9e47c6461fb25b221e4f10634a7f8ed270dc1303d9841d4441213e793c6d783f673fb65a7008b76bd7fe13fd7bbd
to=../../../build/nitro-contracts
if [ ! -f "$to/.done-$contracts" ]; then
  command -v npm >/dev/null || { echo "npm is needed for @arbitrum/nitro-contracts: install Node.js"; exit 1; }
  rm -rf "$to"
  mkdir -p "$to"
  npm pack --silent --pack-destination "$to" "@arbitrum/nitro-contracts@$contracts" >/dev/null
  echo "$hash  $to/arbitrum-nitro-contracts-$contracts.tgz" | sha512sum --check --quiet
  tar -xzf "$to/arbitrum-nitro-contracts-$contracts.tgz" -C "$to"
  touch "$to/.done-$contracts"
fi
