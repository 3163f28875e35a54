package discovery_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/discovery"
)

// newPeer returns a peer id nobody has.
func newPeer(t testing.TB) peer.ID {
	t.Helper()
	_, pub, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// newKey returns a random key.
func newKey() (k discovery.Key) {
	rand.Read(k[:])
	return k
}

// next waits for a candidate from source.
func next(t testing.TB, m *discovery.Manager, source string, within time.Duration) (discovery.Found, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for {
		f, err := m.Next(ctx)
		if err != nil || f.Source == source {
			return f, err
		}
	}
}

// start starts a Manager on the real network and closes it with the test.
func start(t testing.TB, port int) (*discovery.Manager, peer.ID) {
	t.Helper()
	self := newPeer(t)
	m := discovery.New(discovery.Config{
		Self: self, MDNS: true,
		Ports: func() (tcp, udp int) { return port, port },
	})
	t.Cleanup(func() { m.Close() })
	return m, self
}

// needMulticast skips the test where a packet to the group of mDNS cannot even
// be sent.
func needMulticast(t testing.TB) {
	t.Helper()
	c, err := net.Dial("udp4", "224.0.0.251:5353")
	if err == nil {
		_, err = c.Write([]byte{0})
		c.Close()
	}
	if err != nil {
		t.Skipf("no multicast on this machine: %v", err)
	}
}

// Two nodes on one machine find each other, at once whoever comes second.
func TestLAN(t *testing.T) {
	needMulticast(t)
	var (
		ab, ba     = newKey(), newKey()
		alice, bob = discovery.ID{1}, discovery.ID{2}
		a, aPeer   = start(t, 4001)
		b, bPeer   = start(t, 4002)
	)
	a.SetTargets([]discovery.Target{{ID: bob, Hear: []discovery.Key{ba}, Tell: []discovery.Key{ab}}}, nil)
	if _, err := next(t, a, discovery.SourceMDNS, 200*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("found before the other announces: %v", err)
	}
	b.SetTargets([]discovery.Target{{ID: alice, Hear: []discovery.Key{ab}, Tell: []discovery.Key{ba}}}, nil)
	began := time.Now()
	f, err := next(t, a, discovery.SourceMDNS, 5*time.Second)
	if err != nil || f.ID != bob || f.Peer.ID != bPeer {
		t.Fatalf("alice found %v, %v", f, err)
	}
	t.Logf("the one who waits finds the newcomer after %v at %v", time.Since(began), f.Peer.Addrs)
	f, err = next(t, b, discovery.SourceMDNS, 5*time.Second)
	if err != nil || f.ID != alice || f.Peer.ID != aPeer {
		t.Fatalf("bob found %v, %v", f, err)
	}
	t.Logf("the newcomer finds the one who waits after %v", time.Since(began))
}
