package fullnode

import (
	"log/slog"
	"net"
	"testing"
	"testing/synctest"

	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/p2p/mock"
	protomempool "github.com/cometbft/cometbft/proto/tendermint/mempool"
)

// TestWhatAGonePeerSentIsLetGo: it waits for room in a full line no longer than its peer is there.
func TestWhatAGonePeerSentIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(nil, nil, nil, nil, admissionTiming{}, slog.New(slog.DiscardHandler))
		defer a.stop()
		g := &gossip{Reactor: mempool.NewReactor(config.DefaultMempoolConfig(), nil, false), admission: a}
		peer := mock.NewPeer(net.IPv4(127, 0, 0, 1))
		a.lineup.fill(t, named(peer.ID(), 'a', sourceBytes))
		received := false
		go func() {
			g.Receive(p2p.Envelope{Src: peer, Message: &protomempool.Txs{Txs: [][]byte{{'b'}, {'c'}}}})
			received = true
		}()
		synctest.Wait()
		if received {
			t.Error("a full line takes what a peer sends")
		}
		if err := peer.Stop(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !received || a.lineup.lines[peer.ID()].users != 1 {
			t.Error("what a peer sent waits for room when that is gone")
		}
	})
}
