package link

import (
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
)

// places are for hellos of peers that have proved nothing yet, one for each
// peer. Where a contact was before there is one free: strangers, of whom there
// may be any number, share the others.
type places struct {
	mu        sync.Mutex
	taken     map[peer.ID]bool // true: by a stranger
	strangers int
	known     map[peer.ID]bool
}

func newPlaces() *places {
	return &places{taken: map[peer.ID]bool{}, known: map[peer.ID]bool{}}
}

// load notes where contacts were before this start.
func (p *places) load(c *chat.Service) error {
	seeks, err := c.Seeks()
	if err != nil {
		return err
	}
	for _, s := range seeks {
		peers, err := c.Peers(s.Account)
		if err != nil {
			return err
		}
		for _, x := range peers {
			if id, err := peer.Decode(x.ID); err == nil {
				p.know(id)
			}
		}
	}
	return nil
}

// know notes that a contact is there.
func (p *places) know(id peer.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[id] = true
}

// enter takes a place, if there is one, until leave.
func (p *places) enter(id peer.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, twice := p.taken[id]
	stranger := !p.known[id]
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
