package node_test

import (
	"encoding/binary"
	"io"
	"path/filepath"
	"runtime"
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
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/host"
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

// BenchmarkRoundTrip sends 100 bytes and waits until they are on both disks,
// the acknowledgement has come and the tick is on the sender's disk.
func BenchmarkRoundTrip(b *testing.B) {
	b.Run("truce", func(b *testing.B) {
		from, to := benchFriends(b)
		account := to.Chat().Account()
		measure(b, func() error {
			m, err := from.Chat().Send(account, text100, chat.SendOptions{})
			if err != nil {
				return err
			}
			_, err = from.Chat().WaitDelivered(b.Context(), m.ID)
			return err
		})
	})
	// A long stream that echoes, and a commit of one row before each write.
	b.Run("baseline", func(b *testing.B) {
		here, there := newRows(b), newRows(b)
		s := echo(b, func() error { return there.commit(1) })
		buf := make([]byte, len(text100))
		measure(b, func() error {
			if err := here.commit(1); err != nil {
				return err
			}
			if _, err := s.Write(buf); err != nil {
				return err
			}
			_, err := io.ReadFull(s, buf)
			return err
		})
	})
}

// measure runs op again and again and reports the median and the 99th
// percentile of what it takes.
func measure(b *testing.B, op func() error) {
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := op(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	for name, of100 := range map[string]int{"p50-us": 50, "p99-us": 99} {
		b.ReportMetric(float64(took[len(took)*of100/100].Microseconds()), name)
	}
}

// senders is how many goroutines send at a time: what a commit can take with it.
const senders = 128

// BenchmarkThroughput sends messages of 100 bytes, 128 at a time, and waits for
// all ticks.
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

// BenchmarkStart opens a home with an account until the node listens.
func BenchmarkStart(b *testing.B) {
	b.Run("truce", func(b *testing.B) {
		home := filepath.Join(b.TempDir(), "home")
		start(b, home, "Ann").Close()
		for b.Loop() {
			n, err := node.Open(b.Context(), node.Config{Home: home, NoMDNS: true})
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			n.Close()
			b.StartTimer()
		}
	})
	b.Run("baseline", func(b *testing.B) {
		for b.Loop() {
			h := bareHost(b)
			b.StopTimer()
			h.Close()
			b.StartTimer()
		}
	})
}

// BenchmarkIdle says what a node without peers keeps in memory.
func BenchmarkIdle(b *testing.B) {
	b.Run("truce", func(b *testing.B) {
		heap(b, func() io.Closer {
			return start(b, filepath.Join(b.TempDir(), "home"), "Ann")
		})
	})
	b.Run("baseline", func(b *testing.B) {
		heap(b, func() io.Closer { return bareHost(b) })
	})
}

// heap reports how the heap grows by what open opens.
func heap(b *testing.B, open func() io.Closer) {
	size := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		before := size()
		c := open()
		b.ReportMetric(float64(int64(size())-int64(before))/1024, "heap-KiB")
		c.Close()
	}
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
