// Package batch puts several blobs of a rollup's client, each under a label of the client's, into one blob of ours.
//
// What a client posts at once must be at one height, and its namespaces are not ours: so all of it travels as
// one blob of the gateway's namespace, and each part says whose it is. Its bytes, numbers big-endian:
//
//	magic 8 | kind 1 | length of note 1 | note | count 4 | count × (length of label 1 | label | length of data 4 | data)
//
// and nothing after that. The kind is the protocol, so that none reads another's; a note tells apart what is to
// be posted twice although the rest is the same. Anybody may post a batch to the gateway's namespace, as anybody may
// post to a namespace elsewhere; what does not decode is nobody's and is passed over.
package batch
