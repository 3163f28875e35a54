package relay_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/node/relay"
)

// Two relays are kept for as long as it takes, those that the user named first, and the
// host is reached by them.
func TestKeeps(t *testing.T) {
	virtually(t, func(w *world) {
		named, a, b := w.relay(), w.relay(), w.relay()
		var searches, granted atomic.Int32
		k := w.keep(relay.Config{Given: info(named), Find: finder(&searches, a, b), Granted: func(ma.Multiaddr) { granted.Add(1) }})
		time.Sleep(5 * time.Second)
		for hour := range 24 {
			s := k.Status()
			if len(s.Relays) != relay.Wanted || !by(k, named) || s.Err != nil || s.Reachable {
				t.Fatalf("hour %d: %+v", hour, s)
			}
			if r := s.Relays[0]; time.Until(r.Expires) <= 0 || r.Limit == 0 || len(r.Addrs) == 0 {
				t.Fatalf("hour %d: %+v", hour, r)
			}
			time.Sleep(time.Hour)
		}
		if !w.reached() {
			t.Errorf("nobody gets to %v", w.hub.Addrs())
		}
		if n, m := searches.Load(), granted.Load(); n != 1 || m != 2 {
			t.Errorf("%d searches, granted by %d", n, m)
		}
	})
}

// A relay that goes is replaced at once when it says so, soon when somebody doubts it,
// and before long in any case.
func TestReplaces(t *testing.T) {
	for name, test := range map[string]struct {
		goes  func(*world, *relay.Keeper, corehost.Host)
		limit time.Duration
	}{
		"it stops":      {func(_ *world, _ *relay.Keeper, h corehost.Host) { h.Close() }, 2 * time.Second},
		"it is doubted": {func(w *world, k *relay.Keeper, h corehost.Host) { w.cut(h, true); k.Doubt() }, 4 * time.Second},
		"it is silent":  {func(w *world, _ *relay.Keeper, h corehost.Host) { w.cut(h, true) }, 45 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				var searches atomic.Int32
				first, a, b := w.relay(), w.relay(), w.relay()
				k := w.keep(relay.Config{Given: info(first), Find: finder(&searches, a, b)})
				time.Sleep(5 * time.Second)
				test.goes(w, k, first)
				time.Sleep(test.limit)
				if by(k, first) || !by(k, a) || !by(k, b) {
					t.Errorf("%v later: %+v", test.limit, k.Status())
				}
			})
		})
	}
}

// A relay that comes back when another one has taken its place is one too many.
func TestNoMoreThanWanted(t *testing.T) {
	virtually(t, func(w *world) {
		first, a, b := w.relay(), w.relay(), w.relay()
		k := w.keep(relay.Config{Given: info(first), Known: info(a, b)})
		time.Sleep(5 * time.Second)
		for range 5 {
			w.cut(first, true)
			k.Doubt()
			time.Sleep(4 * time.Second)
			w.cut(first, false)
			k.NetworkChanged()
			time.Sleep(time.Minute)
			if n := len(k.Status().Relays); n != relay.Wanted {
				t.Errorf("%d relays", n)
			}
		}
	})
}

// Where nothing can be reached little is tried; when the network changes all is, at once.
func TestOffline(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.relay(), w.relay()
		w.cut(a, true)
		w.cut(b, true)
		var searches atomic.Int32
		k := w.keep(relay.Config{Given: info(a, b), Find: func(context.Context) ([]peer.AddrInfo, error) {
			searches.Add(1)
			return nil, errors.New("no way into the network")
		}})
		time.Sleep(24 * time.Hour)
		packets, _ := w.net.Traffic()
		if n := searches.Load(); n > 60 || packets > 2*60*20 {
			t.Errorf("%d searches and %d packets in a day", n, packets)
		}
		if s := k.Status(); s.Err == nil || len(s.Relays) != 0 || s.Known != 2 {
			t.Errorf("%+v", s)
		}
		w.cut(a, false)
		w.cut(b, false)
		k.NetworkChanged()
		time.Sleep(5 * time.Second)
		if s := k.Status(); len(s.Relays) != 2 || s.Err != nil {
			t.Errorf("on the network again: %+v", s)
		}
	})
}

// After an outage of which the host is not told those are back that served before, soon
// after they are reached.
func TestOutage(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.relay(), w.relay()
		k := w.keep(relay.Config{Known: info(a, b)})
		time.Sleep(5 * time.Second)
		for _, outage := range []time.Duration{time.Minute, 4 * time.Minute, time.Hour} {
			w.cut(a, true)
			w.cut(b, true)
			time.Sleep(outage)
			if n := len(k.Status().Relays); n != 0 {
				t.Fatalf("%d relays in an outage", n)
			}
			w.cut(a, false)
			w.cut(b, false)
			time.Sleep(outage/2 + 15*time.Second)
			if n := len(k.Status().Relays); n != 2 {
				t.Errorf("%d relays after an outage of %v", n, outage)
			}
		}
	})
}

// Those who only say that they serve are not asked again and again, and keep nobody from
// those who do.
func TestRogues(t *testing.T) {
	for name, answer := range map[string]func(network.Stream){
		"rubbish":           func(s network.Stream) { io.CopyN(s, rand.Reader, 64<<10); s.Close() },
		"nothing":           func(s network.Stream) { io.Copy(io.Discard, s) },
		"hangs up":          func(s network.Stream) { s.Conn().Close() },
		"for no time":       grants(0),
		"for a second":      grants(time.Second),
		"for a minute":      grants(time.Minute),
		"for three minutes": grants(3 * time.Minute),
		"for ever":          grants(1 << 62),
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				rogue, asked := w.rogue(answer)
				honest, other := w.relay(), w.relay()
				k := w.keep(relay.Config{Given: info(rogue), Known: info(honest, other)})
				time.Sleep(time.Hour)
				if !by(k, honest) && !by(k, other) {
					t.Errorf("%+v", k.Status())
				}
				if n := asked.Load(); n > 40 {
					t.Errorf("it was asked %d times in an hour", n)
				}
			})
		})
	}
}

// A host that others can dial needs no relay, until they can no more.
func TestReachable(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.relay(), w.relay()
		k := w.keep(relay.Config{Given: info(a, b)})
		said, err := w.hub.EventBus().Emitter(new(event.EvtHostReachableAddrsChanged))
		if err != nil {
			t.Fatal(err)
		}
		defer said.Close()
		time.Sleep(5 * time.Second)
		said.Emit(event.EvtHostReachableAddrsChanged{Reachable: w.hub.Addrs()[:1]})
		time.Sleep(5 * time.Second)
		if s := k.Status(); !s.Reachable || len(s.Relays) != 0 {
			t.Errorf("%+v", s)
		}
		said.Emit(event.EvtHostReachableAddrsChanged{})
		time.Sleep(5 * time.Second)
		if s := k.Status(); s.Reachable || len(s.Relays) != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// Who is offered is asked before those that a search finds.
func TestOffered(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.relay(), w.relay()
		k := w.keep(relay.Config{})
		time.Sleep(time.Hour)
		k.Offer(w.Context(), info(a)[0])
		k.Offer(w.Context(), info(b)[0])
		k.Offer(w.Context(), info(w.hub)[0]) // nobody serves himself
		time.Sleep(5 * time.Second)
		if !by(k, a) || !by(k, b) || !k.Knows(a.ID()) || k.Knows(w.hub.ID()) {
			t.Errorf("%+v", k.Status())
		}
		ended, cancel := context.WithCancel(w.Context())
		cancel()
		k.Close()
		k.Offer(ended, info(a)[0]) // does not hang
	})
}

// Of peers without number, which a hostile server names, few are kept.
func TestManyFound(t *testing.T) {
	virtually(t, func(w *world) {
		k := w.keep(relay.Config{Find: func(context.Context) (list []peer.AddrInfo, _ error) {
			for range 10_000 {
				id := make([]byte, 38)
				rand.Read(id)
				list = append(list, peer.AddrInfo{ID: peer.ID(id), Addrs: []ma.Multiaddr{ma.StringCast("/ip4/9.9.9.9/udp/1/quic-v1")}})
			}
			return list, nil
		}})
		time.Sleep(time.Hour)
		if n := k.Status().Known; n > 80 {
			t.Errorf("%d are known", n)
		}
		if packets, _ := w.net.Traffic(); packets > 20_000 {
			t.Errorf("%d packets in an hour", packets)
		}
	})
}
