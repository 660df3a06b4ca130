package mobile

import (
	"encoding/hex"

	"github.com/ashlar-da/ashlar/lightnode"
)

// listen passes events on until the node stops.
func (n *Node) listen() {
	for n.lifetime.Err() == nil {
		for event := range n.node.Listen(n.lifetime) {
			switch data := event.Data.(type) {
			case *lightnode.HeadReport:
				n.tell(func(l Listener) { l.OnHead(int64(data.Height), hex.EncodeToString(data.Hash)) })
			case *lightnode.AvailabilityReport:
				n.tell(func(l Listener) { l.OnVerdict(int64(data.Height), data.Verdict.String(), data.Confidence) })
			case *lightnode.AlarmReport:
				n.tellAlarm(data.Alarm)
			}
		}
	}
}

// tell calls the listener, whose panics are its own.
func (n *Node) tell(call func(Listener)) {
	if n.listener == nil {
		return
	}
	n.listening.Lock()
	defer n.listening.Unlock()
	defer func() { _ = recover() }()
	call(n.listener)
}

// tellAlarm tells of an alarm, unless it was the last one told.
func (n *Node) tellAlarm(reason string) {
	n.tell(func(l Listener) {
		if reason != "" && reason != n.alarm {
			l.OnAlarm(reason)
		}
		n.alarm = reason
	})
}
