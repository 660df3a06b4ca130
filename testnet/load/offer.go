package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// Post submits blobs and returns the height that includes them once that is final.
type Post func(ctx context.Context, prepared *client.Prepared) (height uint64, err error)

// Group is submitters that behave alike.
type Group struct {
	Name string
	// Rate is what they offer together, in bytes of square a second.
	Rate float64
	Post Post
	// Patience is how long each blob is waited for.
	Patience time.Duration
}

// Record is what became of one blob.
type Record struct {
	Item
	Phase, Group string
	ID           da.BlobID
	// Late is how long after its time the blob was submitted: what the generator, not the
	// network, could not keep up with.
	Late time.Duration
	// Submitted is when the blob was handed to the client, Done when the client said what
	// became of it.
	Submitted, Done time.Time
	// Height is that of the block that includes it, 0 where it is not final.
	Height uint64
	// Given tells that the submitter had given up when it was included.
	Given bool
	// Cause is why it was not final when the submitter gave up.
	Cause string
}

// Final tells whether the blob is in a block.
func (r *Record) Final() bool { return r.Height > 0 }

// Generator offers blobs at a pace that does not depend on what becomes of them.
type Generator struct {
	stock *Stock

	mu      sync.Mutex
	mix     *Mix     // guarded by mu
	records []Record // guarded by mu
}

// NewGenerator returns a generator of the blobs of a mix.
func NewGenerator(stock *Stock, mix *Mix) *Generator { return &Generator{stock: stock, mix: mix} }

// Offer has groups submit for a while, then waits for what is under way, and returns what
// became of every blob, in order of the items.
func (g *Generator) Offer(ctx context.Context, phase string, duration time.Duration, groups []Group) []Record {
	first := g.len()
	var all sync.WaitGroup
	for _, group := range groups {
		all.Go(func() { g.offer(ctx, phase, duration, group) })
	}
	all.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Record(nil), g.records[first:]...)
}

func (g *Generator) len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.records)
}

// offer submits the blobs of one group, each when the ones before it have taken their share
// of its rate.
func (g *Generator) offer(ctx context.Context, phase string, duration time.Duration, group Group) {
	var under sync.WaitGroup
	defer under.Wait()
	start, due := time.Now(), time.Duration(0)
	for due < duration && ctx.Err() == nil {
		at, item := g.take(phase, group.Name)
		select {
		case <-time.After(time.Until(start.Add(due))):
		case <-ctx.Done():
		}
		late := time.Since(start.Add(due))
		under.Go(func() { g.submit(ctx, group, at, item, late) })
		due += time.Duration(float64(item.SquareBytes()) / group.Rate * float64(time.Second))
	}
}

// take returns the next item and where its record is.
func (g *Generator) take(phase, group string) (at int, item Item) {
	g.mu.Lock()
	defer g.mu.Unlock()
	item = g.mix.Next()
	g.records = append(g.records, Record{Item: item, Phase: phase, Group: group})
	return len(g.records) - 1, item
}

// submit cuts a blob, hands it in and waits.
func (g *Generator) submit(ctx context.Context, group Group, at int, item Item, late time.Duration) {
	prepared, err := g.stock.Cut(item)
	if err != nil {
		g.note(at, func(r *Record) { r.Cause = "stock: " + err.Error() })
		return
	}
	bounded, cancel := context.WithTimeout(ctx, group.Patience)
	defer cancel()
	submitted := time.Now()
	height, err := group.Post(bounded, prepared)
	done := time.Now()
	g.note(at, func(r *Record) {
		r.ID, r.Late, r.Submitted, r.Done, r.Height, r.Cause = prepared.Blobs()[0].ID(), late, submitted, done, height, Cause(err)
	})
}

func (g *Generator) note(at int, change func(*Record)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.records[at])
}

// Count says how many blobs were submitted so far and what became of them.
func (g *Generator) Count() (submitted, final, failed int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.records {
		switch r := &g.records[i]; {
		case r.Final():
			final++
		case r.Cause != "":
			failed++
		}
	}
	return len(g.records), final, failed
}

// Unexplained begins the cause of a failure that has no name.
const Unexplained = "unexplained"

// Unfinished is the error of a submission that was not final when its submitter's patience
// ended, and that nothing was known to keep from becoming so.
type Unfinished struct {
	// State is how far it had come.
	State string
	Err   error
}

// Error says how far it had come.
func (u *Unfinished) Error() string { return fmt.Sprintf("still %s: %v", u.State, u.Err) }

// Unwrap returns why it was given up.
func (u *Unfinished) Unwrap() error { return u.Err }

// Cause names why a blob is not final: by the code of the error that a node answered with,
// where there is one, also where what ended was the submitter's patience; or by how far it
// had come.
func Cause(err error) string {
	code, unfinished := client.CodeOf(err), (*Unfinished)(nil)
	switch patience := errors.Is(err, context.DeadlineExceeded); {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case code != "" && patience:
		return "patience ended on " + string(code)
	case code != "":
		return string(code)
	case errors.As(err, &unfinished) && unfinished.State != "":
		return "patience ended, " + unfinished.State + " and waiting for room in a block"
	case errors.As(err, &unfinished):
		return "patience ended, queued behind others of its account"
	}
	return fmt.Sprintf("%s: %v", Unexplained, err)
}
