package link

import (
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// places are for hellos of peers that have proved nothing yet, one for each
// peer. Where a contact was before there is one free: strangers, of whom there
// may be any number, share the others.
type places struct {
	gate *gate

	mu        sync.Mutex
	taken     map[peer.ID]bool // true: by a stranger
	strangers int
	known     map[peer.ID]bool
	of        map[wire.Account][]peer.ID // those known, the one longest away first
}

func newPlaces() *places {
	return &places{
		gate:  newGate(),
		taken: map[peer.ID]bool{}, known: map[peer.ID]bool{}, of: map[wire.Account][]peer.ID{},
	}
}

// load notes where contacts were before this start.
func (p *places) load(c *chat.Service) error {
	sought, err := c.SoughtPeers()
	for a, peers := range sought {
		for _, x := range slices.Backward(peers) { // the newest last, who stay
			if id, err := peer.Decode(x.ID); err == nil {
				p.know(a, id)
			}
		}
	}
	return err
}

// know notes that the contact a is there.
func (p *places) know(a wire.Account, id peer.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[id] = true
	p.of[a] = append(slices.DeleteFunc(p.of[a], func(x peer.ID) bool { return x == id }), id)
	if old := p.of[a]; len(old) > maxKnown {
		delete(p.known, old[0])
		p.of[a] = old[1:]
	}
}

// forget notes that a is no contact any more.
func (p *places) forget(a wire.Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range p.of[a] {
		delete(p.known, id)
	}
	delete(p.of, a)
}

func (p *places) knows(id peer.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[id]
}

// enter takes a place for a hello on c, if there is one, until leave.
func (p *places) enter(c network.Conn) bool {
	id := c.RemotePeer()
	stranger, name := !p.knows(id), string(id)
	if stranger {
		name = addressName(c.RemoteMultiaddr())
	}
	if !p.gate.pass(name, stranger) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, twice := p.taken[id]
	if twice || stranger && p.strangers >= maxUnproved {
		return false
	}
	p.taken[id] = stranger
	if stranger {
		p.strangers++
	}
	return true
}

func (p *places) leave(id peer.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[id] {
		p.strangers--
	}
	delete(p.taken, id)
}
