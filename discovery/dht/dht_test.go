package dht_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"go.uber.org/goleak"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/dht"
	"github.com/truce-im/truce/node/nodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newHost makes a host at an address of a network in memory; empty: one that does not
// listen.
func newHost(t testing.TB, net *nodetest.Network, ip string) host.Host {
	t.Helper()
	opts := append(net.Options(),
		libp2p.NoListenAddrs, libp2p.Transport(libp2pquic.NewTransport), libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.ResourceManager(&network.NullResourceManager{}), libp2p.DisableMetrics(), libp2p.DisableRelay(),
		libp2p.DisableIdentifyAddressDiscovery(), libp2p.ForceReachabilityPrivate())
	if ip != "" {
		opts = append(opts, libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/%s/udp/4001/quic-v1", ip)))
	}
	h, err := libp2p.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func up(ip string) []discovery.Interface {
	return []discovery.Interface{{Index: 1, Name: "mem0", Flags: net.FlagUp | net.FlagRunning, Prefixes: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr(ip), 24)}}}
}

// member is a host with a source.
type member struct {
	host.Host
	*dht.Source
	offered chan discovery.Candidate
	end     func()
}

func (m *member) info() peer.AddrInfo { return peer.AddrInfo{ID: m.ID(), Addrs: m.Addrs()} }

// join makes a member of a network, which enters by others.
func join(t testing.TB, net *nodetest.Network, ip string, change func(*dht.Config), by ...peer.AddrInfo) *member {
	t.Helper()
	h := newHost(t, net, ip)
	cfg := dht.Config{Node: h, Prefix: "/truce/test", Bootstrap: by, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if change != nil {
		change(&cfg)
	}
	m := &member{Host: h, Source: dht.New(cfg), offered: make(chan discovery.Candidate, 64)}
	m.NetworkChanged(up(ip))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- m.Serve(ctx, func(c discovery.Candidate) { m.offered <- c }) }()
	m.end = func() {
		cancel()
		<-served
		h.Close()
	}
	return m
}

// key is a secret that two members share.
func key(i byte) discovery.Key { return discovery.Key{0xAB, i} }

// Two who share a key find each other through a third, who knows neither.
func TestTwoFindEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", nil)
		boot.SetTargets(nil, []discovery.Key{key(99)}) // something to do: so it takes part
		ann := join(t, &net, "1.0.0.2", nil, boot.info())
		ben := join(t, &net, "1.0.0.3", nil, boot.info())
		defer boot.end()
		defer ann.end()
		defer ben.end()

		ann.SetTargets(nil, []discovery.Key{key(1)})
		ben.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}}, nil)
		time.Sleep(time.Minute)
		ben.Seek(discovery.ID{7})
		select {
		case c := <-ben.offered:
			if c.ID != (discovery.ID{7}) || c.Peer.ID != ann.ID() || len(c.Peer.Addrs) == 0 {
				t.Errorf("found %+v", c)
			}
		case <-time.After(time.Hour):
			t.Fatalf("Ann was not found: %+v, %+v", ann.Status(), ben.Status())
		}
		time.Sleep(time.Second) // the look-up ends
		if s := ann.Status(); s.Published.IsZero() || s.Err != nil || s.Peers == 0 {
			t.Errorf("Ann's status is %+v", s)
		}
		if s := ben.Status(); s.Found.IsZero() || s.Looked.IsZero() {
			t.Errorf("Ben's status is %+v", s)
		}
	})
}

// Without keys, or without a network, nothing is sent and nothing is waited for.
func TestNothingForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", nil)
		boot.SetTargets(nil, []discovery.Key{key(99)})
		defer boot.end()
		idle := join(t, &net, "1.0.0.2", nil, boot.info())
		defer idle.end()
		offline := join(t, &net, "1.0.0.3", nil, boot.info())
		defer offline.end()
		unplugged := up("1.0.0.3")
		unplugged[0].Flags = 0
		offline.NetworkChanged(unplugged)
		offline.SetTargets([]discovery.Target{{ID: discovery.ID{1}, Hear: []discovery.Key{key(1)}}}, []discovery.Key{key(2)})
		offline.Seek(discovery.ID{1})
		time.Sleep(24 * time.Hour)
		for _, at := range net.Sent() {
			if at == "1.0.0.2:4001" || at == "1.0.0.3:4001" {
				t.Errorf("something was sent to %s", at)
			}
		}
		if idle.Status().On || offline.Status().On {
			t.Error("they say that they are on")
		}
		// it begins when there is a network
		offline.NetworkChanged(up("1.0.0.3"))
		time.Sleep(time.Minute)
		if s := offline.Status(); !s.On || s.Published.IsZero() || s.Looked.IsZero() {
			t.Errorf("back on the network: %+v", s)
		}
	})
}

// Somebody is found in every slot, by one whose clock is hours wrong, too.
func TestSlotsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", nil)
		boot.SetTargets(nil, []discovery.Key{key(99)})
		defer boot.end()
		ann := join(t, &net, "1.0.0.2", nil, boot.info())
		defer ann.end()
		ann.SetTargets(nil, []discovery.Key{key(1)})
		for day := range 4 {
			time.Sleep(17 * time.Hour)
			ben := join(t, &net, fmt.Sprintf("1.0.1.%d", day+1), nil, boot.info())
			ben.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}}, nil)
			ben.Seek(discovery.ID{7})
			select {
			case <-ben.offered:
			case <-time.After(time.Minute):
				t.Errorf("day %d: not found: %+v", day, ben.Status())
			}
			ben.end()
		}
	})
}

// Who is not there is looked for ever more seldom, however often one asks.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", nil)
		boot.SetTargets(nil, []discovery.Key{key(99)})
		defer boot.end()
		ben := join(t, &net, "1.0.0.3", nil, boot.info())
		defer ben.end()
		ben.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}}, nil)
		looks, last := 0, time.Time{}
		for range 12 * 60 {
			ben.Seek(discovery.ID{7})
			time.Sleep(time.Minute)
			if at := ben.Status().Looked; !at.Equal(last) {
				looks, last = looks+1, at
			}
		}
		if looks < 8 || looks > 18 {
			t.Errorf("in half a day of asking each minute it looked %d times", looks)
		}
	})
}

// A server that answers rubbish, whether bytes or values, keeps nobody from finding
// others by an honest one, and makes up nobody.
func TestHostileServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", nil)
		boot.SetTargets(nil, []discovery.Key{key(99)})
		defer boot.end()
		evil := newHost(t, &net, "1.0.0.66")
		defer evil.Close()
		evil.SetStreamHandler("/truce/test/kad/1.0.0", func(s network.Stream) {
			defer s.Reset()
			s.Read(make([]byte, 64))
			rubbish := make([]byte, 8<<10)
			rand.Read(rubbish)
			s.Write(append([]byte{0x80, 0x40}, rubbish...)) // a length, and no message
		})
		by := []peer.AddrInfo{{ID: evil.ID(), Addrs: evil.Addrs()}, boot.info()}
		ann, ben := join(t, &net, "1.0.0.2", nil, by...), join(t, &net, "1.0.0.3", nil, by...)
		defer ann.end()
		defer ben.end()
		ann.SetTargets(nil, []discovery.Key{key(1)})
		time.Sleep(time.Minute)
		ben.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}, {ID: discovery.ID{8}, Hear: []discovery.Key{key(2)}}}, nil)
		ben.Seek(discovery.ID{8})
		ben.Seek(discovery.ID{7})
		time.Sleep(time.Hour)
		if len(ben.offered) != 1 || (<-ben.offered).Peer.ID != ann.ID() {
			t.Errorf("%d were found: %+v", len(ben.offered), ben.Status())
		}
	})
}

// A guest leaves nothing of the node's own identity with a server.
func TestGuest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		public := func(c *dht.Config) { c.Prefix = "" }
		boot := join(t, &net, "1.0.0.1", public)
		boot.SetTargets(nil, []discovery.Key{key(99)})
		defer boot.end()
		var guests []host.Host
		guest := func(ip string) func(*dht.Config) {
			return func(c *dht.Config) {
				public(c)
				c.Guest = func() (host.Host, error) {
					h := newHost(t, &net, ip)
					guests = append(guests, h)
					return h, nil
				}
			}
		}
		ann := join(t, &net, "1.0.0.2", guest("1.0.1.2"), boot.info())
		ben := join(t, &net, "1.0.0.3", guest("1.0.1.3"), boot.info())
		defer ann.end()
		defer ben.end()
		ann.SetTargets(nil, []discovery.Key{key(1)})
		ben.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}}, nil)
		time.Sleep(time.Minute)
		ben.Seek(discovery.ID{7})
		time.Sleep(time.Hour)
		if len(ben.offered) != 1 || (<-ben.offered).Peer.ID != ann.ID() {
			t.Fatalf("%d were found: %+v", len(ben.offered), ben.Status())
		}
		for _, m := range []*member{ann, ben} {
			if len(m.Network().Conns()) > 0 || len(boot.Peerstore().Addrs(m.ID())) > 0 {
				t.Errorf("the server knows the node %v", m.ID())
			}
		}
		for _, g := range guests {
			if g.ID() == ann.ID() || g.ID() == ben.ID() {
				t.Error("a guest has the identity of its node")
			}
		}
	})
}
