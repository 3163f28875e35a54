package link

import "github.com/libp2p/go-libp2p/core/peer"

// Knows reports whether a place is held for the peer.
func (m *Manager) Knows(id peer.ID) bool { return m.places.knows(id) }

// Gate is the gate of a Manager, alone.
type Gate struct{ *gate }

// NewGate returns one that nobody has passed yet.
func NewGate() Gate { return Gate{newGate()} }

// Pass asks for a hello under a name.
func (g Gate) Pass(name string, stranger bool) bool { return g.pass(name, stranger) }

// Ranked is what sessions with one device are ranked by.
type Ranked struct {
	Boot           uint64
	Relayed, Lower bool
	Number         uint64
}

// Compare ranks x against y, as choose does.
func (x Ranked) Compare(y Ranked) int {
	make := func(r Ranked) *session {
		return &session{who: greeted{boot: r.Boot}, relayed: r.Relayed, byLower: r.Lower, number: r.Number}
	}
	return make(x).compare(make(y))
}
