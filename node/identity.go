package node

import (
	"context"
	"slices"
	"time"

	"github.com/truce-im/truce/node/host"
)

// The libp2p identity is replaced when somebody is removed or blocked or the
// link is reset (rule 1). The store holds the one that counts; the endpoint
// follows it.

// tellTime is how long somebody who was removed, and is linked, has to hear it
// under the old identity. Who is slower, or away, is told later.
const tellTime = 3 * time.Second

// follow replaces the endpoint whenever the identity in the store is another,
// until ctx ends. It alone changes n.endpoint meanwhile.
func (n *Node) follow(ctx context.Context) {
	listen, pause := n.cfg.Listen, firstRetry
	for ctx.Err() == nil {
		turned := n.chat.Turned()
		err := n.catchUp(ctx, &listen)
		var again <-chan time.Time
		switch {
		case err == nil:
			pause = firstRetry
		case ctx.Err() == nil:
			n.cfg.Log.Error("cannot go on the network under a new identity", "error", err)
			listen = n.cfg.Listen
			again = time.After(pause)
			pause = min(2*pause, lastRetry)
		}
		select {
		case <-turned:
		case <-again:
		case w := <-n.wishes:
			w.done <- n.adopt(ctx, w.cfg, &listen)
		case <-ctx.Done():
		}
	}
}

// catchUp closes an endpoint whose identity has been replaced and opens another
// one at the same addresses, which it keeps in listen.
func (n *Node) catchUp(ctx context.Context, listen *[]string) error {
	old := n.current()
	if ok, err := n.upToDate(old); ok || err != nil {
		return err
	}
	if old != nil {
		n.tellRemoved(ctx, old)
		if len(*listen) > 0 { // the default is by the port, which is kept
			*listen = listensAt(old, *listen)
		}
		n.replace(nil)
		if err := old.close(); err != nil {
			n.cfg.Log.Warn("the old identity did not end well", "error", err)
		}
	}
	fresh, err := n.openEndpoint(ctx, *listen)
	if err != nil {
		return err
	}
	n.replace(fresh)
	return nil
}

// listensAt returns where e listens; or what was asked for, if that is nowhere, because
// one hides.
func listensAt(e *endpoint, asked []string) (list []string) {
	for _, a := range e.host.Network().ListenAddresses() {
		if !host.Relayed(a) { // relays are another's
			list = append(list, a.String())
		}
	}
	if len(list) == 0 {
		return asked
	}
	return list
}

// tellRemoved waits until everybody who was removed, and is linked, knows.
func (n *Node) tellRemoved(ctx context.Context, e *endpoint) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	for {
		turned := n.chat.Turned()
		untold, err := n.chat.Untold()
		if err != nil || !slices.ContainsFunc(untold, e.links.Linked) {
			return
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return
		}
	}
}

// current returns the endpoint; nil when Offline, and for a moment while the
// identity is replaced.
func (n *Node) current() *endpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.endpoint
}

func (n *Node) replace(e *endpoint) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.endpoint = e
	close(n.replaced)
	n.replaced = make(chan struct{})
}

func (n *Node) upToDate(e *endpoint) (bool, error) {
	seed, err := n.chat.TransportSeed()
	if err != nil || e == nil || e.seed != seed {
		return false, err
	}
	hidden, err := n.chat.Hidden()
	return e.hides.same(hidden), err
}

// Settle waits until the node is on the network under the libp2p identity that
// counts: removing or blocking somebody and resetting the link replace it. It
// returns at once when Offline or closed, and the error of ctx if that ends
// first.
func (n *Node) Settle(ctx context.Context) error {
	if n.cfg.Offline {
		return nil
	}
	for {
		select {
		case <-n.alive.Done():
			return nil
		default:
		}
		n.mu.Lock()
		e, replaced := n.endpoint, n.replaced
		n.mu.Unlock()
		if ok, err := n.upToDate(e); ok || err != nil {
			return err
		}
		select {
		case <-replaced:
		case <-n.alive.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
