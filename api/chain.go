package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ashlar-da/ashlar/da"
)

func (h *handler) status(w http.ResponseWriter, r *http.Request) error {
	status, err := h.config.Full.Chain.Status(r.Context())
	if err != nil {
		return err
	}
	shown := *status
	shown.Height, shown.Tail = h.config.Full.Squares.Head(), h.config.Full.Squares.Tail()
	shown.DiskFull = h.config.Full.Squares.DiskFull()
	return sendJSON(w, shown)
}

func (h *handler) account(w http.ResponseWriter, r *http.Request) error {
	address, err := da.ParseAddress(r.PathValue("address"))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	account, err := h.config.Full.Chain.Account(r.Context(), address)
	if errors.Is(err, da.ErrNotFound) {
		return Advise(err, "an account exists once something was sent to it: check the address, or fund it")
	}
	if err != nil {
		return err
	}
	return sendJSON(w, account)
}

func (h *handler) fees(w http.ResponseWriter, r *http.Request) error {
	fees, err := h.config.Full.Chain.Fees(r.Context())
	if err != nil {
		return err
	}
	return sendJSON(w, fees)
}
