package lightbench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Memory is what a process holds of the machine's memory, in bytes.
type Memory struct {
	// Resident is Anonymous plus what is mapped from files; Peak the most it ever was.
	Resident uint64 `json:"resident"`
	Peak     uint64 `json:"peak"`
	// Anonymous is what no file backs: the Go heap and stacks, mostly.
	Anonymous uint64 `json:"anonymous"`
}

// errProc means that a file of /proc is not as expected.
var errProc = errors.New("lightbench: unexpected content of /proc")

// ReadMemory reads /proc/PID/status.
func ReadMemory(pid int) (Memory, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return Memory{}, err
	}
	return parseStatus(string(text))
}

// ReadProportional reads /proc/PID/smaps_rollup: the process's memory, each shared page
// divided among those who share it, in bytes.
func ReadProportional(pid int) (uint64, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	return sizeIn(string(text), "Pss")
}

// parseStatus reads the memory out of /proc/PID/status.
func parseStatus(text string) (m Memory, err error) {
	var errs [3]error
	m.Resident, errs[0] = sizeIn(text, "VmRSS")
	m.Peak, errs[1] = sizeIn(text, "VmHWM")
	m.Anonymous, errs[2] = sizeIn(text, "RssAnon")
	return m, errors.Join(errs[:]...)
}

// sizeIn finds a line "NAME: N kB" and returns it in bytes.
func sizeIn(text, name string) (uint64, error) {
	for line := range strings.Lines(text) {
		rest, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		number, found := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		kib, err := strconv.ParseUint(strings.TrimSpace(number), 10, 54)
		if err != nil || !found {
			return 0, fmt.Errorf("%w: %q", errProc, line)
		}
		return kib << 10, nil
	}
	return 0, fmt.Errorf("%w: no %s", errProc, name)
}

// clockTick is the unit of /proc's processor times: Linux has 100 a second everywhere.
const clockTick = 10 * time.Millisecond

// ReadCPU reads /proc/PID/stat: the processor time of a process.
func ReadCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	return parseCPU(string(text))
}

// parseCPU adds up utime and stime, fields 14 and 15. The second field, a name in
// brackets, may hold anything.
func parseCPU(text string) (time.Duration, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const user = 14 - 3 // the fields after the name begin with the third
	if len(fields) < user+2 {
		return 0, fmt.Errorf("%w: stat of %d fields", errProc, len(fields))
	}
	var ticks uint64
	for _, field := range fields[user : user+2] {
		n, err := strconv.ParseUint(field, 10, 40)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errProc, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// Metrics are the values a Prometheus endpoint answers with, by name and labels as they
// are written there.
type Metrics map[string]float64

// errMetrics means that what should be metrics in Prometheus's text format is not.
var errMetrics = errors.New("lightbench: malformed metrics")

// ParseMetrics reads Prometheus's text format. Timestamps, which no node writes, are an error.
func ParseMetrics(text string) (Metrics, error) {
	m := Metrics{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		space := strings.LastIndexByte(line, ' ')
		if space < 1 {
			return nil, fmt.Errorf("%w: %q", errMetrics, line)
		}
		value, err := strconv.ParseFloat(line[space+1:], 64)
		if name := line[:space]; err != nil || strings.Contains(name, "{") != strings.HasSuffix(name, "}") {
			return nil, fmt.Errorf("%w: %q", errMetrics, line)
		}
		m[line[:space]] = value
	}
	return m, nil
}

// streamBytes is the metric of bytes by protocol and direction.
const streamBytes = "ashlar_p2p_stream_bytes_total"

// Streams returns the bytes of streams by protocol, the chain's name left out.
func (m Metrics) Streams(chainID string) (received, sent map[string]float64) {
	received, sent = map[string]float64{}, map[string]float64{}
	for name, value := range m {
		labels, found := strings.CutPrefix(name, streamBytes+"{")
		if !found {
			continue
		}
		into := sent
		if label(labels, "direction") == "received" {
			into = received
		}
		into[strings.TrimPrefix(label(labels, "protocol"), "/ashlar/"+chainID+"/")] += value
	}
	return received, sent
}

// label returns the value of a label, empty without it.
func label(labels, name string) string {
	_, rest, _ := strings.Cut(labels, name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
