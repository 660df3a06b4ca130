// Package p2p is the node's peer-to-peer side: a libp2p host that asks peers for
// headers, cells, rows and namespaces of a height, and which of its cells they hold, and for
// what attesters signed, answers such requests out of what the node holds, spreads the news of new heights, and
// keeps score of who served what.
//
// # Requests
//
// A protocol is named /ashlar/<chain-id>/<what>/<version>. A stream carries one
// request and one response, each a minimal unsigned varint length and a protobuf
// message of package wire. Before anything is allocated for a message its length is
// held against a cap, which on the asking side follows from the very request; before
// it is decoded its fields are counted. Before a source is asked for an answer, the memory
// that the largest such answer takes is reserved with the resource manager, and where there
// is none the request is refused. Every stream has a deadline from its first
// byte to its last, so that a peer that trickles costs no more than one that is silent.
//
// A response never says which height, cell or row it is about: it is what was asked for
// or it is garbage. This package checks shapes, and of headers that they belong to the
// chain and height. A header asked for alone, without its commit, belongs to whatever its
// hash is compared with. Proofs are the caller's to check, who then tells [Host.Verified]
// or [Host.Garbage] which peer it was. A few pieces of garbage are a ban.
//
// # Who owns what
//
// [New] builds everything and listens; [Host.Run] keeps the host connected until its
// context ends and then closes it, waiting for the last handler to return. What the
// host serves it asks of a [HeaderSource] and a [SquareSource]; a host without one does
// not speak the protocols that need it.
package p2p
