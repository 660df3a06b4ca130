package client_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/fullnode/nodetest"
)

func TestMain(m *testing.M) {
	app.ConfigureSDK()
	code := m.Run()
	stopNode()
	os.Exit(code)
}

// running is the node that examples speak to: a chain of one validator, whose key has funds.
type running struct {
	url    string
	signer *client.Signer
	node   *nodetest.Running
}

var (
	startMu sync.Mutex
	started *running // guarded by startMu
)

// exampleNode starts the node when it is first asked for.
func exampleNode() *running {
	startMu.Lock()
	defer startMu.Unlock()
	if started == nil {
		node := must(nodetest.Start(worldChain, 200*time.Millisecond))
		started = &running{url: node.URL(), signer: node.Signer, node: node}
	}
	return started
}

func stopNode() {
	startMu.Lock()
	defer startMu.Unlock()
	if started != nil {
		_ = started.node.Stop() // the tests are over
	}
}
