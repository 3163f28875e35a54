package node

import (
	"testing"

	"github.com/truce-im/truce/discovery/dht"
)

func TestEntries(t *testing.T) {
	const own = "/ip4/11.0.0.1/tcp/4001/p2p/12D3KooWByaAq95yZpRHkjKb3wovpMgq7iQSzaPfH6sUZbzAgnS2"
	public := len(dht.PublicBootstrap())
	for name, test := range map[string]struct {
		DHT
		entries int // -1: refused
	}{
		"IPFS":                 {DHT{}, public},
		"waits for others":     {DHT{NoEntry: true}, 0},
		"in place of IPFS":     {DHT{Bootstrap: []string{own}}, 1},
		"beside IPFS":          {DHT{Bootstrap: []string{own, IPFS}}, 1 + public},
		"IPFS by its word":     {DHT{Bootstrap: []string{IPFS}}, public},
		"one's own":            {DHT{Network: "club"}, 0},
		"one's own, by a node": {DHT{Network: "club", Bootstrap: []string{own}}, 1},
		"one's own, by IPFS":   {DHT{Network: "club", Bootstrap: []string{own, IPFS}}, -1},
		"no address at all":    {DHT{Bootstrap: []string{"IPFS"}}, -1},
	} {
		by, err := test.DHT.entries()
		if got := len(by); err == nil && got != test.entries || err != nil && test.entries >= 0 {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}
