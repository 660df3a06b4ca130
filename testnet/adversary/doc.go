// Package adversary holds what a node may do wrong on purpose, one file each. An
// adversary wraps what a node serves to its peers; binaries that hold one are built from
// testnet/cmd and shipped to nobody.
package adversary
