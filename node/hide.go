package node

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/relay"
)

// hides keeps where an endpoint is from those who must not see it. Whoever is hidden
// from is linked by relays alone, and by none that only they have named: it may be
// theirs. It is safe for concurrent use.
type hides struct {
	chat.Hidden
	relays atomic.Pointer[relay.Keeper] // nil: there are none, or not yet
	links  atomic.Pointer[link.Manager] // nil: not yet

	mu    sync.Mutex
	peers map[peer.ID]bool // where those are from whom we hide
}

var errHidden = errors.New("we hide from them: they have to come by a relay of ours")

// newHides looks up from whom to hide.
func (n *Node) newHides() (h *hides, err error) {
	h = &hides{peers: map[peer.ID]bool{}}
	if h.Hidden, err = n.chat.Hidden(); err != nil {
		return nil, err
	}
	for a := range h.From {
		peers, err := n.chat.Peers(a)
		if err != nil {
			return nil, err
		}
		for _, p := range peers {
			if id, err := peer.Decode(p.ID); err == nil {
				h.peers[id] = true
			}
		}
	}
	return h, nil
}

// same tells whether one hides from the same people.
func (h *hides) same(other chat.Hidden) bool {
	return h.All == other.All && maps.Equal(h.From, other.From)
}

// any tells whether there is somebody to hide from. Then no address of ours stands where
// they could read it, which is wherever several do.
func (h *hides) any() bool { return h.All || len(h.From) > 0 }

func (h *hides) from(a wire.Account) bool { return h.All || h.From[a] }

// relay tells whether a peer is a relay that we know otherwise.
func (h *hides) relay(p peer.ID) bool {
	k := h.relays.Load()
	return k != nil && k.Knows(p)
}

// met tells whether somebody is linked as that peer whom I want as a contact and from
// whom I do not hide.
func (h *hides) met(p peer.ID) bool {
	m := h.links.Load()
	return m != nil && slices.ContainsFunc(m.Sessions(), func(s link.Info) bool {
		return s.Peer == p && !s.Guest && !h.from(s.Account)
	})
}

// shown tells whether a peer may see where we are.
func (h *hides) shown(p peer.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.peers[p] && (!h.All || h.relay(p))
}

// bars tells whether a session with a must not be on that connection.
func (h *hides) bars(a wire.Account, c network.Conn) bool {
	return h.from(a) && !host.Relayed(c.RemoteMultiaddr())
}

// where returns at which addresses of p to look for those accounts, and for which of
// them.
func (h *hides) where(p peer.AddrInfo, accounts []wire.Account) (peer.AddrInfo, []wire.Account, error) {
	open := slices.DeleteFunc(slices.Clone(accounts), h.from)
	if len(open) > 0 || len(accounts) == 0 {
		return p, open, nil
	}
	h.mu.Lock()
	if h.From[accounts[0]] {
		h.peers[p.ID] = true
	}
	h.mu.Unlock()
	p.Addrs = ma.FilterAddrs(p.Addrs, func(a ma.Multiaddr) bool {
		by, ok := host.RelayOf(a)
		return ok && h.relay(by)
	})
	if len(p.Addrs) == 0 {
		return p, nil, errHidden
	}
	return p, accounts, nil
}

// strange drops peers of contacts: a relay of theirs would see where we are.
func (h *hides) strange(c *chat.Service, list []peer.AddrInfo) ([]peer.AddrInfo, error) {
	if !h.any() {
		return list, nil
	}
	peers, err := c.SoughtPeers()
	if err != nil {
		return nil, err
	}
	theirs := map[string]bool{}
	for a, ps := range peers {
		for _, p := range ps {
			theirs[p.ID] = theirs[p.ID] || h.from(a)
		}
	}
	return slices.DeleteFunc(list, func(p peer.AddrInfo) bool { return theirs[p.ID.String()] }), nil
}
