package host

import (
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"
)

// holes has what punches them. The one of libp2p's host cannot be told when: it tries
// once, the moment anybody comes by a relay. A stranger would learn our address so; and
// often one of the two does not know yet where it is seen from outside.
type holes struct {
	host  *basichost.BasicHost
	punch *holepunch.Service
	wg    sync.WaitGroup // of tries
}

// unheard is a host that tells nobody who comes.
type unheard struct{ *basichost.BasicHost }

func (h unheard) Network() network.Network { return unheardNetwork{h.BasicHost.Network()} }

type unheardNetwork struct{ network.Network }

func (unheardNetwork) Notify(network.Notifiee) {}

// punching is the option that has the host punch holes.
func (b *Beyond) punching(metrics prometheus.Registerer) libp2p.Option {
	opts := []holepunch.Option{holepunch.WithAddrFilter(punches{b})}
	if metrics != nil {
		opts = append(opts, holepunch.WithMetricsTracer(holepunch.NewMetricsTracer(holepunch.WithRegisterer(metrics))))
	}
	return libp2p.WithFxOption(fx.Invoke(func(h *basichost.BasicHost, seen basichost.ObservedAddrsManager, life fx.Lifecycle) (err error) {
		mine := func() []multiaddr.Multiaddr { // with those that a single peer has seen
			return multiaddr.FilterAddrs(multiaddr.Unique(append(h.AllAddrs(), seen.Addrs(1)...)), manet.IsPublicAddr)
		}
		b.holes.host = h
		if b.holes.punch, err = holepunch.NewService(unheard{h}, h.IDService(), mine, opts...); err != nil {
			return err
		}
		life.Append(fx.StopHook(b.holes.close))
		return nil
	}))
}

func (h *holes) close() error {
	err := h.punch.Close()
	h.wg.Wait()
	return err
}

// Punch tries to connect directly with a peer who came by a relay: of the two it is for
// the one to whom the other came. Both must have met. It does not wait for what comes of
// it; a notifiee hears of that. Do not call it when the host is being closed.
func (b *Beyond) Punch(p peer.ID) {
	h := &b.holes
	if h.punch == nil || !b.met(p) || !slices.Contains(h.host.Mux().Protocols(), holepunch.Protocol) {
		return // it does not know an address of its own to name
	}
	h.wg.Go(func() { h.punch.DirectConnect(p) })
}
