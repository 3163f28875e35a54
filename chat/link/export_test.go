package link

import "github.com/libp2p/go-libp2p/core/peer"

// Knows reports whether a place is held for the peer.
func (m *Manager) Knows(id peer.ID) bool { return m.places.knows(id) }
