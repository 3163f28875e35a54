package node_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	chatlink "github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/storage"
)

// Every figure stands beside its baseline: the parts that a node cannot do
// without, alone, in the same run.

var text100 = strings.Repeat("x", 100)

const loopbackTCP = "/ip4/127.0.0.1/tcp/0"

// benchFriends are two contacts on TCP over loopback.
func benchFriends(b *testing.B) (from, to *node.Node) {
	tcp := func(c *node.Config) { c.Listen = []string{loopbackTCP} }
	from = start(b, filepath.Join(b.TempDir(), "from"), "From", tcp)
	to = start(b, filepath.Join(b.TempDir(), "to"), "To", tcp)
	befriend(b, from, to)
	return from, to
}

// BenchmarkRoundTrip sends 100 bytes and waits until they are on both disks and
// the acknowledgement has come and was verified; then, beside the round trip, how
// long it takes until the tick is on the sender's disk too. The baseline is a long
// stream that echoes, and a commit of one row before each write. They take turns,
// for a disk that others use is not the same from one second to the next.
func BenchmarkRoundTrip(b *testing.B) {
	send, echo := newRoundTrip(b), newBareRoundTrip(b)
	var verified, ticked, bare samples
	for b.Loop() {
		began := time.Now()
		at, err := send()
		verified.add(at.Sub(began))
		ticked.add(time.Since(began))
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		if err := echo(); err != nil {
			b.Fatal(err)
		}
		bare.add(time.Since(began))
	}
	b.ReportMetric(verified.micros(50), "p50-us")
	b.ReportMetric(verified.micros(99), "p99-us")
	b.ReportMetric(ticked.micros(50), "tick-p50-us")
	b.ReportMetric(bare.micros(50), "baseline-p50-us")
	b.ReportMetric(bare.micros(99), "baseline-p99-us")
	b.ReportMetric(verified.micros(50)/bare.micros(50), "ratio")
}

// newRoundTrip returns what sends a message, waits for its tick and tells when
// the acknowledgement had been verified.
func newRoundTrip(b *testing.B) func() (time.Time, error) {
	from, to := newLinked(b), newLinked(b)
	from.befriend(b, to)
	account := to.chat.Account()
	return func() (time.Time, error) {
		m, err := from.chat.Send(account, text100, chat.SendOptions{})
		if err != nil {
			return time.Time{}, err
		}
		<-from.store.updates // that of Send
		verified := <-from.store.updates
		_, err = from.chat.WaitDelivered(b.Context(), m.ID)
		return verified, err
	}
}

func newBareRoundTrip(b *testing.B) func() error {
	here, there := newRows(b), newRows(b)
	s := echo(b, func() error { return there.commit(1) })
	buf := make([]byte, len(text100))
	return func() error {
		if err := here.commit(1); err != nil {
			return err
		}
		if _, err := s.Write(buf); err != nil {
			return err
		}
		_, err := io.ReadFull(s, buf)
		return err
	}
}

// samples are times that something took.
type samples []time.Duration

func (s *samples) add(d time.Duration) { *s = append(*s, d) }

// micros is the value below which so many of 100 are, in microseconds.
func (s samples) micros(of100 int) float64 {
	slices.Sort(s)
	return float64(s[len(s)*of100/100].Microseconds())
}

// linked is what a node has of its chats, without what finds people: its store
// tells when something is about to be written.
type linked struct {
	host  corehost.Host
	store *told
	chat  *chat.Service
	links *chatlink.Manager
}

// told is a store that notes when updates begin. Nothing is written but what the
// benchmark causes: the message, and then the tick.
type told struct {
	chat.Store
	updates chan time.Time
}

func (t *told) Update(fn func(chat.Tx) error) error {
	select {
	case t.updates <- time.Now():
	default: // nobody listens yet
	}
	return t.Store.Update(fn)
}

func newLinked(b *testing.B) *linked {
	b.Helper()
	store, err := storage.Open(filepath.Join(b.TempDir(), "store.db"), storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	_, key, err := ed25519.GenerateKey(nil)
	if err == nil {
		err = chat.Create(store, key, "", time.Now())
	}
	if err != nil {
		b.Fatal(err)
	}
	l := &linked{host: bareHost(b), store: &told{store, make(chan time.Time, 64)}}
	b.Cleanup(func() { l.host.Close() })
	if l.chat, err = chat.New(l.store, chat.Options{}); err != nil {
		b.Fatal(err)
	}
	l.links = chatlink.New(chatlink.Config{Host: l.host, Chat: l.chat})
	l.links.Start()
	b.Cleanup(l.links.Close)
	return l
}

// befriend makes contacts of two, with a link between them on which all is said.
func (l *linked) befriend(b *testing.B, other *linked) {
	b.Helper()
	address, err := other.chat.Link(nil)
	if err == nil {
		_, _, err = l.chat.Ask(address, chat.AskOptions{})
	}
	if err == nil {
		_, err = l.links.Dial(b.Context(), peer.AddrInfo{ID: other.host.ID(), Addrs: other.host.Addrs()[:1]}, other.chat.Account())
	}
	if err != nil {
		b.Fatal(err)
	}
	for changed := other.store.Changed(); ; changed = other.store.Changed() {
		if r, err := other.chat.Requests(); err != nil {
			b.Fatal(err)
		} else if len(r) == 1 {
			break
		}
		<-changed
	}
	if _, _, err := other.chat.Accept(l.chat.Account(), ""); err != nil {
		b.Fatal(err)
	}
	m, err := l.chat.Send(other.chat.Account(), "hello", chat.SendOptions{})
	if err == nil {
		_, err = l.chat.WaitDelivered(b.Context(), m.ID)
	}
	if err != nil {
		b.Fatal(err)
	}
	for len(l.store.updates) > 0 {
		<-l.store.updates
	}
}

// senders is how many goroutines send at a time, each waiting until its message
// is on disk: the most that one commit takes.
const senders = 512

// BenchmarkThroughput sends messages of 100 bytes, and waits for all ticks. The
// baseline commits rows in groups of as many as there are senders.
func BenchmarkThroughput(b *testing.B) {
	b.Run("truce", func(b *testing.B) {
		from, to := benchFriends(b)
		account := to.Chat().Account()
		b.ResetTimer()
		var last [senders]wire.MessageID // of each sender: a tick covers what came before
		var all sync.WaitGroup
		for i := range senders {
			all.Go(func() {
				for range (b.N + senders - 1 - i) / senders {
					m, err := from.Chat().Send(account, text100, chat.SendOptions{})
					if err != nil {
						b.Error(err)
						return
					}
					last[i] = m.ID
				}
			})
		}
		all.Wait()
		for _, id := range last[:min(b.N, senders)] {
			if _, err := from.Chat().WaitDelivered(b.Context(), id); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
	b.Run("baseline", func(b *testing.B) {
		r := newRows(b)
		b.ResetTimer()
		for left := b.N; left > 0; left -= senders {
			if err := r.commit(min(left, senders)); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func bareHost(b testing.TB) corehost.Host {
	key, _, err := crypto.GenerateEd25519Key(nil)
	if err != nil {
		b.Fatal(err)
	}
	h, err := host.New(b.Context(), host.Config{Key: key, Listen: []string{loopbackTCP, "/ip4/127.0.0.1/udp/0/quic-v1"}})
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// echo returns a stream between two bare hosts, whose far end calls before and
// sends every 100 bytes back.
func echo(b *testing.B, before func() error) network.Stream {
	near, far := bareHost(b), bareHost(b)
	done := make(chan struct{})
	far.SetStreamHandler("/echo", func(s network.Stream) {
		defer close(done)
		buf := make([]byte, len(text100))
		for {
			if _, err := io.ReadFull(s, buf); err != nil || before() != nil {
				s.Reset()
				return
			}
			s.Write(buf)
		}
	})
	tcp := far.Addrs()[:1]
	if err := near.Connect(b.Context(), peer.AddrInfo{ID: far.ID(), Addrs: tcp}); err != nil {
		b.Fatal(err)
	}
	s, err := near.NewStream(b.Context(), far.ID(), "/echo")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		s.Reset()
		near.Close()
		far.Close()
		<-done
	})
	return s
}

// rows is a bare bbolt file to which rows of 200 bytes are appended.
type rows struct {
	db  *bbolt.DB
	key uint64
}

func newRows(b *testing.B) *rows {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "rows.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return &rows{db: db}
}

func (r *rows) commit(n int) error {
	return r.db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("rows"))
		if err != nil {
			return err
		}
		bucket.FillPercent = 1
		for range n {
			r.key++
			if err := bucket.Put(binary.BigEndian.AppendUint64(nil, r.key), make([]byte, 200)); err != nil {
				return err
			}
		}
		return nil
	})
}
