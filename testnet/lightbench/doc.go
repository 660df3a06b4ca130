// Package lightbench measures what a light node costs: memory, processor time, traffic,
// disk, and how soon it judges.
//
// A generator, a process of its own, stands in for the chain: it signs real headers with a
// hundred validators' keys, one block every few seconds, and serves them and real squares
// through package p2p, as full nodes do. An unmodified ashlar-light follows it from within
// a network namespace whose interface counts every byte, and is measured from outside, by
// /proc, by what its API and metrics say, and by what it leaves on disk.
package lightbench
