package nitro

import (
	"encoding/binary"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/gateway"
)

const (
	// Header is the first byte of every certificate of the [DA API].
	//
	// [DA API]: https://github.com/OffchainLabs/nitro/blob/6dce8d139026/daprovider/util.go
	Header = 0x01
	// Provider is the second, which tells Ashlar's certificates from those of other providers.
	Provider = 0x61

	// fixedSize is the length of a certificate without the path: header, provider, height, blob id, data
	// root, blob tree root, length of the path.
	fixedSize = 2 + 8 + 3*da.HashSize + 1
	// maxPath bounds the path, and heightBits heights: AshlarNitro, the contract, has the same bounds.
	maxPath    = 14
	heightBits = 36
	// maxCertificate bounds a certificate in bytes.
	maxCertificate = fixedSize + maxPath*da.HashSize
)

// Certificate says where a batch is: a block whose data root and blob tree root attesters sign, and
// the path that proves the blob in it.
type Certificate struct {
	Ref                    gateway.Ref
	DataRoot, BlobTreeRoot [da.HashSize]byte
	Path                   da.BlobTreeProof
}

// Encode returns the one encoding: the bytes Header and Provider, the height in 8 bytes big-endian, the blob id, the data
// root, the blob tree root, the length of the path in a byte, and the path from the leaf up.
func (c *Certificate) Encode() []byte {
	encoded := binary.BigEndian.AppendUint64([]byte{Header, Provider}, c.Ref.Height)
	encoded = append(append(append(encoded, c.Ref.ID[:]...), c.DataRoot[:]...), c.BlobTreeRoot[:]...)
	encoded = append(encoded, byte(len(c.Path)))
	for i := range c.Path {
		encoded = append(encoded, c.Path[i][:]...)
	}
	return encoded
}

// DecodeCertificate is the inverse of Encode, and verifies the path. It fails with ErrInvalidCertificate.
func DecodeCertificate(encoded []byte) (*Certificate, error) {
	switch {
	case len(encoded) < fixedSize || len(encoded) > maxCertificate:
		return nil, fmt.Errorf("%w: it has %d bytes", ErrInvalidCertificate, len(encoded))
	case encoded[0] != Header || encoded[1] != Provider:
		return nil, fmt.Errorf("%w: it begins with %x, and Ashlar's with %02x%02x", ErrInvalidCertificate, encoded[:2], Header, Provider)
	case len(encoded) != fixedSize+int(encoded[fixedSize-1])*da.HashSize:
		return nil, fmt.Errorf("%w: its length is not that of its path", ErrInvalidCertificate)
	}
	c := &Certificate{Ref: gateway.Ref{Height: binary.BigEndian.Uint64(encoded[2:]), ID: da.BlobID(encoded[10:42])}}
	if height := c.Ref.Height; height == 0 || height>>heightBits != 0 {
		return nil, fmt.Errorf("%w: there is no height %d", ErrInvalidCertificate, height)
	}
	c.DataRoot, c.BlobTreeRoot = [da.HashSize]byte(encoded[42:74]), [da.HashSize]byte(encoded[74:106])
	for rest := encoded[fixedSize:]; len(rest) > 0; rest = rest[da.HashSize:] {
		c.Path = append(c.Path, [da.HashSize]byte(rest))
	}
	if err := c.Path.Verify(c.BlobTreeRoot, c.Ref.ID); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidCertificate, err)
	}
	return c, nil
}

// compare fails with ErrInvalidCertificate unless the block of a header, which is that of the certificate's height, has its
// roots.
func (c *Certificate) compare(header *chain.Header) error {
	dataRoot, blobTreeRoot := header.DA().DataRoot(), header.DA().BlobTreeRoot
	if c.DataRoot == dataRoot && c.BlobTreeRoot == blobTreeRoot {
		return nil
	}
	return fmt.Errorf("%w: block %d has data root %x and blob tree root %x", ErrInvalidCertificate, c.Ref.Height, dataRoot, blobTreeRoot)
}
