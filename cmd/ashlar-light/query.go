package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

const (
	queryTimeout = 20 * time.Second
	maxAnswer    = 4 << 20
)

// query is what the commands that ask a running node share.
type query struct {
	api    string
	output string
	// flag and kind say in errors what is asked and which flag names it; empty: a light node, by --api.addr.
	flag, kind string
}

func (q *query) register(command *cobra.Command) {
	q.registerAddress(command)
	command.Flags().StringVar(&q.output, "output", "text", "text or json")
}

func (q *query) registerAddress(command *cobra.Command) {
	command.Flags().StringVar(&q.api, "api.addr", defaultAPI, "TCP address of the node's HTTP API")
}

// show asks the node for a path and prints the answer: as it came for json, and for text
// by print, which gets it decoded into answer.
func (q *query) show(command *cobra.Command, path string, answer any, print func(out io.Writer)) error {
	if err := q.check(); err != nil {
		return err
	}
	body, err := q.get(command.Context(), path)
	if err != nil {
		return err
	}
	return q.print(command, body, answer, print)
}

// check reports an output that there is none of, before anybody is asked.
func (q *query) check() error {
	if q.output != "text" && q.output != "json" {
		return fmt.Errorf("--output %q: want text or json", q.output)
	}
	return nil
}

// print prints an answer: as it came for json, and for text by print.
func (q *query) print(command *cobra.Command, body []byte, answer any, print func(out io.Writer)) error {
	if q.output == "json" {
		_, err := fmt.Fprintf(command.OutOrStdout(), "%s\n", trimNewline(body))
		return err
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("the answer of %s is not a light node's: %w", q.api, err)
	}
	print(command.OutOrStdout())
	return nil
}

func trimNewline(body []byte) []byte {
	for len(body) > 0 && body[len(body)-1] == '\n' {
		body = body[:len(body)-1]
	}
	return body
}

// get returns the body of an answer, or the error that the node answered with.
func (q *query) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+q.api+path, nil)
	if err != nil {
		return nil, q.badAddress()
	}
	return q.do(request)
}

// badAddress reports an address that is none.
func (q *query) badAddress() error {
	if q.flag != "" {
		return fmt.Errorf("%s %q: want host:port", q.flag, q.api)
	}
	return fmt.Errorf("--api.addr %q: want host:port, such as %s", q.api, defaultAPI)
}

// silent reports that nobody answers.
func (q *query) silent(err error) error {
	if q.kind != "" {
		return fmt.Errorf("no %s answers at %s: give its address by %s (%w)", q.kind, q.api, q.flag, err)
	}
	return fmt.Errorf("no light node answers at %s: start one with `ashlar-light start`, or give its --api.addr (%w)", q.api, err)
}

// do returns the body of the answer to a request, or the error that the node answered with.
func (q *query) do(request *http.Request) ([]byte, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, q.silent(err)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", q.api, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, q.problem(response.Status, body)
	}
	return body, nil
}

// problem returns the error that an answer describes.
func (q *query) problem(status string, body []byte) error {
	var answer struct {
		Error struct{ Code, Message, Hint string }
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Message == "" {
		return fmt.Errorf("%s answered %s: is it a %s's API?", q.api, status, cmp.Or(q.kind, "light node"))
	}
	return fmt.Errorf("%s: %s (%s)", answer.Error.Code, answer.Error.Message, answer.Error.Hint)
}
