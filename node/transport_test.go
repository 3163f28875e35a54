package node_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
)

// switchboard lets its hosts dial over one transport at a time, once it was
// changed.
type switchboard struct {
	mu    sync.Mutex
	any   bool
	quic  bool
	conns []network.Conn
	used  map[string]int // connections by transport
}

// change ends all connections; the next are over the other transport.
func (s *switchboard) change() {
	s.mu.Lock()
	conns := s.conns
	s.conns, s.quic, s.any = nil, !s.quic, false
	s.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// on puts a node's host on the switchboard.
func (s *switchboard) on(c *node.Config) {
	c.Options = append(c.Options, func(c *libp2p.Config) error {
		c.ConnectionGater = switched{c.ConnectionGater, s}
		return nil
	})
}

type switched struct {
	connmgr.ConnectionGater
	*switchboard
}

func (s switched) InterceptAddrDial(p peer.ID, a ma.Multiaddr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return (s.any || isQUIC(a) == s.quic) && s.ConnectionGater.InterceptAddrDial(p, a)
}

func (s switched) InterceptUpgraded(c network.Conn) (bool, control.DisconnectReason) {
	s.mu.Lock()
	s.conns = append(s.conns, c)
	s.used[fmt.Sprint("quic ", isQUIC(c.RemoteMultiaddr()))]++
	s.mu.Unlock()
	return s.ConnectionGater.InterceptUpgraded(c)
}

func isQUIC(a ma.Multiaddr) bool { return strings.Contains(a.String(), "/quic") }

// While messages flow both ways the link goes from TCP to QUIC and back, again
// and again: none is lost, doubled or out of its place, and no tick goes back.
func TestTransportChangesUnderTraffic(t *testing.T) {
	const each, changes = 500, 8
	board := &switchboard{any: true, quic: true, used: map[string]int{}}
	a := newPerson(t, "Ann").start(t, board.on)
	b := newPerson(t, "Ben").start(t, board.on)
	befriend(t, a, b)

	var all sync.WaitGroup
	defer all.Wait()
	sent := map[*node.Node][]wire.MessageID{}
	var mu sync.Mutex
	for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
		all.Go(func() {
			for i := range each {
				m, err := x[0].Chat().Send(x[1].Chat().Account(), fmt.Sprintf("number %d", i), chat.SendOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				sent[x[0]] = append(sent[x[0]], m.ID)
				mu.Unlock()
			}
		})
	}
	known := map[*node.Node]int{} // ticks seen
	ticked := func(n *node.Node) int {
		mu.Lock()
		defer mu.Unlock()
		for known[n] < len(sent[n]) && state(t, n, sent[n][known[n]]) == chat.Delivered {
			known[n]++
		}
		return known[n]
	}
	for i := range changes {
		for _, n := range []*node.Node{a, b} {
			within(t, n, time.Minute, "some are delivered", func() bool { return ticked(n) >= (i+1)*each/(changes+1) })
		}
		board.change()
		for _, n := range []*node.Node{a, b} {
			mu.Lock()
			for j, id := range sent[n][:known[n]] {
				if got := state(t, n, id); got != chat.Delivered {
					t.Errorf("number %d was delivered, now it is %q", j, got)
				}
			}
			mu.Unlock()
		}
	}
	all.Wait()
	for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
		within(t, x[0], time.Minute, "all are delivered", func() bool { return ticked(x[0]) == each })
		if got := fromOther(t, x[1], x[0]); !slices.Equal(got, upTo(each)) {
			t.Errorf("%d messages came: %q", len(got), got)
		}
	}
	if board.used["quic true"] == 0 || board.used["quic false"] == 0 {
		t.Errorf("the connections were %v", board.used)
	}
}

func upTo(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("number %d", i))
	}
	return list
}

// fromOther returns what other wrote, as n shows it.
func fromOther(t testing.TB, n, other *node.Node) (list []string) {
	t.Helper()
	h, err := n.Chat().History(other.Chat().Account(), chat.HistoryOptions{N: 100000})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range h {
		if !m.Out && m.Notice == "" {
			list = append(list, m.Text)
		}
	}
	return list
}
