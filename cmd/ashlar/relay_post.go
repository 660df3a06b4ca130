package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/relay"
)

func relayPostCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "post HEIGHT...",
		Short: "Have certificates cover heights in the contract",
		Long: "post waits until the contract knows, with enough confirmations, a certificate of each height or of a later one, whose\n" +
			"history includes it; it posts what the contract lacks for that, rotations too. It ends with an error where waiting\n" +
			"would not help: the contract refuses or has expired, or the account has too little.",
		Args: cobra.MinimumNArgs(1),
		RunE: relayPost,
	}
	addOutputFlag(cmd)
	return cmd
}

func relayPost(cmd *cobra.Command, args []string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	c, err := relayConfig(cmd)
	if err != nil {
		return err
	}
	c.Once = true
	for _, arg := range args {
		height, err := strconv.ParseUint(arg, 10, 63)
		if err != nil || height == 0 {
			return fmt.Errorf("height %q: give a number from 1 on", arg)
		}
		c.Heights = append(c.Heights, height)
	}
	if c.Log, err = newLogger(cmd, cmd.ErrOrStderr()); err != nil {
		return err
	}
	r, err := relay.New(cmd.Context(), c)
	if err != nil {
		return err
	}
	if err := errors.Join(r.Run(cmd.Context()), r.Close()); err != nil {
		return err
	}
	covered := r.Status().Covered
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), covered)
	}
	for _, cover := range covered {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "height %d: covered by the certificate of height %d, history root %x\n", cover.Height, cover.Certificate, cover.Root[:]); err != nil {
			return err
		}
	}
	return nil
}

func relayStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what a contract knows and lacks",
		Long:  "status looks at both chains once, sends nothing and needs no --key. With one it says what the account has.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return relayStatus(cmd) },
	}
	addOutputFlag(cmd)
	return cmd
}

func relayStatus(cmd *cobra.Command) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	c, err := relayConfig(cmd)
	if err != nil {
		return err
	}
	c.DryRun = true
	r, err := relay.New(cmd.Context(), c)
	if err != nil {
		return err
	}
	_, err = r.Step(cmd.Context())
	if closed := r.Close(); err != nil && !errors.Is(err, relay.ErrNothingToDo) || closed != nil {
		return errors.Join(err, closed)
	}
	s := r.Status()
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), &s)
	}
	return showRelay(cmd.OutOrStdout(), &s)
}

func showRelay(w io.Writer, s *relay.Status) error {
	var out strings.Builder
	fmt.Fprintf(&out, "contract   %s on chain %d, for %s\n", s.Contract, s.L1, s.Chain)
	switch {
	case s.Expired:
		fmt.Fprintf(&out, "epoch      %d, expired %s\n", s.Epoch, s.Expires.UTC().Format(time.DateTime))
	default:
		fmt.Fprintf(&out, "epoch      %d, expires %s unless it is rotated\n", s.Epoch, s.Expires.UTC().Format(time.DateTime))
	}
	if s.Balance != "" {
		fmt.Fprintf(&out, "account    %s has %s ETH\n", s.Account, s.Balance)
	}
	for _, task := range s.Wants {
		fmt.Fprintf(&out, "lacks      %s\n", task)
	}
	for _, n := range s.Notices {
		fmt.Fprintf(&out, "%-10s %s\n", n.Subject, n.Text)
	}
	for _, trouble := range s.Troubles {
		fmt.Fprintf(&out, "node       %s\n", trouble)
	}
	_, err := io.WriteString(w, out.String())
	return err
}
