package da

import (
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// contents are the transactions of a block but the first two.
type contents struct {
	certificate *Certificate   // nil where there is none
	signed      [][]byte       // as the transaction rows hold them
	messages    []*PayForBlobs // of the first of these, the blob transactions
	envelopes   []*Envelope    // of the same; nil where contents come from rows
}

// hardLimits are those that no governance can lift.
func hardLimits() Limits { return Limits{HardMaxRows, HardMaxRows, HardMaxRows} }

// parseContents reads envelopes and the transactions after them, and checks that each may
// be there, KZG and what the application knows aside. It fails with ErrInvalidBlock.
func parseContents(limits Limits, txs [][]byte) (*contents, error) {
	c := new(contents)
	rest, err := c.takeCertificate(txs)
	if err != nil {
		return nil, err
	}
	for i, tx := range rest {
		if err := c.add(limits, tx); err != nil {
			return nil, fmt.Errorf("%w: transaction %d after the injected: %w", ErrInvalidBlock, i, err)
		}
	}
	return c, nil
}

// takeCertificate reads the certificate, if the first transaction is one, and returns the others. It fails with ErrInvalidBlock.
func (c *contents) takeCertificate(txs [][]byte) ([][]byte, error) {
	if len(txs) == 0 || len(txs[0]) == 0 || txs[0][0] != injectedByte {
		return txs, nil
	}
	var err error
	if c.certificate, err = DecodeCertificate(txs[0][1:]); err != nil {
		return nil, fmt.Errorf("%w: the certificate: %w", ErrInvalidBlock, err)
	}
	return txs[1:], nil
}

// stream is what the transaction rows hold: the certificate, if there is one, and what users signed.
func (c *contents) stream() [][]byte {
	if c.certificate == nil {
		return c.signed
	}
	return append([][]byte{CertificateTx(c.certificate)}, c.signed...)
}

func (c *contents) add(limits Limits, tx []byte) error {
	if !IsEnvelope(tx) {
		return c.addPlain(tx)
	}
	e, err := DecodeEnvelope(tx)
	if err != nil {
		return err
	}
	m, err := e.Check(limits)
	if err != nil {
		return err
	}
	c.envelopes = append(c.envelopes, e)
	return c.addBlobTx(e.Tx, m)
}

func (c *contents) addBlobTx(signed []byte, m *PayForBlobs) error {
	if len(c.messages) < len(c.signed) {
		return errors.New("blob transactions come before all others")
	}
	c.signed, c.messages = append(c.signed, signed), append(c.messages, m)
	return nil
}

func (c *contents) addPlain(tx []byte) error {
	if err := checkTxSize(len(tx)); err != nil {
		return err
	}
	switch {
	case tx[0] == injectedByte || tx[0] == envelopeByte:
		return fmt.Errorf("nothing but what is injected and envelopes begins with byte 0x%02x", tx[0])
	case mentionsPayForBlobs(tx):
		return fmt.Errorf("%s without its blobs; it belongs into an envelope", PayForBlobsURL)
	}
	c.signed = append(c.signed, tx)
	return nil
}

// contentsOfRows reads them back from transaction rows; there are no envelopes then.
func contentsOfRows(rows []*kzg.Row) (*contents, error) {
	c := new(contents)
	txs, err := UnpackTxs(rows)
	if err != nil {
		return nil, err
	}
	rest, err := c.takeCertificate(txs)
	if err != nil {
		return nil, err
	}
	for i, tx := range rest {
		if err := c.addFromRow(tx); err != nil {
			return nil, fmt.Errorf("%w: transaction %d: %w", ErrInvalidBlock, i, err)
		}
	}
	return c, nil
}

func (c *contents) addFromRow(tx []byte) error {
	if !mentionsPayForBlobs(tx) {
		return c.addPlain(tx)
	}
	m, err := DecodePayForBlobs(tx)
	if err != nil {
		return err
	}
	if err := m.Check(hardLimits()); err != nil {
		return err
	}
	return c.addBlobTx(tx, m)
}
