// Package load puts a network of real processes under load and says what it bore: blobs
// cut from rows that were proven beforehand, a pace that does not depend on the answers,
// a record of every blob from its submission to its being read back elsewhere, and the
// report and the plot of all that.
package load
