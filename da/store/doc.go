// Package store keeps squares on disk.
//
// # Durability
//
// [Store.Put] returns once a height is on disk and synced: its rows, DA header, Merkle path
// and index first, then, in a later transaction, a commit marker with the checksum of each. A
// height without its marker does not exist; what a crash left of one is deleted when the
// store opens. Every acknowledged height survives the death of process and machine.
//
// Badger's Sync is no barrier (it syncs the active memtable only), so that every
// transaction is written with SyncWrites. Badger writes through mmap and dies of SIGBUS
// on a full disk, which no program survives: the store stops accepting with [ErrDiskFull]
// long before, holds a reserve file that it gives up then, and accepts again once there is room.
// Where others go on filling the disk, [Store.Run] ends while all can still be closed.
//
// # Reading
//
// A read answers da.ErrFutureHeight above the newest height, da.ErrPruned below the oldest, and
// da.ErrNotFound for what a height in between does not have. What is read is checked against the
// marker's checksums, and the rows of a height against their commitments before their
// first use in a process; what fails is [ErrCorrupt] and never served, and Put takes the
// height again.
//
// Original rows are stored, with the 128 proofs of each. Cells beyond them are coded when asked for: extended
// matrices of the newest heights are kept in memory, within a bound; an older cell costs
// reading k rows.
package store
