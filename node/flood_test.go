package node_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
)

// flood is strangers who trouble a node: over open connections they send first
// frames as fast as these go out, and others connect, and go, and connect.
type flood struct {
	frames, connects atomic.Int64
	cancel           context.CancelFunc
	wg               sync.WaitGroup
}

const (
	flooders = 4
	floodAt  = 16 // streams at a time of each
)

func newFlood(t testing.TB, n *node.Node) *flood {
	t.Helper()
	target, err := peer.AddrInfoFromString(n.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &flood{cancel: cancel}
	t.Cleanup(f.stop)
	for range flooders {
		f.wg.Go(func() { f.greet(ctx, t, *target) })
	}
	f.wg.Go(func() { f.knock(ctx, t, *target) })
	return f
}

func (f *flood) stop() {
	f.cancel()
	f.wg.Wait()
}

func (f *flood) greet(ctx context.Context, t testing.TB, target peer.AddrInfo) {
	h := bareHost(t)
	defer h.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	for range floodAt {
		wg.Go(func() {
			for ctx.Err() == nil {
				if h.Connect(ctx, target) != nil {
					continue
				}
				s, err := h.NewStream(ctx, target.ID, wire.LinkProtocol)
				if err != nil {
					continue
				}
				first := wire.Hello1{Type: wire.FrameHello1, Versions: []uint16{wire.Version}, Tags: make([][32]byte, wire.MaxTags)}
				rand.Read(first.Nonce[:])
				s.SetDeadline(time.Now().Add(time.Second))
				if _, err := s.Write(wire.AppendFrame(nil, first)); err == nil {
					f.frames.Add(1)
					s.Read(make([]byte, 1))
				}
				s.Reset()
			}
		})
	}
}

func (f *flood) knock(ctx context.Context, t testing.TB, target peer.AddrInfo) {
	for ctx.Err() == nil {
		h := bareHost(t)
		if h.Connect(ctx, target) == nil {
			f.connects.Add(1)
		}
		h.Close()
	}
}

// While strangers flood both, two contacts chat, and meet anew: every message
// arrives, and nothing of the flood stays in memory.
func TestFlooded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	_, ben, a, b := friends(t)
	before := heapNow()
	floods := []*flood{newFlood(t, a), newFlood(t, b)}
	sent := 0
	chatting := func() {
		for range 20 {
			for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
				m := send(t, x[0], x[1], fmt.Sprintf("number %d", sent))
				sent++
				eventually(t, x[0], "delivered", func() bool { return state(t, x[0], m.ID) == chat.Delivered })
				for uint64(time.Now().UnixMilli()) <= m.Time { // an answer of the same millisecond may stand above
					runtime.Gosched()
				}
			}
		}
	}
	chatting()
	floods[1].stop()
	b.Close()
	b = ben.start(t)
	eventually(t, a, "they meet again", func() bool { return online(t, a, b) })
	chatting()
	floods[0].stop()
	t.Logf("%d and %d first frames, %d and %d connections", floods[0].frames.Load(), floods[1].frames.Load(),
		floods[0].connects.Load(), floods[1].connects.Load())
	if floods[0].frames.Load() < 100 || floods[0].connects.Load() < 10 {
		t.Error("that was no flood")
	}
	inOrder(t, a, b, sent)
	inOrder(t, b, a, sent)
	if grown := heapNow() - before; grown > 16<<20 {
		t.Errorf("the heap has grown by %d KiB", grown>>10)
	}
}

func heapNow() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkFlooded is BenchmarkRoundTrip on its own, and under a flood, whose
// authors share the machine.
func BenchmarkFlooded(b *testing.B) {
	for name, flooded := range map[string]bool{"quiet": false, "flooded": true} {
		b.Run(name, func(b *testing.B) {
			from := start(b, filepath.Join(b.TempDir(), "from"), "From")
			to := start(b, filepath.Join(b.TempDir(), "to"), "To")
			befriend(b, from, to)
			var f *flood
			if flooded {
				f = newFlood(b, to)
			}
			account := to.Chat().Account()
			began := time.Now()
			var took []time.Duration
			for b.Loop() {
				sent := time.Now()
				m, err := from.Chat().Send(account, text100, chat.SendOptions{})
				if err == nil {
					_, err = from.Chat().WaitDelivered(b.Context(), m.ID)
				}
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(sent))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
			if flooded {
				b.ReportMetric(float64(f.frames.Load())/time.Since(began).Seconds(), "frames/s")
				f.stop()
			}
		})
	}
}
