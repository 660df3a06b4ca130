// Package attesting has a full node attest, and collect what others attest.
//
// # Signing
//
// A validator signs a height once its square is stored, and only if it holds every height of the
// chain's window and will go on holding them: a [Refusal] says which of that is not so. What it
// signs is in the [Journal], synced, before the signature leaves the process; a height is never
// signed twice with different contents, whatever became of the process in between.
//
// # Collecting
//
// The [Collector] keeps the verified signatures of the newest heights, adds them up, and puts a
// certificate into the [Archive] once more than two thirds of the voting power signed, and a better one
// with each that comes later. A signature is verified against what it says that it signs; whether
// that is the chain's own is known once the height is. What is not is an [Evidence].
//
// The [Service] is both at work.
//
// # Catching up
//
// A node that was away asks its peers, by the [Fetcher], for the certificates of the window and for the signed
// rotations of all epochs whose sets it knows, from state or from its archive. What they give it verifies, each by itself, before it
// keeps and serves it. Light nodes take no part in any of this: who wants a certificate asks a full node's API for it, and
// verifies it against a set that it trusts.
package attesting
