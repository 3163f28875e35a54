package discovery

import (
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
)

// place identifies a waiting candidate: the newest of a place wins.
type place struct {
	id     ID
	source string
	peer   peer.ID
}

// queue holds candidates until Next takes them, oldest place first. The zero
// value is empty. It grows with the targets, never with what is offered: a
// target has at most maxWaiting places.
type queue struct {
	order []place
	found map[place]Found
	count map[ID]int
}

// push adds f, replacing what waited in its place. Over the limit the oldest
// place of the same target is dropped.
func (q *queue) push(f Found) {
	if q.found == nil {
		q.found, q.count = map[place]Found{}, map[ID]int{}
	}
	p := place{f.ID, f.Source, f.Peer.ID}
	if _, waiting := q.found[p]; waiting {
		q.found[p] = f
		return
	}
	if q.count[f.ID] == maxWaiting {
		q.remove(slices.IndexFunc(q.order, func(p place) bool { return p.id == f.ID }))
	}
	q.order = append(q.order, p)
	q.found[p] = f
	q.count[f.ID]++
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
	f := q.found[p]
	q.order = slices.Delete(q.order, i, i+1)
	delete(q.found, p)
	if q.count[p.id]--; q.count[p.id] == 0 {
		delete(q.count, p.id)
	}
	return f
}
