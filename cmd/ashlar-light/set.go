package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/lightnode"
)

// settings are what the flags of set are read into.
type settings struct {
	query
	token                           string
	samples, confidence, dataBudget string
}

func newSet() *cobra.Command {
	s := &settings{}
	command := &cobra.Command{
		Use:   "set",
		Short: "Change how strongly the running node samples, and what that may cost",
		Long: `Change how strongly the running node samples, and what that may cost.

More samples are added to heights that are pending, whose coordinates stay;
fewer count for new heights. What is set outlasts a restart with the same flags.`,
		Example: `  ashlar-light set --confidence 0.9999
  ashlar-light set --samples auto --data-budget 200MB/day`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer lightnode.StrengthReport
			path, err := s.path()
			if err != nil {
				return err
			}
			return s.post(command, s.token, path, &answer, func(out io.Writer) {
				table(out, [][2]string{{"sampling", strength(&answer)}, {"data budget", answer.DataBudget.String()}})
			})
		},
	}
	s.register(command)
	flags := command.Flags()
	flags.StringVar(&s.samples, "samples", "", "cells to draw of each block, or auto")
	flags.StringVar(&s.confidence, "confidence", "", "what each block's cells are to establish, such as 0.9999")
	flags.StringVar(&s.dataBudget, "data-budget", "", "most to receive and send in any 24 hours, such as 200MB/day, or none")
	flags.StringVar(&s.token, "token-file", "", "file that holds the token, where the node wants one")
	return command
}

// path returns the request's path. What is given is checked here too, so that a mistake needs
// no node to be found.
func (s *settings) path() (string, error) {
	if s.samples+s.confidence+s.dataBudget == "" {
		return "", errors.New("nothing to set: give --samples, --confidence or --data-budget")
	}
	if _, err := lightnode.ParseChange(s.samples, s.confidence, s.dataBudget); err != nil {
		return "", err
	}
	query := url.Values{}
	for name, value := range map[string]string{"samples": s.samples, "confidence": s.confidence, "data_budget": s.dataBudget} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return "/v1/settings?" + query.Encode(), nil
}

func newName() *cobra.Command {
	q, token := &query{}, ""
	command := &cobra.Command{
		Use:   "name HEIGHT",
		Short: "Have a phone's node sample a height",
		Long: `Have a node of the phone profile sample a height at full strength, as soon as its
data budget allows. A node of the full profile samples every height anyway.`,
		Example: "  ashlar-light name 1234",
		Args:    cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			height, err := strconv.ParseUint(args[0], 10, 63)
			if err != nil || height == 0 {
				return fmt.Errorf("%q is no height: want a whole number from 1 on", args[0])
			}
			var named lightnode.Named
			return q.post(command, token, fmt.Sprintf("/v1/heights/%d", height), &named, func(out io.Writer) {
				what := "needs no waiting: see `ashlar-light availability`"
				if named.Waiting {
					what = "is to be sampled"
				}
				_, _ = fmt.Fprintf(out, "height %d %s\n", named.Height, what)
			})
		},
	}
	q.register(command)
	command.Flags().StringVar(&token, "token-file", "", "file that holds the token, where the node wants one")
	return command
}

// post posts to the node and prints the answer, as show does.
func (q *query) post(command *cobra.Command, tokenFile, path string, answer any, print func(io.Writer)) error {
	if err := q.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(command.Context(), queryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+q.api+path, nil)
	if err != nil {
		return q.badAddress()
	}
	if tokenFile != "" {
		token, err := os.ReadFile(tokenFile)
		if err != nil {
			return fmt.Errorf("--token-file: %w", err)
		}
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	body, err := q.do(request)
	if err != nil {
		return err
	}
	return q.print(command, body, answer, print)
}

// strength writes how strongly blocks are sampled.
func strength(s *lightnode.StrengthReport) string {
	if s.Drawn == 0 {
		return "" // a node that does not say
	}
	why := ""
	if s.Adaptive {
		why = ", as many as the data budget buys"
	}
	return fmt.Sprintf("%d cells of a block of %d rows%s: confidence %s", s.Drawn, s.Rows, why, s.Reached)
}

// data writes what was received and sent, and what may be.
func data(d *lightnode.DataReport) string {
	if d.Day == "" {
		return ""
	}
	text := fmt.Sprintf("%.1f MB on %s", float64(d.UsedToday)/1e6, d.Day)
	if d.Budget == 0 {
		return text
	}
	text += fmt.Sprintf(", of %v in any 24 hours", d.Budget)
	if d.Share < 1 {
		text += fmt.Sprintf(", which pays for %.0f %% of the heights", 100*d.Share)
	}
	if d.RestsUntil != nil {
		text += ", at rest until " + d.RestsUntil.Format(time.RFC3339)
	}
	return text
}

// phone writes what a phone has checked.
func phone(p *lightnode.PhoneReport) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%d of %d heights checked (%.1f %%), %d waiting", p.Checked, p.Passed, 100*p.Share, p.Waiting)
}
