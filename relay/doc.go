// Package relay keeps a contract on Ethereum informed of an Ashlar chain: it hands the contract the
// rotations that it lacks, in order, and posts certificates when asked to or by schedule. Anyone may
// run one, and it decides nothing: the contract checks every signature.
//
// Decide is the whole judgement, a function of a View; a Relay looks, decides and acts in turn. What
// it sent is in a journal before it is sent, so that a relay that is killed at any moment goes on
// with the same transactions.
package relay
