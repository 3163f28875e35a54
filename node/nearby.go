package node

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
)

// Neighbour is somebody on the local network who lets everybody there see them.
// Nothing of it is proved before they answer.
type Neighbour struct {
	Account wire.Account
	Name    string // what they call themselves; if nothing, the short form of Account
	PeerID  string

	secret wire.ReachSecret // of this run of theirs
}

// Nearby returns who is to be seen on the local network, the longest known
// first; none while the node is offline or without mDNS.
func (n *Node) Nearby() []Neighbour {
	e := n.current()
	if e == nil {
		return nil
	}
	return neighbours(e.finder.Beacons(), n.chat.Account())
}

// neighbours are those, but for me, whom beacons show.
func neighbours(shown []discovery.Beacon, me wire.Account) (list []Neighbour) {
	at := map[string]int{} // in list, by account and peer
	for _, b := range shown {
		x, ok := parseCard(b)
		if !ok || x.Account == me {
			continue
		}
		k := string(x.Account[:]) + x.PeerID
		i, known := at[k]
		if !known {
			i = len(list)
			at[k], list = i, append(list, x)
		}
		list[i] = x // who was started anew has a new secret
	}
	return list
}

// NearbyLink returns a link to somebody nearby, named by address or by name in
// any letter case if that is clear. It serves while they show themselves as they
// do now. Errors: chat.ErrNotFound; chat.ErrAmbiguous, whose message lists the
// matches.
func (n *Node) NearbyLink(who string) (wire.Link, error) { return linkAmong(n.Nearby(), who) }

func linkAmong(list []Neighbour, who string) (link wire.Link, err error) {
	for _, is := range []func(Neighbour) bool{
		func(x Neighbour) bool { return strings.EqualFold(x.Account.String(), who) },
		func(x Neighbour) bool { return x.Name == who },
		func(x Neighbour) bool { return strings.EqualFold(x.Name, who) },
	} {
		var names []string
		seen := map[wire.Account]bool{}
		for _, x := range list {
			if !is(x) {
				continue
			}
			link = wire.Link{Account: x.Account, Secret: x.secret, Name: x.Name} // of several devices, the newest
			if !seen[x.Account] {
				seen[x.Account] = true
				names = append(names, fmt.Sprintf("%s (%s)", x.Name, x.Account))
			}
		}
		switch len(names) {
		case 0:
		case 1:
			return link, nil
		default:
			err := chat.Errorf(chat.CodeAmbiguous, "%s could be any of: %s", who, strings.Join(names, ", "))
			return link, err.WithHint("use the address, which `truce nearby` shows")
		}
	}
	return link, chat.Errorf(chat.CodeNotFound, "nobody nearby is called %s", who).WithHint("`truce nearby` lists them")
}

// A card is what a beacon of ours holds (discovery/MDNS.md section 8): account,
// secret, and the name, cut to what is left.
const (
	cardHead = len(wire.Account{}) + len(wire.ReachSecret{})
	maxName  = discovery.MaxBeacon - cardHead // bytes
)

func card(a wire.Account, secret wire.ReachSecret, name string) []byte {
	for len(name) > maxName || name != "" && wire.CheckName(name) != nil { // not in the middle of a joined emoji
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return append(append(a[:], secret[:]...), name...)
}

// parseCard reads what anybody may have written.
func parseCard(b discovery.Beacon) (x Neighbour, ok bool) {
	if len(b.Data) < cardHead {
		return x, false
	}
	x.PeerID = b.Peer.String()
	rest := b.Data[copy(x.Account[:], b.Data):]
	x.Name = string(rest[copy(x.secret[:], rest):])
	switch {
	case x.Account == wire.Account{}:
		return x, false
	case x.Name == "":
		x.Name = x.Account.Short()
	}
	return x, wire.CheckName(x.Name) == nil
}
