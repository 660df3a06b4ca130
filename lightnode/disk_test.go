package lightnode

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store/disk"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

const mib = 1 << 20

// onDisk is a Config whose disk has as much free as is stored in the number returned.
func onDisk(t *testing.T, blocks *testBlocks) (Config, *atomic.Uint64) {
	t.Helper()
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	free := new(atomic.Uint64)
	free.Store(100 * mib)
	config.MinFree = 8 * mib
	config.free = func(string) (uint64, error) { return free.Load(), nil }
	return config, free
}

// A full disk stops a node from following and sampling, with a reason, and nothing more: what
// it knew it still serves, and once there is room it goes on.
func TestAFullDiskStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	config, free := onDisk(t, blocks)
	log := &logged{}
	config.Log = slog.New(slog.NewTextHandler(log, nil))
	n, stop := start(t, config)
	for height := uint64(1); height <= 3; height++ {
		awaitVerdict(t, n, height, sampling.Available)
	}
	reserve := filepath.Join(config.Home, "RESERVE")
	if info, err := os.Stat(reserve); err != nil || info.Size() != 2*mib {
		t.Errorf("the reserve: %+v, %v", info, err)
	}

	free.Store(8*mib - 1)
	rig.Await(t, "the alarm says that the disk is full", func() bool { return strings.Contains(status(t, n).Alarm, "disk full") })
	blocks.grow(fullBlock)
	rig.Await(t, "the head stays, with the reason", func() bool { return strings.Contains(status(t, n).HeadError, "disk full") })
	for what, err := range map[string]error{
		"a record":  n.heights.put(testRecord(9, sampling.Available)),
		"a proof":   n.storeProof(9, blocks.at(3).header),
		"a removal": remove(n.db, heightKey(keyRecord, 3)),
		"cells":     n.ring.put(9, testKept(t, blocks, 3, 3)),
		"garbage":   collectGarbage(n.db),
	} {
		if !errors.Is(err, disk.ErrFull) || isOwn(err) {
			t.Errorf("%s: %v; want a full disk, which the node outlives", what, err)
		}
	}
	if err := n.tidyOnce(); !errors.Is(err, disk.ErrFull) {
		t.Errorf("tidying: %v", err)
	}
	if _, err := os.Stat(reserve); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the reserve is not given up: %v", err)
	}
	if s := status(t, n); s.Height != 3 || s.Heights.Available != 3 {
		t.Errorf("with a full disk: %+v", s)
	}
	if _, err := n.ring.get(3); err != nil {
		t.Errorf("cells with a full disk: %v", err)
	}

	free.Store(100 * mib)
	awaitVerdict(t, n, 4, sampling.Available)
	rig.Await(t, "the alarm is lifted", func() bool { return status(t, n).Alarm == "" && status(t, n).HeadError == "" })
	if !strings.Contains(log.String(), "the disk is full") || !strings.Contains(log.String(), "the disk has room again") {
		t.Errorf("the log does not tell: %s", log)
	}
	stop()
	n, _ = start(t, config)
	if _, err := n.Availability(t.Context(), 9); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("what did not fit was written: %v", err)
	}
	for height := uint64(1); height <= 4; height++ {
		if got := verdict(t, n, height); got != sampling.Available {
			t.Errorf("height %d is %v after a restart", height, got)
		}
	}
}

// A disk that fills while a block is sampled leaves that block without a verdict, and with the
// coordinates that were written before.
func TestADiskThatFillsLeavesHeightsPending(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	source, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	var room atomic.Bool
	config.free = func(string) (uint64, error) {
		if len(source.askedFor()) > 0 && !room.Load() {
			return DefaultMinFree - 1, nil // from the first request on
		}
		return 2 * DefaultMinFree, nil
	}
	n, _ := start(t, config)
	rig.Await(t, "all cells were asked for", func() bool { return len(source.askedFor()) >= 30 })
	rig.Await(t, "the alarm says that the disk is full", func() bool { return strings.Contains(status(t, n).Alarm, "disk full") })
	before, err := n.Availability(t.Context(), 1)
	if err != nil || before.Verdict != sampling.Pending || len(before.Coordinates) != 30 {
		t.Errorf("%+v, %v: want a pending height with its coordinates, which is all that is on disk", before, err)
	}
	room.Store(true)
	awaitVerdict(t, n, 1, sampling.Available)
	after, err := n.Availability(t.Context(), 1)
	if err != nil || after.Verified != 30 || !slices.Equal(after.Coordinates, before.Coordinates) {
		t.Errorf("%+v, %v: want the cells drawn before", after, err)
	}
}

func TestAFullDiskIsNotOpened(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 1)
	config, free := onDisk(t, blocks)
	free.Store(4*mib - 1)
	if n, err := New(t.Context(), config); !errors.Is(err, disk.ErrFull) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("%v, %v", n, err)
	}
}
