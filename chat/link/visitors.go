package link

import (
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/truce-im/truce/chat/wire"
)

// visitors are the connections on which nothing was proved: strangers' and
// those of contacts whose session ended. They do not stay, and when there are
// too many of them the oldest goes: what the host may have of connections is
// for contacts.
type visitors struct {
	host  host.Host
	known func(peer.ID) bool // a contact was there
	watch *network.NotifyBundle

	mu     sync.Mutex
	closed bool
	list   []visitor // oldest first
	wg     sync.WaitGroup
}

type visitor struct {
	conn  network.Conn
	timer *time.Timer
}

func newVisitors(h host.Host, known func(peer.ID) bool) *visitors {
	v := &visitors{host: h, known: known}
	v.watch = &network.NotifyBundle{
		ConnectedF:    func(_ network.Network, c network.Conn) { v.came(c) },
		DisconnectedF: func(_ network.Network, c network.Conn) { v.leave(c) },
	}
	h.Network().Notify(v.watch)
	for _, c := range h.Network().Conns() {
		v.came(c)
	}
	return v
}

// close stops watching, and waits for connections that are being closed. None
// may be added any more.
func (v *visitors) close() {
	v.host.Network().StopNotify(v.watch)
	v.mu.Lock()
	v.closed = true
	for _, x := range v.list {
		x.timer.Stop()
	}
	v.list = nil
	v.mu.Unlock()
	v.wg.Wait()
}

// came is called for every new connection. Our own dials, and contacts, who
// are few, are let be.
func (v *visitors) came(c network.Conn) {
	if c.Stat().Direction == network.DirInbound && !v.known(c.RemotePeer()) {
		v.add(c)
	}
}

// add has a connection closed after a while, unless it leaves the list.
func (v *visitors) add(c network.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || v.index(c) >= 0 || c.IsClosed() {
		return
	}
	if len(v.list) >= maxVisitors {
		v.list = slices.DeleteFunc(v.list, v.stays)
	}
	if len(v.list) >= maxVisitors {
		v.drop(0)
	}
	v.list = append(v.list, visitor{c, time.AfterFunc(visitTime, func() { v.late(c) })})
}

// leave takes a connection off the list.
func (v *visitors) leave(c network.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if i := v.index(c); i >= 0 {
		v.list[i].timer.Stop()
		v.list = slices.Delete(v.list, i, i+1)
	}
}

// late closes a connection, unless it serves something else than links.
func (v *visitors) late(c network.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := v.index(c)
	switch {
	case i < 0:
	case v.stays(v.list[i]):
		v.list = slices.Delete(v.list, i, i+1)
	case v.serves(c):
		v.list[i].timer.Reset(visitTime)
	default:
		v.drop(i)
	}
}

// reservation is the tag of whoever we relay for; how many the relay decides.
const reservation = "relay-reservation"

// stays tells whether a visitor has become somebody to be kept: in the table of the
// DHT, or reached by us as a relay.
func (v *visitors) stays(x visitor) bool {
	conns, p := v.host.ConnManager(), x.conn.RemotePeer()
	if conns.IsProtected(p, "") {
		return true
	}
	info := conns.GetTagInfo(p)
	return info != nil && info.Tags[reservation] > 0
}

func (v *visitors) serves(c network.Conn) bool {
	return slices.ContainsFunc(c.GetStreams(), func(s network.Stream) bool {
		return !slices.Contains([]protocol.ID{"", wire.LinkProtocol, wire.BulkProtocol}, s.Protocol())
	})
}

// drop closes connection i. The caller holds mu; closing may take a while.
func (v *visitors) drop(i int) {
	x := v.list[i]
	x.timer.Stop()
	v.list = slices.Delete(v.list, i, i+1)
	v.wg.Go(func() { x.conn.Close() })
}

func (v *visitors) index(c network.Conn) int {
	return slices.IndexFunc(v.list, func(x visitor) bool { return x.conn == c })
}
