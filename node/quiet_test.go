package node_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/nodetest"
)

// A node says nothing to anybody but those whom it looks for: no server of a
// DHT, no relay and no bootstrap peer is ever sent a packet. So far it uses none.
func TestSpeaksToContactsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann := newVirtual(t, &net, "Ann", "1.0.0.1").start(t)
		time.Sleep(7 * 24 * time.Hour)
		if got := net.Sent(); len(got) > 0 {
			t.Errorf("alone for a week, it has sent to %v", got)
		}
		ben := newVirtual(t, &net, "Ben", "1.0.0.2").start(t)
		befriend(t, ann, ben)
		delivered(t, ann, ben, "hello")
		ben.Close()
		time.Sleep(7 * 24 * time.Hour)
		if got := net.Sent(); !slices.Equal(got, []string{"1.0.0.1:8000", "1.0.0.2:8000"}) {
			t.Errorf("with one contact, who is away, packets went to %v", got)
		}
	})
}

// What a stranger can open at a node is libp2p's identify, the link and its bulk streams, and
// nothing of a DHT, a relay, AutoNAT or hole punching.
func TestServesTheLinkAlone(t *testing.T) {
	a := newPerson(t, "Ann").start(t)
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	k, err := crypto.UnmarshalEd25519PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(t.Context(), host.Config{Key: k, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	info, err := peer.AddrInfoFromString(a.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Connect(t.Context(), *info); err != nil { // returns after identify
		t.Fatal(err)
	}
	got, err := h.Peerstore().GetProtocols(info.ID)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	want := []protocol.ID{"/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", wire.BulkProtocol, "/truce/gossip/1.0.0", wire.LinkProtocol}
	if !slices.Equal(got, want) {
		t.Errorf("it serves %v, not %v", got, want)
	}
}
