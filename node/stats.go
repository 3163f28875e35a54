package node

import (
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/host"
)

// Stats tell how a node fares, in numbers alone. What is counted of the network begins
// anew when the node goes on it under another peer id or another way; of messages, dials
// and commits with Open.
type Stats struct {
	chat.Figures

	Online          bool // on the network
	Direct, Relayed int  // sessions with contacts

	Dials map[string]uint64 // by outcome, one of Outcomes

	Commits   uint64 // of the store
	StoreSize int64  // bytes of its file
	DiskFree  uint64 // bytes

	Records, Gossiped uint64 // of presence, that told something new: over sessions, by gossip

	MDNSSent, MDNSHeard uint64 // packets of our service

	DHT                  bool // one is used
	DHTPeers             int
	DHTWritten, DHTAsked time.Time // the last time; zero: never

	Reachable bool // by others, as far as is known
	Relays    int  // reservations
}

// Outcomes of dials.
const (
	DialLinked   = "linked"    // there is a session
	DialStranger = "stranger"  // a node answered that does not know us, or another one
	DialRefused  = "refused"   // a machine answered, but no node
	DialNoRoute  = "no_route"  // there is no way from here
	DialNoAnswer = "no_answer" // nothing came back in time
	DialBroken   = "broken"    // anything else
)

// Outcomes are all keys of Stats.Dials.
var Outcomes = []string{DialLinked, DialStranger, DialRefused, DialNoRoute, DialNoAnswer, DialBroken}

var outcomes = map[*dialFailure]string{
	nil: DialLinked, strangerThere: DialStranger, otherThere: DialStranger, noNode: DialRefused,
	noRoute: DialNoRoute, noRelay: DialNoRoute, hiddenFrom: DialNoRoute, noAnswer: DialNoAnswer, noIdea: DialBroken,
}

// Stats returns the numbers of this moment. It reads a few rows for each contact.
func (n *Node) Stats() (s Stats, err error) {
	if s.Figures, err = n.chat.Figures(); err != nil {
		return s, err
	}
	if s.StoreSize, err = n.home.store.Size(); err != nil {
		return s, err
	}
	if s.DiskFree, err = n.home.store.Free(); err != nil {
		return s, err
	}
	s.Commits = n.home.store.Commits()
	s.Dials = n.trails.outcomes()
	if e := n.current(); e != nil {
		e.stats(&s)
	}
	return s, nil
}

func (e *endpoint) stats(s *Stats) {
	s.Online = true
	for _, x := range e.links.Sessions() {
		if host.Relayed(x.Conn.RemoteMultiaddr()) {
			s.Relayed++
		} else {
			s.Direct++
		}
	}
	s.Records, s.Gossiped = e.presence.Records()
	for _, l := range e.finder.Status().LANs {
		s.MDNSSent += l.Sent
		s.MDNSHeard += l.Queries + l.Heard
	}
	if e.dht != nil {
		d := e.dht.Status()
		s.DHT, s.DHTPeers, s.DHTWritten, s.DHTAsked = true, d.Peers, d.Published, d.Looked
	}
	if e.relays != nil {
		r := e.relays.Status()
		s.Reachable, s.Relays = r.Reachable, len(r.Relays)
	}
	s.Reachable = s.Reachable || e.beyond != nil && e.beyond.Public
}

// outcomes counts dials by what came of them.
func (t *trails) outcomes() map[string]uint64 {
	out := map[string]uint64{}
	for _, o := range Outcomes {
		out[o] = 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for why, n := range t.dials {
		out[outcomes[why]] += n
	}
	return out
}
