package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// clientReport is what became of one client, a test with a subtest for each case.
type clientReport struct {
	Client string       `json:"client"`
	Module string       `json:"module"`
	Passed bool         `json:"passed"`
	Cases  []caseReport `json:"cases"`
}

type caseReport struct {
	Case    string  `json:"case"`
	Outcome string  `json:"outcome"` // pass, fail or skip
	Seconds float64 `json:"seconds"`
	// Output is what the case printed, where it did not pass.
	Output string `json:"output,omitempty"`
}

// event is a line of go test -json.
type event struct {
	Action, Test, Output string
	Elapsed              float64
}

// runModule runs the tests of a module.
func runModule(ctx context.Context, dir string, environment []string, logs string) ([]clientReport, error) {
	if prepare := filepath.Join(dir, "prepare.sh"); exists(prepare) {
		out, err := exec.CommandContext(ctx, "bash", prepare).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %s", prepare, err, out)
		}
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count", "1", "-timeout", "15m", "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environment...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	failed := cmd.Run()
	log := filepath.Join(logs, "client-"+filepath.Base(dir)+".log")
	clients, output := parseEvents(stdout.Bytes(), filepath.Base(dir))
	if err := os.WriteFile(log, append([]byte(output), stderr.Bytes()...), 0o644); err != nil {
		return nil, err
	}
	if len(clients) == 0 {
		return nil, errors.Join(fmt.Errorf("module %s ran no client: %s%s", dir, output, stderr.String()), failed)
	}
	return clients, ctx.Err()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// parseEvents reads what go test -json prints. Cases keep the order in which they ended.
func parseEvents(out []byte, module string) ([]clientReport, string) {
	var clients []clientReport
	var all strings.Builder
	outputs := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			all.Write(append(lines.Bytes(), '\n'))
			continue
		}
		all.WriteString(e.Output)
		outputs[e.Test] += e.Output
		client, name, isCase := strings.Cut(e.Test, "/")
		if e.Test == "" || !slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
			continue
		}
		at := slices.IndexFunc(clients, func(c clientReport) bool { return c.Client == client })
		if at < 0 {
			at = len(clients)
			clients = append(clients, clientReport{Client: client, Module: module, Passed: true})
		}
		clients[at].Passed = clients[at].Passed && e.Action == "pass"
		if !isCase || strings.Contains(name, "/") {
			continue
		}
		found := caseReport{Case: strings.ReplaceAll(name, "_", " "), Outcome: e.Action, Seconds: e.Elapsed}
		if e.Action != "pass" {
			found.Output = outputs[e.Test]
		}
		clients[at].Cases = append(clients[at].Cases, found)
	}
	return clients, all.String()
}

// table shows clients against cases.
func table(clients []clientReport) string {
	var cases []string
	for _, c := range clients {
		for _, one := range c.Cases {
			if !slices.Contains(cases, one.Case) {
				cases = append(cases, one.Case)
			}
		}
	}
	width := 0
	for _, name := range cases {
		width = max(width, len(name))
	}
	var b strings.Builder
	line := func(first string, cell func(*clientReport) string) {
		text := fmt.Sprintf("%-*s", width, first)
		for i := range clients {
			text += fmt.Sprintf("  %-*s", max(len(clients[i].name()), len("pass")), cell(&clients[i]))
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line("", (*clientReport).name)
	for _, name := range cases {
		line(name, func(c *clientReport) string { return c.outcome(name) })
	}
	return b.String()
}

func (c *clientReport) name() string { return strings.TrimPrefix(c.Client, "Test") }

func (c *clientReport) outcome(name string) string {
	for _, one := range c.Cases {
		if one.Case == name {
			return one.Outcome
		}
	}
	return "-"
}

func writeReport(path string, r *report) error {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(encoded, '\n'), 0o644)
}
