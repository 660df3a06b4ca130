package api

import (
	"fmt"
	"net/http"
)

// LightSettings are the settings of a light node to change, as they were given; empty ones
// stay as they are.
type LightSettings struct {
	Samples, Confidence, DataBudget string
}

// lightWrites are the endpoints that change what a light node does.
func (h *handler) lightWrites() []route {
	return []route{
		{
			method: "POST", path: "/v1/settings", summary: "Change how strongly blocks are sampled, and what that may cost. What more there is to sample is added to pending heights, whose coordinates stay; less counts for new heights. It outlasts a restart with the same configuration",
			access: writes, answer: h.config.Light.Settings, serve: h.lightSettings,
			params: []param{
				inQuery("samples", "cells to draw of each block; auto: the node's choice"),
				inQuery("confidence", "what the cells of each block are to establish, a decimal such as 0.9999; not together with samples"),
				inQuery("data_budget", "what the node may receive and send in 24 hours, such as 200MB/day, or none"),
			},
		},
		{
			method: "POST", path: "/v1/heights/{height}", summary: "Name a height: the phone profile samples it at full strength, as soon as its data budget allows. The full profile samples every height anyway",
			access: writes, answer: h.config.Light.Named, serve: h.nameHeight,
			params: []param{inPath("height", "a height")},
		},
	}
}

func (h *handler) lightSettings(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	settings := LightSettings{query.Get("samples"), query.Get("confidence"), query.Get("data_budget")}
	if settings == (LightSettings{}) {
		return fmt.Errorf("%w: nothing to change: give samples, confidence or data_budget", ErrBadRequest)
	}
	answer, err := h.config.Light.Node.Set(r.Context(), settings)
	if err != nil {
		return err
	}
	return sendJSON(w, answer)
}

func (h *handler) nameHeight(w http.ResponseWriter, r *http.Request) error {
	height, err := parseHeight(r.PathValue("height"))
	if err != nil {
		return err
	}
	answer, err := h.config.Light.Node.Name(r.Context(), height)
	if err != nil {
		return err
	}
	return sendJSON(w, answer)
}
