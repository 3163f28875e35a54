package presence

import (
	"crypto/rand"
	"errors"
	"maps"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// peerState is what was told and shown on one session, by either side. It is
// guarded by Manager.mu.
type peerState struct {
	pictures pictures
	told     bool                          // something of my presence
	shown    map[wire.ViewTag]bool         // what they have shown: whether they need it
	common   map[wire.ViewTag]wire.Account // what of that I hold as well
}

func newPeerState() *peerState {
	return &peerState{shown: map[wire.ViewTag]bool{}, common: map[wire.ViewTag]wire.Account{}}
}

// view is what somebody shows me, and what shows others that I hold it.
type view struct {
	chat.View
	tags wire.ViewTagKey
}

// match finds which of these secrets the peer has shown.
func (p *peerState) match(c *link.Contact, views map[wire.Account]view) {
	if len(p.shown) == 0 {
		return
	}
	for a, v := range views {
		tag := v.tags.Tag(c.Theirs)
		if _, ok := p.shown[tag]; ok && a != c.Account {
			p.common[tag] = a
		}
	}
}

// padViews is what the number of tags in the first frame is rounded up to, with
// tags of nothing: it does not tell how many contacts there are.
const padViews = 32

// refresh reads which secrets I hold, and shows those that are new.
func (m *Manager) refresh() {
	told, err := m.chat.Views()
	if err != nil {
		m.log.Warn("cannot tell whom to follow", "error", err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	views, changed := map[wire.Account]view{}, map[wire.Account]view{}
	for a, v := range told {
		known, ok := m.views[a]
		if !ok || known.View != v {
			known = view{v, v.Secret.TagKey()}
			changed[a] = known
		}
		views[a] = known
	}
	if len(changed) == 0 && len(views) == len(m.views) {
		return
	}
	m.views = views
	for c, p := range m.peers {
		m.show(c, p, changed, 0)
		p.match(c, changed)
		maps.DeleteFunc(p.common, func(t wire.ViewTag, a wire.Account) bool { return views[a].tags.Tag(c.Theirs) != t })
		m.allow(c, p)
	}
}

// showAll shows everything on a session that has begun. m.mu is held.
func (m *Manager) showAll(c *link.Contact, p *peerState) { m.show(c, p, m.views, padViews) }

// show shows that I hold these secrets, but for the peer's own. m.mu is held.
func (m *Manager) show(c *link.Contact, p *peerState, views map[wire.Account]view, pad int) {
	var list []wire.ShownView
	for a, v := range views {
		if a != c.Account && len(list) < wire.MaxViews {
			list = append(list, wire.ShownView{Tag: v.tags.Tag(c.Mine), Needs: m.links[a] == 0})
		}
	}
	for pad > 0 && len(list)%pad != 0 {
		var none wire.ShownView
		rand.Read(none.Tag[:])
		none.Needs = none.Tag[0]&1 > 0
		list = append(list, none)
	}
	if len(list) > 0 {
		c.Send(wire.Views{Type: wire.FrameViews, Shown: list})
	}
}

// need tells those with whom I have a in common whether I need to hear of a from
// them. m.mu is held.
func (m *Manager) need(a wire.Account) {
	v, ok := m.views[a]
	if !ok {
		return
	}
	for c, p := range m.peers {
		if _, common := p.shown[v.tags.Tag(c.Theirs)]; common && c.Account != a {
			c.Send(wire.Views{Type: wire.FrameViews, Shown: []wire.ShownView{{Tag: v.tags.Tag(c.Mine), Needs: m.links[a] == 0}}})
			m.allow(c, p)
		}
	}
}

// takeViews takes what a contact shows.
func (m *Manager) takeViews(c *link.Contact, f *wire.Views) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.peers[c]
	if p == nil {
		return nil // the session in use is another one
	}
	known := len(p.shown)
	for _, v := range f.Shown {
		p.shown[v.Tag] = v.Needs
	}
	if len(p.shown) > wire.MaxViews {
		return errors.Join(chat.ErrProtocol, errors.New("it shows more secrets than anybody holds"))
	}
	if len(p.shown) > known {
		p.match(c, m.views)
	}
	m.allow(c, p)
	return nil
}

// allow names the topics to a peer that both hold the secret of and one needs.
// m.mu is held.
func (m *Manager) allow(c *link.Contact, p *peerState) {
	topics := map[wire.Account]chat.View{}
	for tag, a := range p.common {
		if p.shown[tag] || m.links[a] == 0 {
			topics[a] = m.views[a].View
		}
	}
	m.gossip.allow(c, topics)
}
