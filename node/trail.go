package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/host"
)

// trails remember, for Diagnose alone, how reaching contacts went since the
// node was opened. Only contacts and given peers have one. The zero value is
// ready; it is safe for concurrent use.
type trails struct {
	mu       sync.Mutex
	accounts map[wire.Account]trail
	given    map[peer.ID]*dialFailure // outcome of the last visit; nil: a link
	visitors visitors
	dials    map[*dialFailure]uint64 // by outcome; nil: a link
}

// trail is what is known of one contact. Times are zero if that never was.
type trail struct {
	linked time.Time
	path   string        // of the last link
	ahead  time.Duration // of their clock, at the last hello
	heard  time.Time     // on the local network
	tried  time.Time     // the last dial, if it failed
	why    *dialFailure  // of it; nil: it did not fail
}

// visitors counts connections that came from other machines.
type visitors struct {
	count uint64
	last  time.Time
}

func (t *trails) of(a wire.Account) trail {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.accounts[a]
}

func (t *trails) change(a wire.Account, change func(*trail)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.accounts == nil {
		t.accounts = map[wire.Account]trail{}
	}
	x := t.accounts[a]
	change(&x)
	t.accounts[a] = x
}

func (t *trails) linked(s link.Info) {
	t.change(s.Account, func(x *trail) {
		x.linked, x.path, x.ahead, x.why = time.Now(), pathOf(s.Conn), s.Ahead, nil
	})
}

func (t *trails) heard(a wire.Account) {
	t.change(a, func(x *trail) { x.heard = time.Now() })
}

func (t *trails) failed(a wire.Account, err error) {
	t.change(a, func(x *trail) { x.tried, x.why = time.Now(), explain(err) })
}

// dialled counts a dial that was not broken off by us.
func (t *trails) dialled(err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, link.ErrClosed) {
		return
	}
	var why *dialFailure
	if err != nil {
		why = explain(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dials == nil {
		t.dials = map[*dialFailure]uint64{}
	}
	t.dials[why]++
}

// visited notes how a visit to a given peer went.
func (t *trails) visited(p peer.ID, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.given == nil {
		t.given = map[peer.ID]*dialFailure{}
	}
	t.given[p] = nil
	if err != nil {
		t.given[p] = explain(err)
	}
}

func (t *trails) visit(p peer.ID) (why *dialFailure, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	why, known = t.given[p]
	return why, known
}

func (t *trails) came() visitors {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.visitors
}

// watch counts connections that came in from other machines.
func (t *trails) watch(h network.Network) {
	h.Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) {
		if c.Stat().Direction != network.DirInbound || ownMachine(c) || host.Relayed(c.RemoteMultiaddr()) {
			return
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.visitors.count++
		t.visitors.last = time.Now()
	}})
}

// ownMachine reports whether both ends of c are on this machine, so that no
// firewall was in between.
func ownMachine(c network.Conn) bool {
	there, err := manet.ToIP(c.RemoteMultiaddr())
	here, err2 := manet.ToIP(c.LocalMultiaddr())
	return err != nil || err2 != nil || there.IsLoopback() || there.Equal(here)
}

// pathOf tells over what c goes.
func pathOf(c network.Conn) string {
	a := c.RemoteMultiaddr()
	over := map[string]string{"quic": "QUIC", "tcp": "TCP"}[transportOf(a)]
	ip, err := manet.ToIP(a)
	if err != nil {
		return "over " + over
	}
	if host.Relayed(a) {
		return fmt.Sprintf("by a relay, over %s at %s", over, ip)
	}
	return fmt.Sprintf("over %s at %s", over, ip)
}

// dialFailure is why somebody was not reached, in words: what libp2p says is
// long, and holds what others say.
type dialFailure struct{ what, next string }

var (
	strangerThere = &dialFailure{
		"a node answers there that does not know you",
		"if that is theirs, they have removed you or made a new account: ask them for a new link",
	}
	otherThere = &dialFailure{"somebody else's node answers there", "theirs may have moved: it is found by itself where both are on one network"}
	noNode     = &dialFailure{"the machine answers, but no node listens there", "ask them to start it"}
	noRoute    = &dialFailure{"there is no way from here to that network", "look at the cables, the Wi-Fi or the VPN of this machine"}
	noAnswer   = &dialFailure{"no answer", "it may be off, or a firewall in between drops what is sent"}
	noRelay    = &dialFailure{"no relay by which they were reached leads to them", "their node may be off, or the relay: they come by another one soon after it has gone"}
	hiddenFrom = &dialFailure{"you hide from them, and know no relay that they are at", "they come to you when they see that you are there"}
	noIdea     = &dialFailure{"the connection broke off", "try again; if it stays so, look whether both run the same version"}
)

// byRelays tells whether relays alone were tried: who answers there is another.
func byRelays(err error) bool {
	var failed *swarm.DialError
	return errors.As(err, &failed) && len(failed.DialErrors) > 0 && !slices.ContainsFunc(failed.DialErrors, func(e swarm.TransportError) bool {
		return !host.Relayed(e.Address)
	})
}

// explain finds words for an error of a dial: of several the most telling one.
func explain(err error) *dialFailure {
	var other sec.ErrPeerIDMismatch
	var otherPtr *sec.ErrPeerIDMismatch
	var timeout net.Error
	switch {
	case errors.Is(err, errHidden):
		return hiddenFrom
	case errors.Is(err, link.ErrNoRelation):
		return strangerThere
	case errors.As(err, &other), errors.As(err, &otherPtr):
		return otherThere
	case byRelays(err):
		return noRelay
	case errors.Is(err, syscall.ECONNREFUSED):
		return noNode
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return noAnswer
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return noRoute
	}
	return noIdea
}
