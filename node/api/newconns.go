package api

import (
	"net"
	"net/http"
	"sync"
)

// newConns are the connections on which nothing has come yet. The zero value is
// empty and ready.
type newConns struct {
	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
}

// note is the ConnState of a server.
func (n *newConns) note(c net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(n.conns, c)
	case n.closed:
		c.Close()
	default:
		if n.conns == nil {
			n.conns = map[net.Conn]bool{}
		}
		n.conns[c] = true
	}
}

// close closes them, and those that come later.
func (n *newConns) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for c := range n.conns {
		c.Close()
	}
}
