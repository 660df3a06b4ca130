module github.com/ashlar-da/ashlar/bench

go 1.26.8

require (
	github.com/ashlar-da/ashlar v0.0.0
	github.com/celestiaorg/nmt v0.24.2
	github.com/celestiaorg/rsmt2d v0.15.1
	github.com/consensys/gnark-crypto v0.22.0
	github.com/crate-crypto/go-eth-kzg v1.5.0
	github.com/ethereum/c-kzg-4844/v2 v2.1.8
	github.com/protolambda/go-kzg v0.0.0-20221224134646-c91cee5e954e
	go.yaml.in/yaml/v3 v3.0.5
	golang.org/x/sys v0.48.0
)

require (
	github.com/bits-and-blooms/bitset v1.25.0 // indirect
	github.com/celestiaorg/merkletree v0.0.0-20210714075610-a84dc3ddbbe4 // indirect
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/herumi/bls-eth-go-binary v1.28.1 // indirect
	github.com/holiman/uint256 v1.3.2 // indirect
	github.com/kilic/bls12-381 v0.1.1-0.20220929213557-ca162e8a70f4 // indirect
	github.com/klauspost/cpuid/v2 v2.4.0 // indirect
	github.com/klauspost/reedsolomon v1.12.5 // indirect
	github.com/supranational/blst v0.3.16 // indirect
	golang.org/x/sync v0.23.0 // indirect
)

replace github.com/ashlar-da/ashlar => ..
