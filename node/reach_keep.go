package node

import (
	"log/slog"
	"slices"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/host"
)

// learn keeps the addresses that linked peers say they listen at, which they
// say soon after connecting, and whenever they change.
func (r *reach) learn() {
	for {
		select {
		case e := <-r.identified.Out():
			done := e.(event.EvtPeerIdentificationCompleted)
			r.keep(func(s link.Info) bool { return s.Peer == done.Peer })
			tcp, _ := host.Ports(r.e.host)
			r.e.seen.note(done, tcp)
		case <-r.ctx.Done():
			return
		}
	}
}

// keep keeps for later where some of those who are linked can be reached.
func (r *reach) keep(which func(link.Info) bool) {
	for _, s := range r.e.links.Sessions() {
		addrs := r.e.host.Peerstore().Addrs(s.Peer)
		if len(addrs) == 0 || !which(s) {
			continue
		}
		p := peer.AddrInfo{ID: s.Peer, Addrs: worthKeeping(r.withRelays(s, addrs), s.Conn.RemoteMultiaddr())}
		r.mu.Lock()
		asks := r.asking[s.Account]
		r.mu.Unlock()
		if asks { // the finder does not know them yet
			cache{r.e.chat, r.log}.Worked(discovery.ID(s.Account), p)
			continue
		}
		r.e.finder.Report(discovery.Found{ID: discovery.ID(s.Account), Peer: p, Source: discovery.SourceKnown}, nil)
	}
}

// withRelays adds by which relays somebody was reached before, if they name none now: on
// a network without internet they have none, but will again.
func (r *reach) withRelays(s link.Info, addrs []ma.Multiaddr) []ma.Multiaddr {
	if slices.ContainsFunc(addrs, host.Relayed) {
		return addrs
	}
	for _, p := range (cache{r.e.chat, r.log}).Addrs(discovery.ID(s.Account)) {
		if p.ID == s.Peer {
			addrs = append(addrs, ma.FilterAddrs(p.Addrs, host.Relayed)...)
		}
	}
	return addrs
}

// worthKeeping picks the addresses to keep: first those at the IP address of conn,
// which works from here, then some over relays, which work from elsewhere.
func worthKeeping(addrs []ma.Multiaddr, conn ma.Multiaddr) []ma.Multiaddr {
	ip, _ := ma.SplitFirst(conn)
	var near, over, far []ma.Multiaddr
	for _, a := range addrs {
		switch first, _ := ma.SplitFirst(a); {
		case !discovery.Direct(a):
			over = append(over, a)
		case first != nil && ip != nil && first.Equal(ip):
			near = append(near, a)
		default:
			far = append(far, a)
		}
	}
	const half = discovery.MaxAddrs / 2
	n, m := min(len(near), half), min(len(over), half)
	list := slices.Concat(near[:n], over[:m], near[n:], far, over[m:])
	return list[:min(len(list), discovery.MaxAddrs)]
}

// cache keeps in the store where contacts were reached.
type cache struct {
	chat *chat.Service
	log  *slog.Logger
}

// Addrs implements discovery.Cache.
func (c cache) Addrs(id discovery.ID) (list []peer.AddrInfo) {
	peers, err := c.chat.Peers(wire.Account(id))
	if err != nil {
		c.log.Warn("cannot read known addresses", "error", err)
	}
	for _, p := range peers {
		if info, err := parsePeer(p); err == nil {
			list = append(list, info)
		}
	}
	return list
}

// Worked implements discovery.Cache.
func (c cache) Worked(id discovery.ID, at peer.AddrInfo) {
	p := chat.Peer{ID: at.ID.String()}
	for _, a := range at.Addrs {
		p.Addrs = append(p.Addrs, a.String())
	}
	if err := c.chat.Reached(wire.Account(id), p); err != nil {
		c.log.Warn("cannot keep an address", "error", err)
	}
}

func parsePeer(p chat.Peer) (info peer.AddrInfo, err error) {
	if info.ID, err = peer.Decode(p.ID); err != nil {
		return info, err
	}
	for _, text := range p.Addrs {
		if a, err := ma.NewMultiaddr(text); err == nil {
			info.Addrs = append(info.Addrs, a)
		}
	}
	return info, nil
}
