package node

import (
	"context"
	"errors"
	"reflect"
	"slices"
)

var errClosing = errors.New("the node is closing")

// wish is a call of Reconfigure; done has room for the answer.
type wish struct {
	cfg  Config
	done chan error
}

// way is how a node goes on the network: the part of Config that Reconfigure changes.
type way struct {
	Listen, Peers, Relays            []string
	NoMDNS, Public, NoRelay, PortMap bool
	DHT                              *DHT
}

func (c *Config) way() way {
	return way{c.Listen, c.Peers, c.Relays, c.NoMDNS, c.Public, c.NoRelay, c.PortMap, c.DHT}
}

// setWay leaves the rest of c alone, which others read meanwhile.
func (c *Config) setWay(w way) {
	c.Listen, c.Peers, c.Relays = w.Listen, w.Peers, w.Relays
	c.NoMDNS, c.Public, c.NoRelay, c.PortMap, c.DHT = w.NoMDNS, w.Public, w.NoRelay, w.PortMap, w.DHT
}

// Reconfigure has the node go on the network as cfg says: by its Listen, Peers, NoMDNS,
// DHT, Public, NoRelay, Relays and PortMap; the rest of cfg is passed over. If any of
// that is new, sessions end with a goodbye and begin anew, and it returns when the node
// is on the network again; messages wait meanwhile, and faces notice nothing. If it
// cannot be, the node goes on as it did before, and the error says why. ctx bounds the
// waiting alone. Offline it does nothing.
func (n *Node) Reconfigure(ctx context.Context, cfg Config) error {
	if n.cfg.Offline {
		return nil
	}
	w := wish{cfg, make(chan error, 1)}
	select {
	case n.wishes <- w:
	case <-n.alive.Done():
		return failed(errClosing, "")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		if err != nil {
			n.Settle(ctx) // back where it was
			return failed(err, "the node goes on as it did before")
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// adopt is Reconfigure for follow. After an error there may be no endpoint; the next one
// is as before, at the addresses in listen.
func (n *Node) adopt(ctx context.Context, cfg Config, listen *[]string) (err error) {
	before, after := n.cfg.way(), cfg.way()
	if reflect.DeepEqual(before, after) {
		return nil
	}
	given := n.given
	defer func() {
		if err != nil {
			n.cfg.setWay(before)
			n.given = given
		}
	}()
	n.cfg.setWay(after)
	if n.given, err = parsePeers(after.Peers); err != nil {
		return err
	}
	old := n.current()
	if old != nil {
		if len(*listen) > 0 {
			*listen = listensAt(old, *listen)
		}
		n.replace(nil)
		if err := old.close(); err != nil {
			n.cfg.Log.Warn("the old way to the network did not end well", "error", err)
		}
	}
	at := *listen
	if !slices.Equal(before.Listen, after.Listen) {
		at = after.Listen
	}
	fresh, err := n.openEndpoint(ctx, at)
	if err != nil {
		return err
	}
	*listen = at
	n.replace(fresh)
	return nil
}
