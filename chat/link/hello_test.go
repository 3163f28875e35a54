package link_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// Whatever a stranger begins with, it gets no byte, and not a place for long.
func TestFirstFrames(t *testing.T) {
	frame := func(n uint32, b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, n), b...) }
	h := wire.Hello1{Type: wire.FrameHello1, Versions: []uint16{wire.Version}, Tags: make([][32]byte, 4)}
	for name, first := range map[string][]byte{
		"silence":        nil,
		"half a length":  {0, 0},
		"half a frame":   frame(100, make([]byte, 50)),
		"huge length":    frame(1<<32-1, make([]byte, 1024)),
		"over 1 KiB":     frame(wire.MaxFirstFrame+1, make([]byte, wire.MaxFirstFrame+1)),
		"empty frame":    frame(0, nil),
		"garbage":        frame(64, bytes.Repeat([]byte{0xff}, 64)),
		"nested arrays":  frame(1000, bytes.Repeat([]byte{0x9f}, 1000)),
		"another frame":  wire.AppendFrame(nil, wire.Ping{Type: wire.FramePing}),
		"tag of nothing": wire.AppendFrame(nil, h),
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				a, b := w.friends()
				eve := w.newPerson()
				r := eve.open(a)
				if first == nil {
					r.bytes([]byte{}) // the protocol is negotiated with the first write
				}
				r.bytes(first)
				if any, after := r.answered(); any || after > 6*time.Second {
					t.Errorf("answered: %t, ended after %v", any, after)
				}
				talk(a, b)
				if lines := a.log.lines(); len(lines) > 0 {
					t.Errorf("a stranger fills the log: %q", lines)
				}
			})
		})
	}
}

// One byte a second does not hold a place longer than silence.
func TestSlowFirstFrame(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		eve := w.newPerson()
		r := eve.open(a)
		began := time.Now()
		r.bytes(binary.BigEndian.AppendUint32(nil, 500))
		for r.bytes([]byte{0}) == nil && time.Since(began) < time.Minute {
			time.Sleep(time.Second)
		}
		if d := time.Since(began); d > 8*time.Second {
			t.Errorf("it was let go on for %v", d)
		}
		talk(a, b)
	})
}

// What the listener says to one who proves nothing does not tell why: a
// stranger, somebody removed from the contacts, a wrong proof, no version in
// common.
func TestNoProofNoAnswer(t *testing.T) {
	var wrong wire.Secret
	for name, test := range map[string]struct {
		contact bool
		hello   hello
	}{
		"stranger":        {false, hello{proofs: []chat.Proof{{Secret: wrong}}}},
		"wrong proof":     {true, hello{proofs: []chat.Proof{{Secret: wrong}}}},
		"other versions":  {true, hello{first: func(h *wire.Hello1) { h.Versions = []uint16{0, 1000} }}},
		"versions forged": {true, hello{first: func(h *wire.Hello1) { h.Versions = []uint16{wire.Version, wire.Version + 1} }}},
		"nonce forged":    {true, hello{first: func(h *wire.Hello1) { h.Nonce[0]++ }}},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				a, b := w.friends()
				eve := w.newPerson()
				if test.contact {
					befriend(eve, a)
				}
				a.log.lines()
				r := eve.open(a)
				began := time.Now()
				if err := r.greet(test.hello); err == nil {
					t.Error("it was answered")
				}
				if d := time.Since(began); d > time.Second {
					t.Errorf("it took %v", d)
				}
				talk(a, b)
			})
		})
	}
}

// A credential that is not the dialler's own opens no session.
func TestFalseCredentials(t *testing.T) {
	for name, spoil := range map[string]func(w *world, eve *person, h *hello){
		"bound to another peer": func(w *world, eve *person, h *hello) {
			h.who = func(c *wire.Credential) { *c, _ = eve.chat.Credential([]byte("another peer")) }
		},
		"expired": func(w *world, eve *person, h *hello) {
			h.who = func(c *wire.Credential) { c.Time = c.Expiry + 1 }
		},
		"another's list": func(w *world, eve *person, h *hello) {
			mallory := w.newPerson()
			h.who = func(c *wire.Credential) {
				theirs, _ := mallory.chat.Credential([]byte(eve.host.ID()))
				c.List = theirs.List
			}
		},
		"another's account, whole": func(w *world, eve *person, h *hello) {
			mallory := w.newPerson()
			h.who = func(c *wire.Credential) { *c, _ = mallory.chat.Credential([]byte(eve.host.ID())) }
		},
		"no list":   func(w *world, eve *person, h *hello) { h.who = func(c *wire.Credential) { c.List = nil } },
		"wrong mac": func(w *world, eve *person, h *hello) { h.third = func(h *wire.Hello3) { h.MAC[0]++ } },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				a, b := w.friends()
				eve := w.newPerson()
				befriend(eve, a)
				var h hello
				spoil(w, eve, &h)
				r := eve.open(a)
				if err := r.greet(h); err != nil {
					t.Fatal(err)
				}
				if any, after := r.answered(); any || after > time.Second {
					t.Errorf("answered: %t, ended after %v", any, after)
				}
				if a.sessions(eve.account()) != 0 || len(a.links.Sessions()) != 1 {
					t.Error("a session was opened")
				}
				talk(a, b)
			})
		})
	}
}

// A first frame that was overheard is worth nothing at another peer, and at
// the same one it does not open a session without the secret.
func TestReplayedHello(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		ben := w.newPerson()
		befriend(ben, a)
		var overheard wire.Hello1
		if err := ben.open(a).greet(hello{first: func(h *wire.Hello1) { overheard = *h }}); err != nil {
			t.Fatal(err)
		}
		eve := w.newPerson()
		r := eve.open(a)
		r.write(overheard)
		if any, _ := r.answered(); any {
			t.Error("a replayed first frame from another peer is answered")
		}
		talk(a, b)
	})
}

// listener stands where somebody's node is expected, and does as it likes with
// the hello of who comes.
func (p *person) listener(do func(*raw, []byte)) {
	p.host.SetStreamHandler(wire.LinkProtocol, func(s network.Stream) {
		r := &raw{w: p.w, stream: s, me: p}
		if frame, err := r.readFrame(); err == nil {
			do(r, frame)
		}
		s.Reset()
	})
}

// A listener that holds the secret in the link, and is not its account, learns
// nothing of the dialler beyond that somebody asks; nor does one that sends the
// dialler's own frame back, or that knows nothing (rule 4).
func TestFalseListeners(t *testing.T) {
	for name, answer := range map[string]func(eve, ben *person, r *raw, frame1 []byte){
		"knows nothing": func(eve, ben *person, r *raw, frame1 []byte) {
			second := wire.Hello2{Type: wire.FrameHello2, Version: wire.Version}
			second.Who, _ = eve.chat.Credential([]byte(eve.host.ID()))
			r.write(second)
		},
		"reflects": func(eve, ben *person, r *raw, frame1 []byte) {
			r.bytes(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame1))), frame1...))
		},
		"has the link's secret": func(eve, ben *person, r *raw, frame1 []byte) {
			l, _ := ben.chat.Link(nil)
			key := wire.NewHelloKey(wire.Secret(l.Secret), ben.account(), []byte(r.stream.Conn().RemotePeer()), []byte(eve.host.ID()))
			first, _ := wire.DecodeHello1(frame1)
			second := wire.Hello2{Type: wire.FrameHello2, Version: wire.Version}
			for i, tag := range first.Tags {
				if tag == key.Tag(first.Nonce, first.Versions) {
					second.Tag = uint8(i)
				}
			}
			second.Who, _ = eve.chat.Credential([]byte(eve.host.ID()))
			second.MAC = key.MAC2(frame1, second)
			r.write(second)
		},
		"has the secret and the account's list": func(eve, ben *person, r *raw, frame1 []byte) {
			l, _ := ben.chat.Link(nil)
			key := wire.NewHelloKey(wire.Secret(l.Secret), ben.account(), []byte(r.stream.Conn().RemotePeer()), []byte(eve.host.ID()))
			first, _ := wire.DecodeHello1(frame1)
			second := wire.Hello2{Type: wire.FrameHello2, Version: wire.Version}
			for i, tag := range first.Tags {
				if tag == key.Tag(first.Nonce, first.Versions) {
					second.Tag = uint8(i)
				}
			}
			second.Who, _ = ben.chat.Credential([]byte(ben.host.ID())) // bound to his peer, as she saw it
			second.MAC = key.MAC2(frame1, second)
			r.write(second)
		},
		"offers another version": func(eve, ben *person, r *raw, frame1 []byte) {
			r.write(wire.Hello2{Type: wire.FrameHello2, Version: 9, Tag: 200})
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				a, b := w.friends()
				ben, eve := w.newPerson(), w.newPerson()
				a.ask(ben)
				more := make(chan int, 1)
				eve.listener(func(r *raw, frame1 []byte) {
					if bytes.Contains(frame1, []byte(a.host.ID())) || containsAny(frame1, a.account(), a.chat.Device(), ben.account()) {
						t.Error("the first frame names somebody")
					}
					answer(eve, ben, r, frame1)
					r.stream.SetReadDeadline(time.Now().Add(time.Minute))
					n, _ := r.stream.Read(make([]byte, 1))
					more <- n
				})
				if _, err := a.links.Dial(context.Background(), eve.info(), ben.account()); err == nil {
					t.Error("the dialler takes it for the account it wants")
				}
				if n := <-more; n > 0 {
					t.Error("the dialler says more")
				}
				talk(a, b)
			})
		})
	}
}

// The account itself, which has lost the secret, is not spoken to either: the
// listener has to prove both (rule 4).
func TestListenerWithoutTheSecret(t *testing.T) {
	virtually(t, func(w *world) {
		a := w.newHonest()
		ben := w.newPerson()
		a.ask(ben)
		more := make(chan int, 1)
		ben.listener(func(r *raw, frame1 []byte) {
			second := wire.Hello2{Type: wire.FrameHello2, Version: wire.Version}
			second.Who, _ = ben.chat.Credential([]byte(ben.host.ID()))
			key := wire.NewHelloKey(wire.Secret{1}, ben.account(), []byte(r.stream.Conn().RemotePeer()), []byte(ben.host.ID()))
			second.MAC = key.MAC2(frame1, second)
			r.write(second)
			r.stream.SetReadDeadline(time.Now().Add(time.Minute))
			n, _ := r.stream.Read(make([]byte, 1))
			more <- n
		})
		if _, err := a.links.Dial(context.Background(), ben.info(), ben.account()); err == nil {
			t.Error("the dialler takes it for proved")
		}
		if n := <-more; n > 0 {
			t.Error("the dialler says more")
		}
	})
}

func containsAny(b []byte, ids ...any) bool {
	for _, id := range ids {
		switch id := id.(type) {
		case wire.Account:
			if bytes.Contains(b, id[:]) {
				return true
			}
		case wire.Device:
			if bytes.Contains(b, id[:]) {
				return true
			}
		}
	}
	return false
}
