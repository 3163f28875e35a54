package dht

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Store is what a Source works with, for those who measure it.
type Store struct{ s *store }

// Open takes part in a DHT.
func (c Config) Open() (Store, error) {
	s, err := c.open()
	return Store{s}, err
}

// Join enters by some.
func (s Store) Join(ctx context.Context, by ...peer.AddrInfo) error { return s.s.join(ctx, by) }

// Put writes a record.
func (s Store) Put(ctx context.Context, signer ed25519.PrivateKey, sealed []byte, until time.Time) error {
	return s.s.put(ctx, signer, sealed, 1, until)
}

// Get reads one.
func (s Store) Get(ctx context.Context, signer ed25519.PrivateKey) ([]byte, error) {
	return s.s.get(ctx, signer)
}

// Peers counts those in the routing table.
func (s Store) Peers() int { return s.s.kad.RoutingTable().Size() }

// Close leaves the DHT.
func (s Store) Close() error { return s.s.close() }
