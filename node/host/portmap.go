package host

import (
	"sync"

	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/multiformats/go-multiaddr"
)

// PortMap asks the router, by UPnP or NAT-PMP, to pass on what comes to the ports of
// a host. The zero value is ready, for one host. It is safe for concurrent use.
type PortMap struct {
	mu     sync.Mutex
	net    network.Network
	nat    basichost.NATManager // nil: not begun, or closed
	closed bool
}

// manage is the constructor that libp2p calls.
func (m *PortMap) manage(n network.Network) basichost.NATManager {
	m.net, m.nat = n, basichost.NewNATManager(n)
	return m
}

// Renew looks for a router anew: libp2p does so when the host starts alone. It takes
// as long as giving the ports back to the router that was there.
func (m *PortMap) Renew() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nat != nil && !m.closed {
		m.nat.Close()
		m.nat = basichost.NewNATManager(m.net)
	}
}

// GetMapping returns where the router passes on to a listen address; nil: nowhere.
func (m *PortMap) GetMapping(a multiaddr.Multiaddr) multiaddr.Multiaddr {
	if nat := m.current(); nat != nil {
		return nat.GetMapping(a)
	}
	return nil
}

// HasDiscoveredNAT reports whether there is a router that opens ports.
func (m *PortMap) HasDiscoveredNAT() bool {
	nat := m.current()
	return nat != nil && nat.HasDiscoveredNAT()
}

func (m *PortMap) current() basichost.NATManager {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nat
}

// Close gives the ports back. The host does it.
func (m *PortMap) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return m.nat.Close()
}
