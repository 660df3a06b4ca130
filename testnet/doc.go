// Package testnet runs networks of real Ashlar processes, with real ports and files, and
// the scenarios that are played on them. What it knows of a node is what any user knows:
// its command line and its HTTP API. Adversaries live in testnet/adversary, and the
// binaries that hold them in testnet/cmd: no shipped binary has a hostile flag.
package testnet
