package config

import (
	"fmt"
	"regexp"

	ma "github.com/multiformats/go-multiaddr"
)

const sample = "/ip4/192.168.1.2/tcp/4001"

// addrError is one address of a list.
type addrError struct {
	addr string
	error
}

// CheckListen refuses what cannot be listened on.
func CheckListen(addr string) error {
	a, err := multiaddr(addr)
	if err != nil {
		return err
	}
	if _, err := a.ValueForProtocol(ma.P_P2P); err == nil {
		return fmt.Errorf("%q must not name a peer", addr)
	}
	return nil
}

// CheckEntry refuses what is neither an address of a node to enter the DHT by nor the
// word for those of IPFS.
func CheckEntry(addr string) error {
	if addr == "ipfs" { // node.IPFS
		return nil
	}
	return CheckPeer(addr)
}

// CheckPeer refuses what is no address of a peer.
func CheckPeer(addr string) error {
	a, err := multiaddr(addr)
	if err != nil {
		return err
	}
	if _, err := a.ValueForProtocol(ma.P_P2P); err != nil {
		return fmt.Errorf("%q does not end in /p2p/ and a peer id", addr)
	}
	return nil
}

func multiaddr(addr string) (ma.Multiaddr, error) {
	a, err := ma.NewMultiaddr(addr)
	if err != nil {
		return nil, fmt.Errorf("%q is no multiaddr, which looks like %s", addr, sample)
	}
	return a, nil
}

var networkName = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)

// CheckNetwork refuses what is no name of a network.
func CheckNetwork(name string) error {
	if !networkName.MatchString(name) {
		return fmt.Errorf("a network is named by up to 32 letters, digits and -")
	}
	return nil
}
