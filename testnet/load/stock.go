package load

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// payload is how many bytes of data a scalar holds.
const payload = kzg.ScalarSize - 1

// Stock holds rows that were proven once, and cuts any number of distinct blobs from them
// without proving again. It is immutable and safe for concurrent use.
//
// A row is a polynomial p of degree below 4096 by its values. Adding c to every scalar
// makes it p + c. Then:
//
//   - its commitment is [p(τ) + c]₁ = C + c·[1]₁;
//   - its cells are those of p, c added to every scalar;
//   - its cell proofs are those of p. That of a column is [q(τ)]₁, where p = q·z + r, z
//     vanishes on the column's 64 points and r has a lower degree than z. So has r + c,
//     whence p + c = q·z + (r + c) is the division of p + c: the quotient stays.
//
// A blob in a shared row has no proofs of its own, and zeros after its end. There c is
// added to the scalars it fills, which adds c·I to the row, where I is 1 there and 0
// behind: its commitment becomes C + c·[I(τ)]₁.
//
// Payloads have 31 bytes a scalar. Those in stock are below 2²⁴⁷, and so is c, so that
// their sum needs neither a 32nd byte nor the modulus.
type Stock struct {
	seed    [32]byte
	rows    []piece
	small   map[int]piece // by size: what lives in a shared row
	tails   map[int]piece // by size: the last row of a blob, where that is not full
	ones    map[int]bls12381.G1Affine
	namings []da.Namespace
}

// piece is a payload of a row or less, with what was computed of it.
type piece struct {
	data       []byte
	commitment bls12381.G1Affine
	proofs     []kzg.Proof
}

// NewStock proves rows for blobs of some sizes; the same seed makes the same stock. Few
// rows are proven faster; more than a block holds make all proofs of a block differ.
func NewStock(setup *kzg.Setup, seed uint64, rows int, sizes []int) (*Stock, error) {
	s := &Stock{
		seed:  sha256.Sum256(binary.BigEndian.AppendUint64([]byte("ashlar load"), seed)),
		small: map[int]piece{}, tails: map[int]piece{}, ones: map[int]bls12381.G1Affine{},
	}
	if err := s.name("load-a", "load-b", "load-c"); err != nil {
		return nil, err
	}
	random := rand.NewChaCha8(s.seed)
	for range rows {
		row, err := s.prove(setup, random, da.DataRowSize)
		if err != nil {
			return nil, err
		}
		s.rows = append(s.rows, row)
	}
	for _, size := range sizes {
		if err := s.prepareSize(setup, random, size); err != nil {
			return nil, fmt.Errorf("prepare blobs of %d bytes: %w", size, err)
		}
	}
	return s, s.prepareOnes(setup, da.DataRowSize)
}

func (s *Stock) name(names ...string) error {
	for _, name := range names {
		namespace, err := da.NewNamespace([]byte(name))
		if err != nil {
			return err
		}
		s.namings = append(s.namings, namespace)
	}
	return nil
}

// prepareSize proves what blobs of a size need besides full rows.
func (s *Stock) prepareSize(setup *kzg.Setup, random *rand.ChaCha8, size int) (err error) {
	tail := size % da.DataRowSize
	switch blob := (&da.Blob{Data: make([]byte, size)}); {
	case blob.OwnRows() == 0:
		if s.small[size], err = s.prove(setup, random, size); err != nil {
			return err
		}
		return s.prepareOnes(setup, size)
	case size < da.DataRowSize:
		return fmt.Errorf("a row that is not full has proofs that depend on the constant: choose up to %d bytes or from %d", da.DataRowSize/2, da.DataRowSize)
	case tail != 0:
		s.tails[tail], err = s.prove(setup, random, tail)
	}
	return err
}

// prove makes a payload and computes its commitment and, where it is more than half a
// row, its proofs: of a tail too, however short.
func (s *Stock) prove(setup *kzg.Setup, random *rand.ChaCha8, size int) (piece, error) {
	p := piece{data: make([]byte, size)}
	_, _ = random.Read(p.data) // it has no errors
	for at := 0; at < size; at += payload {
		p.data[at] &= 0x7f
	}
	row := new(kzg.Row)
	pack(row, p.data)
	_, proofs, err := setup.ComputeCellsAndProofs(row)
	if err != nil {
		return piece{}, err
	}
	p.proofs = proofs[:]
	commitment, err := setup.Commit(row)
	if err != nil {
		return piece{}, err
	}
	p.commitment, err = decodePoint(commitment)
	return p, err
}

// pack writes a payload into the scalars of a row.
func pack(row *kzg.Row, data []byte) {
	for at := 0; len(data) > 0; at += kzg.ScalarSize {
		n := copy(row[at+1:at+kzg.ScalarSize], data)
		data = data[n:]
	}
}

// prepareOnes commits to the row that is 1 in the scalars which a payload fills.
func (s *Stock) prepareOnes(setup *kzg.Setup, size int) error {
	row := new(kzg.Row)
	for i := range size / payload {
		row[(i+1)*kzg.ScalarSize-1] = 1
	}
	commitment, err := setup.Commit(row)
	if err != nil {
		return err
	}
	s.ones[size], err = decodePoint(commitment)
	return err
}

func decodePoint(c kzg.Commitment) (bls12381.G1Affine, error) {
	points, err := kzg.DecodePoints([]kzg.Commitment{c})
	if err != nil {
		return bls12381.G1Affine{}, err
	}
	return points[0], nil
}

// Cut returns an item's blob with its commitments and proofs, ready to be signed.
func (s *Stock) Cut(item Item) (*client.Prepared, error) {
	constant := s.constant(item.Index)
	var pieces []piece
	var moved []bool
	if small, ok := s.small[item.Size]; ok {
		pieces, moved = []piece{small}, []bool{true}
	} else {
		pieces, moved = s.pieces(item)
	}
	blob := da.Blob{Namespace: s.namespace(item), Data: s.Data(item)}
	shift := s.shift(pieces[0], constant)
	var points []bls12381.G1Affine
	var proofs []kzg.Proof
	for i, p := range pieces {
		if moved[i] {
			p.commitment.Add(&p.commitment, &shift)
		}
		points = append(points, p.commitment)
		if blob.OwnRows() > 0 {
			proofs = append(proofs, p.proofs...)
		}
	}
	return client.NewPrepared([]da.Blob{blob}, [][]kzg.Commitment{kzg.EncodePoints[kzg.Commitment](points)}, proofs)
}

// Data returns the bytes of an item's blob.
func (s *Stock) Data(item Item) []byte {
	constant := s.constant(item.Index)
	if small, ok := s.small[item.Size]; ok {
		return add(small.data, constant)
	}
	pieces, moved := s.pieces(item)
	data := make([]byte, 0, item.Size)
	for i, p := range pieces {
		if moved[i] {
			data = append(data, add(p.data, constant)...)
			continue
		}
		data = append(data, p.data...)
	}
	return data
}

// pieces returns the rows of a blob that owns rows, and which of them the constant moves:
// all but a tail.
func (s *Stock) pieces(item Item) (pieces []piece, moved []bool) {
	for i := range item.Size / da.DataRowSize {
		pieces = append(pieces, s.rows[(item.FirstRow+i)%len(s.rows)])
		moved = append(moved, true)
	}
	if tail, ok := s.tails[item.Size%da.DataRowSize]; ok {
		pieces, moved = append(pieces, tail), append(moved, false)
	}
	return pieces, moved
}

// namespace is where an item's blob is posted.
func (s *Stock) namespace(item Item) da.Namespace { return s.namings[item.Index%len(s.namings)] }

// constant returns what is added to the scalars of a blob: no two blobs have the same.
func (s *Stock) constant(index int) [payload]byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(s.seed[:len(s.seed):len(s.seed)], uint64(index)))
	sum[0] &= 0x7f
	return [payload]byte(sum[:payload])
}

// shift returns what the constant adds to the commitment of a piece.
func (s *Stock) shift(p piece, constant [payload]byte) (shift bls12381.G1Affine) {
	ones := s.ones[len(p.data)]
	shift.ScalarMultiplication(&ones, new(big.Int).SetBytes(constant[:]))
	return shift
}

// add returns a payload with the constant added to each scalar it fills.
func add(data []byte, constant [payload]byte) []byte {
	out := append([]byte(nil), data...)
	for at := 0; at+payload <= len(out); at += payload {
		carry := 0
		for i := payload - 1; i >= 0; i-- {
			sum := int(out[at+i]) + int(constant[i]) + carry
			out[at+i], carry = byte(sum), sum>>8
		}
	}
	return out
}
