package dht_test

import (
	"context"
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
	return []discovery.Interface{{Index: 1, Name: "mem0", Flags: net.FlagUp, Prefixes: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr(ip), 24)}}}
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
		if s := ann.Status(); s.Published.IsZero() || s.Err != nil || s.Peers == 0 {
			t.Errorf("Ann's status is %+v", s)
		}
		if s := ben.Status(); s.Found.IsZero() || s.Looked.IsZero() {
			t.Errorf("Ben's status is %+v", s)
		}
	})
}
