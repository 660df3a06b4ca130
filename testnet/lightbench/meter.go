package lightbench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Sample is one look at a light node.
type Sample struct {
	// At is in seconds since the node was started; so is every other At.
	At float64 `json:"at"`
	Memory
	// CPU is the processor time used so far, in seconds.
	CPU float64 `json:"cpu"`
	// Received and Sent are all bytes so far.
	Received uint64 `json:"received"`
	Sent     uint64 `json:"sent"`
	// Streams is there once for each block interval.
	Streams *Streams `json:"streams,omitempty"`
}

// Streams are the bytes of streams so far, by protocol, and what else the node's metrics say.
type Streams struct {
	Received     map[string]float64 `json:"received"`
	Sent         map[string]float64 `json:"sent"`
	Peers        int                `json:"peers"`
	Available    int                `json:"available"`
	Proportional uint64             `json:"proportional_memory"`
}

// Verdict is what the light node said of a height.
type Verdict struct {
	Height  uint64 `json:"height"`
	Verdict string `json:"verdict"`
	// Time is the block's, Checked when the light node had its verdict.
	Time    time.Time `json:"time"`
	Checked time.Time `json:"checked_at"`
}

// Delay is how long after its block the verdict came.
func (v Verdict) Delay() time.Duration { return v.Checked.Sub(v.Time) }

// meter watches one light node from outside.
type meter struct {
	network *Network
	chainID string
	api     string // http://host:port
	pid     func() int
	started time.Time
	every   time.Duration // between two looks
	scrape  time.Duration // between two looks at the metrics

	mu       sync.Mutex
	samples  []Sample  // guarded by mu
	verdicts []Verdict // guarded by mu
}

// watch looks at the node until the context ends. That the node's API does not answer yet
// is no error, as long as it ever does.
func (m *meter) watch(ctx context.Context) error {
	ticks := time.NewTicker(m.every)
	defer ticks.Stop()
	next := m.started
	var missed error
	for {
		s, err := m.look()
		if err != nil {
			return err
		}
		if now := time.Now(); !now.Before(next) {
			s.Streams, missed = m.ask(ctx)
			next = now.Add(m.scrape - m.every/2)
		}
		m.mu.Lock()
		m.samples = append(m.samples, s)
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			if errors.Is(missed, context.Canceled) {
				return nil
			}
			return missed
		case <-ticks.C:
		}
	}
}

// look reads what the system says.
func (m *meter) look() (s Sample, err error) {
	s.At = time.Since(m.started).Seconds()
	if s.Memory, err = ReadMemory(m.pid()); err != nil {
		return s, err
	}
	used, err := ReadCPU(m.pid())
	if err != nil {
		return s, err
	}
	s.CPU = used.Seconds()
	s.Received, s.Sent, err = m.network.Bytes()
	if errors.Is(err, errNoCounters) {
		err = nil
	}
	return s, err
}

// ask reads what the node's metrics say.
func (m *meter) ask(ctx context.Context) (*Streams, error) {
	body, err := m.get(ctx, "/metrics", "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, 4<<20))
	if err != nil {
		return nil, err
	}
	metrics, err := ParseMetrics(string(text))
	if err != nil {
		return nil, err
	}
	s := &Streams{Peers: int(metrics["ashlar_p2p_peers"]), Available: int(metrics[`ashlar_light_heights{verdict="available"}`])}
	s.Received, s.Sent = metrics.Streams(m.chainID)
	s.Proportional, err = ReadProportional(m.pid())
	return s, err
}

func (m *meter) get(ctx context.Context, path, lastEvent string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.api+path, nil)
	if err != nil {
		return nil, err
	}
	if lastEvent != "" {
		request.Header.Set("Last-Event-ID", lastEvent)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("%s%s answers %s", m.api, path, response.Status)
	}
	return response.Body, nil
}

// listen follows the node's events from the first on until the context ends.
func (m *meter) listen(ctx context.Context) error {
	for {
		body, err := m.get(ctx, "/v1/events", "1")
		if err == nil {
			err = m.readEvents(body)
			_ = body.Close()
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && len(m.Verdicts()) > 0 {
			return fmt.Errorf("the node's events ended: %w", err)
		}
		select { // it is starting still
		case <-ctx.Done():
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// readEvents takes in server-sent events until they end.
func (m *meter) readEvents(body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	kind := ""
	for lines.Scan() {
		switch field, value, _ := strings.Cut(lines.Text(), ": "); field {
		case "event":
			kind = value
		case "data":
			if kind != "verdict" {
				continue
			}
			var v Verdict
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				return fmt.Errorf("a verdict that does not decode: %w", err)
			}
			m.mu.Lock()
			m.verdicts = append(m.verdicts, v)
			m.mu.Unlock()
		}
	}
	if lines.Err() != nil {
		return lines.Err()
	}
	return io.ErrUnexpectedEOF
}

// Verdicts returns the verdicts so far, in the order they were reached.
func (m *meter) Verdicts() []Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Verdict(nil), m.verdicts...)
}

// Samples returns what was seen so far.
func (m *meter) Samples() []Sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Sample(nil), m.samples...)
}
