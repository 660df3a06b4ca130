#!/usr/bin/env bash
# Builds op-node, op-batcher and op-geth as they were released, into build/opstack. op-node embeds a list of well-known chains that is no part of
# its module, as it is not in its repository. So the module's source is copied to build/, where nothing is committed, with the
# list that op-geth's module has, of the same form, and its checksum beside it. The chain here is none of those.
set -euo pipefail
cd "$(dirname "$0")"
build=../../../build
optimism=v1.19.6
geth=v1.101702.3-rc.7
to=$build/conformance-optimism
download() { (cd /tmp && go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'); }
if [ ! -f "$to/.done-$optimism" ]; then
  from=$(download "github.com/ethereum-optimism/optimism@$optimism")
  list=$(download "github.com/ethereum-optimism/op-geth@$geth")/superchain/superchain-configs.zip
  rm -rf "$to"
  mkdir -p "$to/packages"
  cp -r "$from"/{go.mod,go.sum,op-alt-da,op-batcher,op-chain-ops,op-conductor,op-core,op-node,op-service,op-test-sequencer} "$to"
  mkdir -p "$to/packages/contracts-bedrock"
  cp -r "$from"/packages/contracts-bedrock/snapshots "$to/packages/contracts-bedrock"
  chmod -R u+w "$to"
  cp "$list" "$to/op-core/superchain/superchain-configs.zip"
  (cd "$to/op-core/superchain" && chmod u+w superchain-configs.zip && sha256sum superchain-configs.zip >superchain-configs.zip.sha256)
  touch "$to/.done-$optimism"
fi
mkdir -p "$build/opstack"
go build -o "$build/opstack/op-batcher" github.com/ethereum-optimism/optimism/op-batcher/cmd
go build -o "$build/opstack/op-node" github.com/ethereum-optimism/optimism/op-node/cmd
go build -o "$build/opstack/op-geth" github.com/ethereum/go-ethereum/cmd/geth
