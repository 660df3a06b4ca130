package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// telling are the processor's features that decide how fast field arithmetic can be.
var telling = []string{"adx", "bmi2", "avx2", "avx512f", "avx512ifma"}

// hardware says what the figures were measured on.
func hardware() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere than on Linux the model stays unknown
	flags := strings.Fields(cpuinfo(string(info), "flags"))
	var has []string
	for _, flag := range telling {
		if slices.Contains(flags, flag) {
			has = append(has, flag)
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%s, %d processors, %s (%s), %s, load at the start: %s",
		cpuinfo(string(info), "model name"), runtime.NumCPU(), runtime.GOARCH, strings.Join(has, " "), runtime.Version(),
		strings.TrimSpace(string(load)))
}

// cpuinfo returns the first processor's value of a key.
func cpuinfo(info, key string) string {
	for line := range strings.Lines(info) {
		name, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown " + key
}
