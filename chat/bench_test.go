package chat_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

const group = 128 // events committed together

// BenchmarkTakePushes commits groups of messages of 100 bytes, beside what the
// store alone does with the same events.
func BenchmarkTakePushes(b *testing.B) {
	b.Run("service", func(b *testing.B) {
		a := newAuthor(b, newNode(b, "Ann"), 1)
		written := 0
		for b.Loop() {
			b.StopTimer()
			a.writeGroup(b)
			p := a.push(0, written+1, written+group)
			b.StartTimer()
			if _, err := a.to.TakePushes(a.account(), []*wire.Push{p}); err != nil {
				b.Fatal(err)
			}
			written += group
		}
		b.ReportMetric(float64(written)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("store", func(b *testing.B) {
		a := newAuthor(b, newNode(b, "Ann"), 1)
		written := 0
		for b.Loop() {
			b.StopTimer()
			a.writeGroup(b)
			b.StartTimer()
			if err := a.to.disk.Update(func(tx chat.Tx) error { return a.store(tx, written) }); err != nil {
				b.Fatal(err)
			}
			written += group
		}
		b.ReportMetric(float64(written)/b.Elapsed().Seconds(), "events/s")
	})
}

func (a *author) writeGroup(t testing.TB) {
	t.Helper()
	for range group {
		a.write(t, 0, start, wire.NewText(a.salt(), fmt.Sprintf("%100d", a.salts)))
	}
}

// store appends the group after written as it is.
func (a *author) store(tx chat.Tx, written int) error {
	st := chat.LogState{Log: a.log(0), Head: uint64(written + group)}
	for i := range group {
		e := chat.Event{Log: st.Log, Seq: uint64(written + i + 1), Wire: a.logs[0][written+i], Order: uint64(start), Listed: true}
		e.ID = wire.MessageID(e.Wire.Chain(e.Log, e.Seq))
		if err := tx.Append(&e); err != nil {
			return err
		}
	}
	return tx.PutLog(st)
}

// BenchmarkSend is one message by one sender, and by many at a time.
func BenchmarkSend(b *testing.B) {
	send := func(b *testing.B, n *node, to wire.Account) {
		if _, err := n.Send(to, "hello, how are you?", chat.SendOptions{}); err != nil {
			b.Error(err)
		}
	}
	b.Run("one", func(b *testing.B) {
		a := newAuthor(b, newNode(b, "Ann"), 1)
		for b.Loop() {
			send(b, a.to, a.account())
		}
	})
	b.Run("many", func(b *testing.B) {
		a := newAuthor(b, newNode(b, "Ann"), 1)
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				send(b, a.to, a.account())
			}
		})
	})
}

// BenchmarkConversations sends messages of 100 bytes, 512 at a time, over 100
// conversations, and waits for all ticks: BenchmarkThroughput of package node,
// less the network. One sender and one receiver share one conversation only, so
// each of these has 100 of its own: for each push of the sender in one, the
// receiver takes as many events in another.
func BenchmarkConversations(b *testing.B) {
	const convs, senders = 100, 512
	from, to := newNode(b, "Ann"), newNode(b, "Ben")
	var links []*benchLink
	for i := range convs {
		l := newBenchLink(b, from, to, uint32(i+1))
		l.total = (b.N + convs - 1 - i) / convs
		for range l.total {
			l.far.write(b, 0, start, wire.NewText(l.far.salt(), text100))
		}
		links = append(links, l)
	}
	b.ResetTimer()
	var all sync.WaitGroup
	for _, l := range links {
		all.Go(func() { l.run(b) })
	}
	for s := range senders {
		all.Go(func() {
			for i := s; i < b.N; i += senders {
				l := links[i%convs]
				if _, err := from.Send(l.near.account(), text100, chat.SendOptions{}); err != nil {
					b.Error(err)
				}
				l.poke()
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

var text100 = strings.Repeat("x", 100)

// benchLink does what the two ends of a link do.
type benchLink struct {
	from      *node
	near, far *author // to whom is sent; who sends to the receiver
	total     int
	moved     chan struct{} // 1 deep
}

func newBenchLink(b *testing.B, from, to *node, n uint32) *benchLink {
	key := ed25519.NewKeyFromSeed(binary.BigEndian.AppendUint32(make([]byte, 28), n))
	return &benchLink{
		from: from, near: newAuthorOf(b, from, key, 1), far: newAuthorOf(b, to, key, 1),
		moved: make(chan struct{}, 1),
	}
}

func (l *benchLink) poke() {
	select {
	case l.moved <- struct{}{}:
	default:
	}
}

// run carries all messages, and ticks them.
func (l *benchLink) run(b *testing.B) {
	for done := 0; done < l.total; {
		<-l.moved
		for {
			n, err := l.carry(done)
			if err != nil {
				b.Error(err)
				return
			}
			if n == 0 {
				break
			}
			done += n
		}
	}
}

// carry pushes what follows the first done events, and returns how many did.
func (l *benchLink) carry(done int) (n int, err error) {
	own := wire.Log{Conv: l.near.log(0).Conv, Account: l.from.Account(), Device: l.from.Device()}
	sent, _, err := l.from.PushFrom(own, uint64(done+1), 32<<10)
	if n = len(sent.Events); n == 0 || err != nil {
		return 0, err
	}
	if _, err := wire.DecodeFrame(wire.AppendFrame(nil, sent)[4:]); err != nil {
		return 0, err
	}
	taken, err := l.far.to.TakePushes(l.far.account(), []*wire.Push{l.far.push(0, done+1, done+n)})
	if err != nil {
		return 0, err
	}
	if head := taken.Acks[0].Head; head != uint64(done+n) {
		return 0, fmt.Errorf("%d of %d were taken", head, done+n)
	}
	if _, err := l.from.ChainAt(own, uint64(done+n)); err != nil {
		return 0, err
	}
	return n, l.from.Acked(l.near.account(), map[wire.Log]uint64{own: uint64(done + n)})
}

// BenchmarkLook is what a session asks whenever something has moved.
func BenchmarkLook(b *testing.B) {
	a := newAuthor(b, newNode(b, "Ann"), 1)
	for i := range 100 {
		a.to.Ask(somebody(b, "", byte(i)), chat.AskOptions{})
	}
	a.writeGroup(b)
	a.pushAll(b)
	for name, look := range map[string]func() error{
		"Talks":     func() error { _, err := a.to.Talks(a.account()); return err },
		"StanceFor": func() error { _, _, err := a.to.StanceFor(a.account()); return err },
		"ReadMarks": func() error { _, err := a.to.ReadMarks(a.account()); return err },
		"OwnLogs":   func() error { _, err := a.to.OwnLogs(a.account()); return err },
		"Proofs":    func() error { _, err := a.to.Proofs(); return err },
		"Contacts":  func() error { _, err := a.to.Contacts(); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := look(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFirstFrame is what a stranger's first frame costs a node with 300
// contacts who have just met, beside what it would with secrets that are not
// made ready.
func BenchmarkFirstFrame(b *testing.B) {
	n := newNode(b, "Ann")
	err := n.disk.Update(func(tx chat.Tx) error {
		for i := range 300 {
			c := chat.Contact{Account: wire.Account{byte(i), byte(i >> 8)}}
			c.Pair, c.AskedBy, c.AskedOf = &wire.Secret{1, byte(i)}, &wire.Secret{2, byte(i)}, &wire.Secret{3, byte(i)}
			if err := tx.PutContact(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	peer := make([]byte, 38)
	for name, key := range map[string]func(chat.Proof) wire.HelloKey{
		"ready":   func(p chat.Proof) wire.HelloKey { return p.HelloKey(n.Account(), peer, peer) },
		"derived": func(p chat.Proof) wire.HelloKey { return wire.NewHelloKey(p.Secret, n.Account(), peer, peer) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				proofs, err := n.Proofs()
				if err != nil {
					b.Fatal(err)
				}
				for _, p := range proofs {
					key(p).Tag([32]byte{}, []uint16{wire.Version})
				}
			}
			b.ReportMetric(901, "secrets")
		})
	}
}
