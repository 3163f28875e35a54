package node

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// checkContacts tells of each contact how it was last reached, those first who
// need it.
func (n *Node) checkContacts(contacts []chat.ContactView) (list []Check) {
	links := n.linked()
	for _, v := range contacts {
		if v.Relation == chat.Accepted || v.Relation == chat.Asked {
			list = append(list, n.checkContact(v, links[v.Account]))
		}
	}
	slices.SortStableFunc(list, func(a, b Check) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

func rank(c Check) int {
	if c.OK {
		return 1
	}
	return 0
}

func (n *Node) checkContact(v chat.ContactView, path string) Check {
	name := v.Name
	if name == "" {
		name = v.Account.String()[:8]
	}
	c := Check{Name: CheckContact, OK: true}
	t := n.trails.of(v.Account)
	switch {
	case path != "":
		c.Detail = name + ": linked " + path
		return c
	case n.cfg.Offline:
		c.Detail = name + ": " + lastSeen(v)
		return c
	}
	c.Detail = name + ": not linked; " + lastSeen(v)
	if t.path != "" {
		c.Detail += ", " + t.path
	}
	now := time.Now()
	if t.why != nil {
		c.Detail += fmt.Sprintf("; tried %s ago: %s", ago(now, t.tried), t.why.what)
	}
	switch nearby := !t.heard.IsZero() && now.Sub(t.heard) < heardLately; {
	case t.why == strangerThere:
		c.OK, c.Hint = false, t.why.next
	case t.why == noAnswer && nearby:
		c.OK, c.Detail = false, c.Detail+"; their node is on this network"
		c.Hint = "a firewall on their machine may be in the way: it has to let Truce's port in (`truce doctor` there tells which)"
	case v.LastSeen == 0:
		c.Hint = "ask whether their node runs, and on which network; a link with an address in it finds them over any route"
	default:
		c.Hint = "ask whether their node runs; what you send waits until then"
	}
	return c
}

// heardLately is how long an announcement counts as a sign that somebody is
// there: it is said again within 95 s.
const heardLately = 2 * time.Minute

func lastSeen(v chat.ContactView) string {
	if v.LastSeen == 0 {
		return "never seen"
	}
	return "last seen " + day(chat.Time(v.LastSeen))
}

func ago(now, then time.Time) string { return now.Sub(then).Round(time.Second).String() }

// linked tells over which path contacts are linked now.
func (n *Node) linked() map[wire.Account]string {
	paths := map[wire.Account]string{}
	if e := n.current(); e != nil {
		for _, s := range e.links.Sessions() {
			paths[s.Account] = pathOf(s.Conn) + roundTrip(s.RTT)
		}
	}
	return paths
}

func roundTrip(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(", %d ms there and back", d.Round(time.Millisecond).Milliseconds())
}
