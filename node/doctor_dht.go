package node

import (
	"fmt"
	"slices"
	"time"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/dht"
)

// checkDHT tells whether contacts beyond this network can be found, and find us.
func (e *endpoint) checkDHT(now time.Time) Check {
	if e.dht == nil {
		return Check{CheckDHT, true, "not used: contacts are found on this network and at known addresses", "--bootstrap names a node by which to enter one"}
	}
	return dhtCheck(e.dht.Status(), slices.ContainsFunc(e.host.Addrs(), discovery.IsPublic), now)
}

func dhtCheck(s dht.Status, public bool, now time.Time) Check {
	c := Check{CheckDHT, true, fmt.Sprintf("%d nodes known", s.Peers), ""}
	switch {
	case !s.On:
		return Check{CheckDHT, true, "rests: there is no network, or nobody to be found", ""}
	case s.Err != nil:
		c.OK, c.Hint = false, "see whether something keeps this node from the internet, or name another node with --bootstrap"
		c.Detail += ": " + s.Err.Error()
	case !public:
		c.OK, c.Hint = false, "you find others, and they find you once you are linked; for more, open the port in your router, and tell its address by --listen"
		c.Detail += "; this node has no public address, so nobody finds it there"
	}
	if !s.Published.IsZero() {
		c.Detail += "; written " + ago(now, s.Published) + " ago"
	}
	if !s.Looked.IsZero() {
		c.Detail += "; looked up " + ago(now, s.Looked) + " ago"
	}
	return c
}
