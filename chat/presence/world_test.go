package presence_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/presence"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/nodetest"
	"github.com/truce-im/truce/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a network in virtual time, and who is on it.
type world struct {
	*testing.T
	net    nodetest.Network
	people int
	wrap   func(link.Courier) link.Courier // of the next people; nil: nothing is changed
}

func virtually(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(2 * time.Second) }) // pubsub tries again once, whatever its context says
		f(&world{T: t})
	})
}

func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// person is a device with all that presence needs.
type person struct {
	w        *world
	ip       string
	host     host.Host
	chat     *chat.Service
	links    *link.Manager
	presence *presence.Manager
	stop     func()
}

func (w *world) person() *person {
	w.Helper()
	w.people++
	p := &person{w: w, ip: fmt.Sprintf("1.0.%d.%d", w.people/250, w.people%250+1)}
	opts := append(w.net.Options(),
		libp2p.ListenAddrStrings("/ip4/"+p.ip+"/udp/8000/quic-v1"), libp2p.Transport(libp2pquic.NewTransport),
		libp2p.DisableMetrics(), libp2p.DisableRelay(), libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.ForceReachabilityPrivate(), libp2p.ResourceManager(nil), libp2p.Ping(false),
	)
	h, err := libp2p.New(opts...)
	if err != nil {
		w.Fatal(err)
	}
	store, err := storage.Open(filepath.Join(w.TempDir(), "store.db"), storage.Options{})
	if err != nil {
		w.Fatal(err)
	}
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	if err := chat.Create(store, key, "", time.Now()); err != nil {
		w.Fatal(err)
	}
	if p.chat, err = chat.New(store, chat.Options{}); err != nil {
		w.Fatal(err)
	}
	if err := p.chat.Started(8000); err != nil {
		w.Fatal(err)
	}
	p.host = h
	p.presence = presence.New(presence.Config{Host: h, Chat: p.chat})
	courier := link.Courier(p.presence)
	if w.wrap != nil {
		courier = w.wrap(courier)
	}
	p.links = link.New(link.Config{Host: h, Chat: p.chat, Courier: courier})
	p.links.Start()
	p.presence.Start()
	p.stop = sync.OnceFunc(func() {
		p.presence.Close()
		p.links.Close()
		h.Close()
		store.Close()
	})
	w.Cleanup(p.stop)
	return p
}

func (p *person) account() wire.Account { return p.chat.Account() }

func (p *person) dial(other *person) {
	p.w.Helper()
	if _, err := p.links.Dial(context.Background(), peer.AddrInfo{ID: other.host.ID(), Addrs: other.host.Addrs()}, other.account()); err != nil {
		p.w.Fatal(err)
	}
}

// befriend makes linked contacts of two people.
func befriend(a, b *person) {
	a.w.Helper()
	l, err := b.chat.Link(nil)
	if err != nil {
		a.w.Fatal(err)
	}
	if _, _, err := a.chat.Ask(l, chat.AskOptions{}); err != nil {
		a.w.Fatal(err)
	}
	a.dial(b)
	settle()
	if _, _, err := b.chat.Accept(a.account(), ""); err != nil {
		a.w.Fatal(err)
	}
	settle()
}

// part ends the link between two people, and keeps it so.
func (w *world) part(a, b *person) {
	w.net.Part(a.ip, b.ip, true)
	a.host.Network().ClosePeer(b.host.ID())
	b.host.Network().ClosePeer(a.host.ID())
	settle()
}

func (p *person) sees(other *person) chat.Presence {
	p.w.Helper()
	c, err := p.chat.Contact(other.account())
	if err != nil {
		p.w.Fatal(err)
	}
	return c.Presence
}

func (p *person) say(m chat.Mood, text string) {
	p.w.Helper()
	if err := p.chat.SetStatus(chat.Status{Mood: m, Text: text}); err != nil {
		p.w.Fatal(err)
	}
	settle()
}

// tap hears all that is sent to a host by gossip, in the place of the program
// that would.
type tap struct {
	mu       sync.Mutex
	streams  int
	topics   map[string]bool // subscribed to
	messages [][]byte
}

func tapped(h host.Host) *tap {
	t := &tap{topics: map[string]bool{}}
	h.SetStreamHandler(presence.Protocol, func(s network.Stream) { t.read(s) })
	return t
}

func (t *tap) read(s network.Stream) {
	t.mu.Lock()
	t.streams++
	t.mu.Unlock()
	r := byteReader{s}
	for {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > 1<<20 {
			s.Reset()
			return
		}
		b := make([]byte, n)
		var rpc pb.RPC
		if _, err := io.ReadFull(s, b); err != nil || proto.Unmarshal(b, &rpc) != nil {
			s.Reset()
			return
		}
		t.take(&rpc)
	}
}

func (t *tap) take(rpc *pb.RPC) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range rpc.GetSubscriptions() {
		t.topics[x.GetTopicid()] = true
	}
	for _, x := range rpc.GetPublish() {
		t.topics[x.GetTopic()] = true
		t.messages = append(t.messages, x.GetData())
	}
	for _, x := range rpc.GetControl().GetGraft() {
		t.topics[x.GetTopicID()] = true
	}
	for _, x := range rpc.GetControl().GetPrune() {
		t.topics[x.GetTopicID()] = true
	}
	for _, x := range rpc.GetControl().GetIhave() {
		t.topics[x.GetTopicID()] = true
	}
}

func (t *tap) named() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.topics)
}

type byteReader struct{ io.Reader }

func (r byteReader) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r.Reader, b[:])
	return b[0], err
}
