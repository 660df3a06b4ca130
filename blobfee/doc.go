// Package blobfee prices blob gas: one unit is one byte of square. It turns the excess, a
// running account of what blocks used above their target, into the base fee, in exact
// integer arithmetic. It holds no state, reads no clock and does no I/O. Beside it stands what no
// block depends on: [Forecast] estimates from past blocks what gets a transaction in, in
// floating-point numbers, and package market simulates users to test that on.
//
// # The rule
//
// A block that uses u of at most m units, t after the block before it where blocks should
// take T, moves the excess x by
//
//	x' = x + Scale·u/m - Scale·min(t/2T, 15/16)
//
// and the base fee is e^(x/f) for the update fraction f, but at least the reserve price, and
// x never falls below the point where the two are equal. It is EIP-4844's rule with four changes.
//
//   - Use counts as a share of what a block holds, as EIP-7999 does, so that a governed
//     change of capacity leaves the price where it is. In EIP-4844 excess is an amount of
//     gas, and its meaning changes with every fork that moves the constants.
//   - The target is half of the maximum, always. So a full block raises the price by the
//     factor by which an empty one lowers it, and half use on average keeps it steady. With
//     EIP-7691's target of two thirds a full block adds 8 % and an empty one takes 15 %.
//   - The target is that of the time that passed, as in EIP-4396, up to 15/16 of a block: it
//     is the rate of use that is priced, and a chain that slows down does not get dearer.
//   - There is a reserve price, as in EIP-7918, below which the excess does not fall: demand
//     that returns is priced from there at once, and not after a climb out of nothing.
//
// [EIP4844] is the original, for comparison.
package blobfee
