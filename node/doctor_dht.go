package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/dht"
)

// checkDHT tells whether contacts beyond this network can be found, and find us.
func (e *endpoint) checkDHT(now time.Time) Check {
	if e.dht == nil {
		return Check{CheckDHT, true, "not used: contacts are found on this network and at known addresses", "start without --dht=false, or set `truce config dht true`, to find them over the internet"}
	}
	return dhtCheck(e.dht.Status(), slices.ContainsFunc(e.host.Addrs(), discovery.IsPublic), now)
}

func dhtCheck(s dht.Status, public bool, now time.Time) Check {
	c := Check{CheckDHT, true, fmt.Sprintf("%d nodes known", s.Peers), ""}
	if s.Peers == 1 {
		c.Detail = "1 node known"
	}
	switch {
	case !s.On:
		return Check{CheckDHT, true, "rests: there is no network, or nobody to be found", ""}
	case errors.Is(s.Err, dht.ErrAlone):
		c.OK, c.Hint = false, "name a node of it with --bootstrap; or, if this one is the first, have others name an address that `truce id` prints here"
		c.Detail += ": " + s.Err.Error()
	case s.Peers > 0 && errors.Is(s.Err, context.DeadlineExceeded): // it is tried again by itself
		c.Detail += ", but the last attempt took too long"
	case s.Err != nil:
		c.OK, c.Hint = false, "see whether something keeps this node from the internet, or name another node with --bootstrap"
		c.Detail += ": " + s.Err.Error()
	case !public:
		c.Detail += "; nobody finds this node there yet: it is reached neither directly nor by a relay"
	}
	if !s.Published.IsZero() {
		c.Detail += "; written " + ago(now, s.Published) + " ago"
	}
	if !s.Looked.IsZero() {
		c.Detail += "; looked up " + ago(now, s.Looked) + " ago"
	}
	return c
}
