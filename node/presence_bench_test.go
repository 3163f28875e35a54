package node_test

import (
	"io"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
)

// BenchmarkPresenceChange is the time from a change of my status until the last
// of 100 contacts sees it, all in one process; beside it, 200 bytes written to 100
// streams until the last of them was read. Changes have a pace: between two of
// them the benchmark waits.
func BenchmarkPresenceChange(b *testing.B) {
	const contacts = 100
	tcp := func(c *node.Config) { c.Listen = []string{loopbackTCP} }
	me := start(b, filepath.Join(b.TempDir(), "home"), "Ann", tcp)
	seen := make(chan wire.Availability, contacts)
	for i := range contacts {
		n := start(b, filepath.Join(b.TempDir(), "home"), "Ben "+strconv.Itoa(i), tcp)
		befriend(b, me, n)
		within(b, n, time.Minute, "Ann is there", func() bool {
			c, err := n.Chat().Contact(me.Chat().Account())
			return err == nil && c.Presence.State == wire.PresenceAvailable
		})
		go func() {
			for u, err := range n.Chat().Watch(b.Context(), "") {
				if err != nil {
					return
				}
				if u.Kind == chat.UpdatePresence {
					seen <- u.Contact.Presence.State
				}
			}
		}()
	}
	write := bareBroadcast(b, contacts)
	mood, want := chat.MoodBusy, wire.PresenceBusy
	var ours, bare samples
	for b.Loop() {
		time.Sleep(6 * time.Second)
		began := time.Now()
		if err := me.Chat().SetStatus(chat.Status{Mood: mood}); err != nil {
			b.Fatal(err)
		}
		for left := contacts; left > 0; {
			if got := <-seen; got == want {
				left--
			}
		}
		ours.add(time.Since(began))
		began = time.Now()
		write()
		bare.add(time.Since(began))
		if mood == chat.MoodBusy {
			mood, want = chat.MoodAvailable, wire.PresenceAvailable
		} else {
			mood, want = chat.MoodBusy, wire.PresenceBusy
		}
	}
	b.ReportMetric(ours.micros(50)/1000, "p50-ms")
	b.ReportMetric(ours.micros(99)/1000, "p99-ms")
	b.ReportMetric(bare.micros(50)/1000, "baseline-p50-ms")
	b.ReportMetric(ours.micros(50)/bare.micros(50), "ratio")
}

// bareBroadcast returns a function that writes to so many bare hosts, and waits
// until all have read it.
func bareBroadcast(b *testing.B, hosts int) (write func()) {
	me := bareHost(b)
	b.Cleanup(func() { me.Close() })
	var record [200]byte
	read := make(chan struct{}, hosts)
	var streams []network.Stream
	for range hosts {
		h := bareHost(b)
		b.Cleanup(func() { h.Close() })
		h.SetStreamHandler("/bench/1.0.0", func(s network.Stream) {
			var p [200]byte
			for {
				if _, err := io.ReadFull(s, p[:]); err != nil {
					return
				}
				read <- struct{}{}
			}
		})
		if err := me.Connect(b.Context(), peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()}); err != nil {
			b.Fatal(err)
		}
		s, err := me.NewStream(b.Context(), h.ID(), "/bench/1.0.0")
		if err != nil {
			b.Fatal(err)
		}
		streams = append(streams, s)
	}
	write = func() {
		for _, s := range streams {
			if _, err := s.Write(record[:]); err != nil {
				b.Fatal(err)
			}
		}
		for range streams {
			<-read
		}
	}
	write() // the streams are negotiated with what is written first
	return write
}
