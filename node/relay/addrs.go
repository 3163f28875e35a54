package relay

import (
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

func isQUIC(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_QUIC_V1)
	return err == nil
}

func isTCP(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_TCP)
	return err == nil
}

// by returns our addresses by a relay: where it was reached, and where it says that it
// is, over each transport once.
func (w *worker) by(c *candidate) (out []ma.Multiaddr) {
	var at []ma.Multiaddr
	for _, conn := range w.cfg.Host.Network().ConnsToPeer(c.ID) {
		at = append(at, conn.RemoteMultiaddr())
	}
	at = append(append(at, c.granted.Addrs...), c.Addrs...)
	seen := map[string]bool{}
	for _, a := range at {
		kind, ok := transport(a)
		if !ok || seen[kind] || len(out) == maxPerRelay {
			continue
		}
		seen[kind] = true
		out = append(out, bare(a).Encapsulate(ma.StringCast("/p2p/"+c.ID.String()+"/p2p-circuit")))
	}
	return out
}

// transport names how a direct address is reached: by which version of IP, over which
// protocol, and on a well-known port, which firewalls let pass.
func transport(a ma.Multiaddr) (kind string, ok bool) {
	for _, c := range a {
		switch c.Code() {
		case ma.P_IP4, ma.P_IP6:
			kind += c.Protocol().Name
			ok = true
		case ma.P_TCP, ma.P_UDP:
			kind += c.Protocol().Name
			if c.Value() == "443" {
				kind += "443"
			}
		case ma.P_QUIC_V1, ma.P_P2P:
		default:
			return "", false // others do not dial it
		}
	}
	return kind, ok
}

// bare is an address without the peer id at its end.
func bare(a ma.Multiaddr) ma.Multiaddr {
	addr, _ := peer.SplitAddr(a)
	return addr
}
