package relay_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/util"
	"go.uber.org/goleak"

	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/nodetest"
	"github.com/truce-im/truce/node/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a network with the host that is to be reached by relays.
type world struct {
	*testing.T
	net  nodetest.Network
	hub  corehost.Host
	next int
}

// virtually runs a test in virtual time.
func virtually(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t}
		w.hub = w.host(&host.Beyond{})
		f(w)
	})
}

// host makes a host at the next address.
func (w *world) host(b *host.Beyond) corehost.Host {
	w.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	w.next++
	h, err := host.New(w.Context(), host.Config{
		Key: key, Listen: []string{fmt.Sprintf("/ip4/1.0.0.%d/udp/4001/quic-v1", w.next)}, Beyond: b, Options: w.net.Options(),
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { h.Close() })
	return h
}

// relay makes one that serves.
func (w *world) relay() corehost.Host { return w.host(&host.Beyond{Public: true, Relay: true}) }

// rogue makes one that says it serves, and answers as it likes.
func (w *world) rogue(answer func(network.Stream)) (h corehost.Host, asked *atomic.Int32) {
	h, asked = w.host(&host.Beyond{}), new(atomic.Int32)
	h.SetStreamHandler(proto.ProtoIDv2Hop, func(s network.Stream) {
		asked.Add(1)
		answer(s)
	})
	return h, asked
}

// grants answers that it serves for so long.
func grants(d time.Duration) func(network.Stream) {
	return func(s network.Stream) {
		defer s.Close()
		expire := uint64(time.Now().Add(d).Unix())
		util.NewDelimitedWriter(s).WriteMsg(&pb.HopMessage{
			Type: pb.HopMessage_STATUS.Enum(), Status: pb.Status_OK.Enum(), Reservation: &pb.Reservation{Expire: &expire},
		})
	}
}

// keep starts a keeper for the hub.
func (w *world) keep(cfg relay.Config) *relay.Keeper {
	w.Helper()
	cfg.Host = w.hub
	k := relay.New(cfg)
	if err := k.Start(); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(k.Close)
	return k
}

func (w *world) cut(h corehost.Host, on bool) {
	w.Helper()
	ip, err := h.Addrs()[0].ValueForProtocol(4)
	if err != nil {
		w.Fatal(err)
	}
	w.net.Cut(ip, on)
}

func info(hosts ...corehost.Host) (list []peer.AddrInfo) {
	for _, h := range hosts {
		list = append(list, peer.AddrInfo{ID: h.ID(), Addrs: h.Network().ListenAddresses()})
	}
	return list
}

// finder finds hosts, and counts how often it was asked.
func finder(times *atomic.Int32, hosts ...corehost.Host) func(context.Context) ([]peer.AddrInfo, error) {
	return func(context.Context) ([]peer.AddrInfo, error) {
		times.Add(1)
		return info(hosts...), nil
	}
}

// by reports whether a host is among the relays.
func by(k *relay.Keeper, h corehost.Host) bool {
	for _, r := range k.Status().Relays {
		if r.Peer == h.ID() {
			return true
		}
	}
	return false
}

// reached reports whether somebody else can connect to the hub by what it says of
// itself, over a relay.
func (w *world) reached() bool {
	w.Helper()
	other := w.host(&host.Beyond{})
	defer other.Close()
	to := peer.AddrInfo{ID: w.hub.ID()}
	for _, a := range w.hub.Addrs() {
		if host.Relayed(a) {
			to.Addrs = append(to.Addrs, a)
		}
	}
	return len(to.Addrs) > 0 && other.Connect(network.WithAllowLimitedConn(w.Context(), "test"), to) == nil
}
