package main

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// progress is a bar on a terminal and nothing anywhere else.
type progress struct {
	bar *progressbar.ProgressBar
}

// newProgress starts a bar on w, if that is a terminal and there is more than one step.
func newProgress(w io.Writer, total int, what string) *progress {
	if !isTerminal(w) || total < 2 {
		return &progress{}
	}
	return &progress{bar: progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(),
	)}
}

// Add moves the bar on.
func (p *progress) Add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n) // a bar that cannot be drawn is no reason to stop
	}
}

// Close ends the bar.
func (p *progress) Close() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
