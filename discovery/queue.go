package discovery

import (
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// place identifies a waiting candidate: the newest of a place wins.
type place struct {
	id ID
	slot
}

// queue holds candidates until Next takes them, oldest place first. The zero
// value is empty. It grows with the targets, never with what is offered: a
// target has at most maxWaiting places.
type queue struct {
	order []place
	found map[place][]ma.Multiaddr
	count map[ID]int
}

// push adds addresses, replacing what waited in their place. Over the limit the
// oldest place of the same target is dropped.
func (q *queue) push(p place, addrs []ma.Multiaddr) {
	if q.found == nil {
		q.found, q.count = map[place][]ma.Multiaddr{}, map[ID]int{}
	}
	if _, waiting := q.found[p]; waiting {
		q.found[p] = addrs
		return
	}
	if q.count[p.id] == maxWaiting {
		q.remove(slices.IndexFunc(q.order, func(o place) bool { return o.id == p.id }))
	}
	q.order = append(q.order, p)
	q.found[p] = addrs
	q.count[p.id]++
}

// pop takes the oldest candidate.
func (q *queue) pop() (Found, bool) {
	if len(q.order) == 0 {
		return Found{}, false
	}
	return q.remove(0), true
}

// keep drops candidates for which wanted is false.
func (q *queue) keep(wanted func(ID) bool) {
	for i := len(q.order) - 1; i >= 0; i-- {
		if !wanted(q.order[i].id) {
			q.remove(i)
		}
	}
}

func (q *queue) remove(i int) Found {
	p := q.order[i]
	f := Found{ID: p.id, Peer: peer.AddrInfo{ID: p.peer, Addrs: q.found[p]}, Source: p.source}
	q.order = slices.Delete(q.order, i, i+1)
	delete(q.found, p)
	if q.count[p.id]--; q.count[p.id] == 0 {
		delete(q.count, p.id)
	}
	return f
}
