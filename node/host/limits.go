package host

import (
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/x/rate"
)

// The limits fit a single-board computer with 512 MiB that serves a person
// with 300 contacts. They bind each host by itself; loopback is free of those
// per address, so that many hosts may live in one process.
const (
	// maxConns leaves room beside 300 contacts for strangers who ask, the
	// DHT, and the second connection that racing dials make for a moment.
	maxConns = 400
	// maxInbound keeps a quarter of maxConns for our own dials, whatever
	// knocks.
	maxInbound = 300
	// maxHandshakes are the connections not yet authenticated, each of them
	// for up to 15 s and some 50 KiB. Nearly all contacts may come at once
	// when the network is back.
	maxHandshakes = 256
	// maxFDs: every connection may be TCP. Within the usual limit of 1024.
	maxFDs = maxConns

	// maxMemory is what receive windows may promise, not what is used. A
	// yamux stream promises at least 256 KiB, so 300 contacts with one
	// stream each take 75 MiB; the rest is for growth of the busy ones.
	maxMemory = 128 << 20
	// maxPeerMemory lets one peer keep two bulk streams at full speed, and
	// no peer take more than an eighth.
	maxPeerMemory = 16 << 20

	// maxStreams: link, presence and identify for 300 contacts, and bulk.
	maxStreams = 2048
	// maxPeerStreams: a contact needs fewer than ten at a time.
	maxPeerStreams = 64
	// maxPeerConns: what libp2p may dial to one peer at a time.
	maxPeerConns = 8
)

// The address buckets: how many connections one IPv4 address, or one IPv6
// site, may hold, and how fast it may make them. Behind one address there may
// be a dormitory of 64 contacts who all reconnect, with two dials each, when
// its router comes back; and an IPv6 LAN is all in one /48. libp2p counts our
// own dials in the same buckets.
const (
	ipv4Bucket = 32
	ipv6Bucket = 48

	connsPerBucket = 128
	// ratePerBucket, a second: at about 1 ms each, handshakes forced upon us
	// from one address stay under 1 % of a core.
	ratePerBucket  = 5
	burstPerBucket = 128
)

// connLowWater peers nobody protected are kept when the connections exceed
// connHighWater. Contacts are protected. It lies below maxInbound: or else 300
// strangers who come to stay, as those in a DHT do, would leave contacts no way in.
const (
	connLowWater  = 60
	connHighWater = maxInbound - connLowWater
)

// relayLimits are what a public node gives to those who cannot be reached otherwise:
// enough for texts, for half an hour and 4 MiB each way on one connection, and to
// agree on a direct one.
var relayLimits = relay.Resources{
	Limit:                  &relay.RelayLimit{Duration: 30 * time.Minute, Data: 4 << 20},
	ReservationTTL:         time.Hour,
	MaxReservations:        128, // a connection each: less than half of maxInbound
	MaxCircuits:            8,   // to and from one peer
	BufferSize:             2 << 10,
	MaxReservationsPerPeer: 1,
	MaxReservationsPerIP:   32, // a dormitory behind one address
	MaxReservationsPerASN:  64,
}

// maxPunched is how many addresses of one peer are tried when a hole is punched: some
// over TCP and over QUIC, IPv4 and IPv6.
const maxPunched = 8

// loopback is exempt from the address buckets.
var loopback = []rate.PrefixLimit{
	{Prefix: netip.MustParsePrefix("127.0.0.0/8")},
	{Prefix: netip.MustParsePrefix("::1/128")},
}

func newResourceManager(metrics bool) (network.ResourceManager, error) {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	fixed := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: maxConns, ConnsInbound: maxInbound, ConnsOutbound: maxConns,
			Streams: maxStreams, StreamsInbound: maxStreams, StreamsOutbound: maxStreams,
			FD: maxFDs, Memory: maxMemory,
		},
		Transient: rcmgr.ResourceLimits{
			Conns: maxHandshakes, ConnsInbound: maxHandshakes, ConnsOutbound: maxHandshakes,
			Streams: maxStreams, StreamsInbound: maxStreams, StreamsOutbound: maxStreams,
			FD: maxHandshakes,
		},
		PeerDefault: rcmgr.ResourceLimits{
			Conns: maxPeerConns, ConnsInbound: maxPeerConns, ConnsOutbound: maxPeerConns,
			Streams: maxPeerStreams, StreamsInbound: maxPeerStreams, StreamsOutbound: maxPeerStreams,
			FD: maxPeerConns, Memory: maxPeerMemory,
		},
	}.Build(limits.Scale(maxMemory, maxFDs))

	conns := func(bits int) []rcmgr.ConnLimitPerSubnet {
		return []rcmgr.ConnLimitPerSubnet{{PrefixLength: bits, ConnCount: connsPerBucket}}
	}
	opens := func(bits int) []rate.SubnetLimit {
		limit := rate.Limit{RPS: ratePerBucket, Burst: burstPerBucket}
		return []rate.SubnetLimit{{PrefixLength: bits, Limit: limit}}
	}
	opts := []rcmgr.Option{
		rcmgr.WithLimitPerSubnet(conns(ipv4Bucket), conns(ipv6Bucket)),
		rcmgr.WithConnRateLimiters(&rate.Limiter{
			NetworkPrefixLimits: loopback,
			SubnetRateLimiter: rate.SubnetLimiter{
				IPv4SubnetLimits: opens(ipv4Bucket),
				IPv6SubnetLimits: opens(ipv6Bucket),
				GracePeriod:      time.Minute,
			},
		}),
	}
	if !metrics {
		opts = append(opts, rcmgr.WithMetricsDisabled())
	}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(fixed), opts...)
}

func newConnManager() (*connmgr.BasicConnMgr, error) {
	return connmgr.NewConnManager(connLowWater, connHighWater)
}
