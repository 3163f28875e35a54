package link_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"go.uber.org/goleak"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
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
}

// virtually runs f in virtual time. What f starts must have ended when the
// test is over, or the test fails.
func virtually(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(&world{T: t}) })
}

// settle waits until all that can happen within a second has happened.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// person is somebody with an account and a host of their own.
type person struct {
	w     *world
	host  host.Host
	store chat.Store
	key   ed25519.PrivateKey // of the account
	chat  *chat.Service
	ip    string

	// The rest is there for honest people, who have a Manager.
	links *link.Manager
	log   *logbook
}

func (w *world) newHost() (host.Host, string) {
	w.Helper()
	w.people++
	ip := fmt.Sprintf("1.0.%d.%d", w.people/250, w.people%250+1)
	opts := append(w.net.Options(),
		libp2p.ListenAddrStrings("/ip4/"+ip+"/udp/8000/quic-v1"),
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.DisableMetrics(), libp2p.DisableRelay(), libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.ForceReachabilityPrivate(), libp2p.ResourceManager(nil), libp2p.Ping(false),
	)
	h, err := libp2p.New(opts...)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { h.Close() })
	return h, ip
}

// newPerson makes somebody who does not answer hellos.
func (w *world) newPerson() *person {
	w.Helper()
	h, ip := w.newHost()
	store, key := w.newStore()
	return &person{w: w, host: h, ip: ip, store: store, key: key, chat: w.open(store)}
}

// newStore makes an account.
func (w *world) newStore() (chat.Store, ed25519.PrivateKey) {
	w.Helper()
	store, err := storage.Open(filepath.Join(w.TempDir(), "store.db"), storage.Options{})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { store.Close() })
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	if err := chat.Create(store, key, "", time.Now()); err != nil {
		w.Fatal(err)
	}
	return store, key
}

// open starts the device of an account.
func (w *world) open(store chat.Store) *chat.Service {
	w.Helper()
	service, err := chat.New(store, chat.Options{})
	if err != nil {
		w.Fatal(err)
	}
	if err := service.Started(8000); err != nil {
		w.Fatal(err)
	}
	return service
}

// newHonest makes somebody who keeps to the protocol.
func (w *world) newHonest() *person {
	w.Helper()
	p := w.newPerson()
	p.serve()
	return p
}

// serve begins to answer hellos, and returns what ends that.
func (p *person) serve() (stop func()) {
	p.log = &logbook{}
	links := link.New(link.Config{
		Host: p.host, Chat: p.chat,
		Log: slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	p.links = links
	links.Start()
	stop = sync.OnceFunc(links.Close)
	p.w.Cleanup(stop)
	return stop
}

func (p *person) info() peer.AddrInfo { return peer.AddrInfo{ID: p.host.ID(), Addrs: p.host.Addrs()} }

func (p *person) account() wire.Account { return p.chat.Account() }

func (p *person) dial(other *person) error {
	_, err := p.links.Dial(context.Background(), other.info(), other.account())
	return err
}

// ask has p ask other by link; nobody dials yet.
func (p *person) ask(other *person) {
	p.w.Helper()
	l, err := other.chat.Link(nil)
	if err != nil {
		p.w.Fatal(err)
	}
	if _, _, err := p.chat.Ask(l, chat.AskOptions{}); err != nil {
		p.w.Fatal(err)
	}
}

// befriend makes contacts of two people. Those who are not honest are so for
// that long.
func befriend(a, b *person) {
	a.w.Helper()
	for _, p := range []*person{a, b} {
		if p.links == nil {
			stop := p.serve()
			defer func() {
				stop()
				p.links = nil
				settle()
			}()
		}
	}
	a.ask(b)
	if err := a.dial(b); err != nil {
		a.w.Fatal(err)
	}
	settle()
	if _, _, err := b.chat.Accept(a.account(), ""); err != nil {
		a.w.Fatal(err)
	}
	settle()
	for _, x := range [][2]*person{{a, b}, {b, a}} {
		if talks, err := x[0].chat.Talks(x[1].account()); err != nil || !talks {
			a.w.Fatalf("they are no contacts: %v", err)
		}
	}
}

// friends makes two honest contacts with a link between them.
func (w *world) friends() (a, b *person) {
	a, b = w.newHonest(), w.newHonest()
	befriend(a, b)
	return a, b
}

func (p *person) send(to *person, text string) wire.MessageID {
	p.w.Helper()
	m, err := p.chat.Send(to.account(), text, chat.SendOptions{})
	if err != nil {
		p.w.Fatal(err)
	}
	return m.ID
}

func (p *person) state(id wire.MessageID) chat.State {
	p.w.Helper()
	m, err := p.chat.Message(id)
	if err != nil {
		p.w.Fatal(err)
	}
	return m.State
}

func (p *person) texts(with *person) (list []string) {
	p.w.Helper()
	h, err := p.chat.History(with.account(), chat.HistoryOptions{N: 10000})
	if err != nil {
		p.w.Fatal(err)
	}
	for _, m := range h {
		list = append(list, m.Text)
	}
	return list
}

// talk checks that messages between two contacts arrive.
func talk(a, b *person) {
	a.w.Helper()
	ids := map[*person]wire.MessageID{a: a.send(b, "to b"), b: b.send(a, "to a")}
	settle()
	for p, id := range ids {
		if got := p.state(id); got != chat.Delivered {
			a.w.Errorf("a message between others is %q", got)
		}
	}
}

// sessions counts the open sessions of p with other.
func (p *person) sessions(other wire.Account) (n int) {
	for _, s := range p.links.Sessions() {
		if s.Account == other {
			n++
		}
	}
	return n
}

// logbook keeps what a person logged.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// lines returns what was logged since the last call.
func (l *logbook) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := strings.Split(strings.TrimSpace(l.buf.String()), "\n")
	l.buf.Reset()
	if len(list) == 1 && list[0] == "" {
		return nil
	}
	return list
}
