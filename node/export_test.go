package node

import (
	"crypto/ed25519"

	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
)

// BirthOf is empty where the system does not tell one file from a copy of it.
var BirthOf = birthOf

// UFWOn reads a configuration of ufw.
var UFWOn = ufwOn

// OpenEach writes what opens ports in a firewall.
var OpenEach = openEach

// Explain finds words for an error of a dial.
func Explain(err error) string { return explain(err).what }

// Exchange calls fn in the place of the exchange of the data key.
func Exchange(n *Node, fn func() error) error {
	return n.home.keys.exchange([32]byte{}, func(func() error) (bool, error) { return false, fn() })
}

// AccountKey is what links ask within an update of the store.
func AccountKey(n *Node) ed25519.PrivateKey { return n.home.keys.account() }

// Card is what a node shows nearby.
var Card = card

// Neighbours are those whom beacons show.
var Neighbours = neighbours

// LinkAmong is the link to one of those whom beacons show.
func LinkAmong(shown []discovery.Beacon, who string) (wire.Link, error) {
	return linkAmong(neighbours(shown, wire.Account{}), who)
}

// SetWay gives c what Reconfigure would take of another configuration.
func SetWay(c *Config, of Config) { c.setWay(of.way()) }
