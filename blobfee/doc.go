// Package blobfee prices blob gas: one unit is one byte of square. It turns the
// excess, a running account of gas used above target, into the base fee, in exact
// integer arithmetic. It holds no state and does no I/O.
package blobfee
