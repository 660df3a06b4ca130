// Command bench measures what package erasure does against the libraries that do the same work, both in one run on one
// core, and writes the figures of docs/performance.md. `make bench` runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"

	"golang.org/x/sys/unix"
)

func main() {
	quick := flag.Bool("quick", false, "few repetitions: a look, not a measurement")
	only := flag.String("only", "", "measure only operations that match this regular expression")
	busy := flag.Bool("busy", false, "measure the processor's time, not the clock's, and leave out what takes two workers: for a machine that others use")
	out := flag.String("out", "", "write the figures as JSON to this file")
	flag.Parse()
	if err := run(*quick, *busy, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(quick, busy bool, only, out string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	fmt.Println(hardware())
	workers := runtime.GOMAXPROCS(0)
	f, err := newFixture()
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	effort := thorough
	if quick {
		effort = cursory
	}
	if busy {
		effort.clock, workers = unix.CLOCK_PROCESS_CPUTIME_ID, 1
	}
	var figures []figure
	for _, group := range [][]operation{f.operations(), f.context(), f.scaling(workers)} {
		for _, o := range group {
			if !pattern.MatchString(o.op) {
				continue
			}
			measured, err := effort.measure(o)
			if err != nil {
				return fmt.Errorf("%s: %w", o.op, err)
			}
			fmt.Fprintf(os.Stderr, "%s\n", measured.line())
			figures = append(figures, measured)
		}
	}
	fmt.Print("\n", table(figures))
	if out == "" {
		return nil
	}
	return writeJSON(out, figures)
}
