package nitro

import (
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// Nitro knows these errors by their text, wherever in a message it stands, and no others: see [writer.go] and [reader.go].
//
// [writer.go]: https://github.com/OffchainLabs/nitro/blob/6dce8d139026/daprovider/writer.go
// [reader.go]: https://github.com/OffchainLabs/nitro/blob/6dce8d139026/daprovider/reader.go
var (
	// ErrInvalidCertificate has the batch read as empty, by everybody alike: only what is proven may say so.
	ErrInvalidCertificate = errors.New("certificate validation failed")
	// ErrTooLarge has the batch made anew, smaller.
	ErrTooLarge = errors.New("message too large for current DA backend")
	// ErrFallback has the batch posted by the next provider, or to Ethereum. Another error stops the batch poster.
	ErrFallback = errors.New("DA provider requests fallback to next writer")
)

// unstored turns why a batch was not stored into what Nitro knows.
func unstored(err error) error {
	switch {
	case errors.Is(err, da.ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, gateway.ErrBehind), errors.Is(err, gateway.ErrBusy), errors.Is(err, gateway.ErrUnavailable):
		return fmt.Errorf("%w: %w", ErrFallback, err)
	}
	return err
}
