package link

import (
	"context"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat/wire"
)

// A session that goes over a relay moves to a direct connection as soon as there is
// one, whoever made it: a new session is opened on it, which wins by rank; the old one
// is drained, and what it did not deliver the new one does, by the vectors.

// direct tells whether an address leads over no relay.
func direct(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_CIRCUIT)
	return err != nil
}

// relayed tells whether a connection goes over a relay, be it with limits or without.
func relayed(c network.Conn) bool { return c.Stat().Limited || !direct(c.RemoteMultiaddr()) }

func (s *session) path() path {
	if s.relayed {
		return byRelay
	}
	return directly
}

// connected has the sessions with a peer moved that go over a relay while this
// connection does not. Of both sides the one that opened them does it.
func (m *Manager) connected(c network.Conn) {
	if relayed(c) {
		return
	}
	p := c.RemotePeer()
	accounts := m.movable(p)
	if len(accounts) == 0 || m.begin() != nil {
		return
	}
	go func() { // the host waits for us
		defer m.wg.Done()
		ctx, cancel := context.WithTimeout(m.ctx, dialTimeout)
		defer cancel()
		if _, err := m.hail(network.WithNoDial(ctx, "link"), p, accounts, byRelay); err != nil {
			m.log.Debug("a link stays on its relay", "peer", p, "reason", err)
		}
	}()
}

// moveOn is called when a session begins: a direct connection may have come during its
// hello.
func (m *Manager) moveOn(s *session) {
	if !s.relayed {
		return
	}
	for _, c := range m.host.Network().ConnsToPeer(s.peer) {
		m.connected(c)
	}
}

// forsake closes what else there is to a peer whose direct connection was dead: others
// like it, on which there is no session; and those over relays, which the peer makes
// anew. For as long as there is a direct one, dead or not, libp2p punches no hole to who
// comes over a relay, and later it does not either.
func (m *Manager) forsake(p peer.ID) {
	for _, c := range m.host.Network().ConnsToPeer(p) {
		if relayed(c) || !m.linkedOn(c) {
			c.Close()
		}
	}
}

// movable returns whose sessions with a peer we opened over a relay.
func (m *Manager) movable(p peer.ID) (list []wire.Account) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.all() {
		if s.peer == p && s.relayed && s.who.initiator && !s.ending() {
			list = append(list, s.who.account)
		}
	}
	return list
}
