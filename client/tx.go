package client

import (
	"fmt"

	"cosmossdk.io/math"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// Denom is the base denomination: 10⁻¹⁸ ASH.
const Denom = "aash"

// Fees is what a transaction offers, who pays it, and until when.
type Fees struct {
	Cap      math.Int // the most it pays per unit of blob gas, in aash
	Tip      math.Int // the most the proposer gets per unit of blob gas, in aash
	GasLimit uint64   // execution gas
	GasPrice math.Int // aash per unit of execution gas
	Granter  string   // account that pays by a fee grant; empty: the signer does
	Expires  uint64   // last height that may include it; 0: any
}

// Account is what a signature commits to besides the transaction.
type Account struct {
	ChainID  string
	Number   uint64
	Sequence uint64
}

// Prepared is a set of blobs with what is computed from them before any signature: it
// holds for every account, fee and sequence.
type Prepared struct {
	data   [][]byte
	infos  []da.BlobInfo
	proofs []kzg.Proof
}

// Prepare checks blobs and computes their commitments and, for those that own rows,
// the 128 proofs of every row: some hundredths of a second a row. It fails like
// da.ProveBlobs.
func Prepare(setup *kzg.Setup, blobs []da.Blob) (*Prepared, error) {
	if len(blobs) == 0 {
		return nil, fmt.Errorf("%w: no blobs to post", da.ErrInvalidBlob)
	}
	commitments, proofs, err := da.ProveBlobs(setup, blobs)
	if err != nil {
		return nil, err
	}
	return NewPrepared(blobs, commitments, proofs)
}

// NewPrepared is Prepare for who has commitments and proofs already: those that
// da.ProveBlobs returns for the blobs. It counts them and does not verify them; a node
// does. It fails with da.ErrMismatch, or like Blob.Check.
func NewPrepared(blobs []da.Blob, commitments [][]kzg.Commitment, proofs []kzg.Proof) (*Prepared, error) {
	if len(blobs) != len(commitments) {
		return nil, fmt.Errorf("%w: commitments of %d blobs beside %d blobs", da.ErrMismatch, len(commitments), len(blobs))
	}
	p := &Prepared{infos: da.DescribeBlobs(blobs, commitments), proofs: proofs}
	rows := 0
	for i := range p.infos {
		if err := p.infos[i].Check(); err != nil {
			return nil, fmt.Errorf("blob %d: %w", i, err)
		}
		rows += p.infos[i].OwnRows()
		p.data = append(p.data, blobs[i].Data)
	}
	if len(proofs) != rows*kzg.Columns {
		return nil, fmt.Errorf("%w: %d cell proofs, the blobs' own rows have %d", da.ErrMismatch, len(proofs), rows*kzg.Columns)
	}
	return p, nil
}

// Blobs returns what the message says of the blobs, in order; ids are among it.
func (p *Prepared) Blobs() []da.BlobInfo { return p.infos }

// size is how many bytes the blobs and proofs have.
func (p *Prepared) size() int {
	total := len(p.proofs) * kzg.PointSize
	for _, data := range p.data {
		total += len(data)
	}
	return total
}

// checkSize fails with da.ErrTooLarge for what no transaction has room for, and with
// da.ErrInvalidBlob for nothing.
func (p *Prepared) checkSize() error {
	if len(p.infos) == 0 {
		return fmt.Errorf("%w: no blobs to post", da.ErrInvalidBlob)
	}
	cells := 0
	for i := range p.infos {
		cells += p.infos[i].Allotment()
	}
	if cells > da.MaxTxCells {
		return fmt.Errorf("%w: the blobs take %d cells, a transaction has room for %d: split them over several", da.ErrTooLarge, cells, da.MaxTxCells)
	}
	return nil
}

// BlobGas is the blob gas of the blobs; that of the transaction's own bytes comes on top.
func (p *Prepared) BlobGas() uint64 {
	message := da.PayForBlobs{Blobs: p.infos}
	return message.BlobGas()
}

// Sign makes the blob transaction that pays for the prepared blobs.
func (p *Prepared) Sign(signer *Signer, account Account, fees Fees) (*da.Envelope, error) {
	body, err := p.body(signer.address, fees)
	if err != nil {
		return nil, err
	}
	raw, err := p.signWithFee(signer, account, fees, body)
	if err != nil {
		return nil, err
	}
	return &da.Envelope{Tx: raw, Blobs: p.data, Proofs: p.proofs}, nil
}

func (p *Prepared) body(address string, fees Fees) ([]byte, error) {
	hash := da.ProofHash(p.proofs)
	message, err := codectypes.NewAnyWithValue(&blobpb.MsgPayForBlobs{
		Signer:    address,
		Blobs:     blobInfos(p.infos),
		ProofHash: hash[:],
		FeeCap:    fees.Cap,
		TipCap:    fees.Tip,
	})
	if err != nil {
		return nil, fmt.Errorf("pack message: %w", err)
	}
	body := tx.TxBody{Messages: []*codectypes.Any{message}, TimeoutHeight: fees.Expires}
	return body.Marshal()
}

// signWithFee finds the fee that covers the transaction's own bytes too. The length
// depends on the fee's digits only, so the second round differs from the first by a
// few bytes and the third by none.
func (p *Prepared) signWithFee(signer *Signer, account Account, fees Fees, body []byte) ([]byte, error) {
	length := len(body)
	for {
		raw, err := signTx(signer, account, p.txFee(fees, length), body)
		if err != nil {
			return nil, err
		}
		if len(raw) <= length {
			return raw, nil
		}
		length = len(raw)
	}
}

// blobInfos translates to the SDK's message.
func blobInfos(infos []da.BlobInfo) []blobpb.BlobInfo {
	out := make([]blobpb.BlobInfo, len(infos))
	for i := range infos {
		info := &infos[i]
		out[i] = blobpb.BlobInfo{
			Namespace: info.Namespace[:],
			Size_:     info.Size,
			Encoding:  uint32(info.Encoding),
			Keccak256: info.Keccak256[:],
		}
		for j := range info.Commitments {
			out[i].Commitments = append(out[i].Commitments, info.Commitments[j][:])
		}
	}
	return out
}

// fee is the fee cap times the blob gas of the blobs and of a transaction of length
// bytes, and the execution gas at its price.
func (p *Prepared) fee(fees Fees, length int) math.Int {
	gas := p.BlobGas() + da.TxBlobGas(length)
	return fees.Cap.Mul(math.NewIntFromUint64(gas)).Add(fees.GasPrice.Mul(math.NewIntFromUint64(fees.GasLimit)))
}

// txFee is the fee as a transaction names it.
func (p *Prepared) txFee(fees Fees, length int) *tx.Fee {
	return &tx.Fee{Amount: sdk.NewCoins(sdk.NewCoin(Denom, p.fee(fees, length))), GasLimit: fees.GasLimit, Granter: fees.Granter}
}

func signTx(signer *Signer, account Account, fee *tx.Fee, body []byte) ([]byte, error) {
	auth := tx.AuthInfo{
		SignerInfos: []*tx.SignerInfo{{
			PublicKey: signer.pubKey,
			ModeInfo:  &tx.ModeInfo{Sum: &tx.ModeInfo_Single_{Single: &tx.ModeInfo_Single{Mode: signing.SignMode_SIGN_MODE_DIRECT}}},
			Sequence:  account.Sequence,
		}},
		Fee: fee,
	}
	authInfo, err := auth.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode fee: %w", err)
	}
	doc := tx.SignDoc{BodyBytes: body, AuthInfoBytes: authInfo, ChainId: account.ChainID, AccountNumber: account.Number}
	message, err := doc.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode what is signed: %w", err)
	}
	signature, err := signer.sign(message)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	raw := tx.TxRaw{BodyBytes: body, AuthInfoBytes: authInfo, Signatures: [][]byte{signature}}
	return raw.Marshal()
}
