package testnet

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of /proc's processor times: Linux has 100 a second everywhere.
const clockTick = 10 * time.Millisecond

// Usage is what a process took of the machine.
type Usage struct {
	// CPU is its processor time over all its starts, in seconds.
	CPU float64 `json:"cpu_seconds"`
	// PeakMemory is the most resident memory it has had, in bytes.
	PeakMemory uint64 `json:"peak_memory"`
}

// Usage returns what the process has taken so far, as of the last look, which is half a
// second old at most; zero where /proc does not tell.
func (p *Process) Usage() Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Usage{CPU: (p.before + p.used).Seconds(), PeakMemory: p.peak}
}

// Usage returns what each process has taken so far, and under "testnet" what this one has,
// which carries relays and load.
func (n *Network) Usage() map[string]Usage {
	n.mu.Lock()
	defer n.mu.Unlock()
	self := os.Getpid()
	usage := map[string]Usage{"testnet": {CPU: processorTime(self).Seconds(), PeakMemory: peakMemory(self)}}
	for _, p := range n.processes {
		usage[p.Name()] = p.Usage()
	}
	return usage
}

// processorTime reads the processor time of a process.
func processorTime(pid int) time.Duration {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	return parseProcessorTime(string(stat))
}

// parseProcessorTime finds utime and stime in /proc/PID/stat, the 14th and 15th field. The
// second, a name in brackets, may hold anything.
func parseProcessorTime(stat string) time.Duration {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const user = 14 - 3 // the fields after the name begin with the third
	if len(fields) < user+2 {
		return 0
	}
	var ticks uint64
	for _, field := range fields[user : user+2] {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}
