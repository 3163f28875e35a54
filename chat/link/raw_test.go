package link_test

import (
	"context"
	"crypto/rand"
	"io"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// raw is a stream of the link protocol, spoken by hand.
type raw struct {
	w      *world
	stream network.Stream
	me     *person
	peer   *person
	got    chan any    // frames of the session, once it listens
	mute   atomic.Bool // pings are not answered

	mine, theirs [32]byte // tokens of bulk streams, after greet
}

// open opens a stream to somebody.
func (p *person) open(to *person) *raw {
	p.w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.host.Connect(ctx, to.info()); err != nil {
		p.w.Fatal(err)
	}
	s, err := p.host.NewStream(ctx, to.host.ID(), wire.LinkProtocol)
	if err != nil {
		p.w.Fatal(err)
	}
	p.w.Cleanup(func() { s.Reset() })
	return &raw{w: p.w, stream: s, me: p, peer: to}
}

// hello is a hello by the book; its parts can be spoiled. Nil parts are honest.
type hello struct {
	first  func(*wire.Hello1)
	who    func(*wire.Credential)
	third  func(*wire.Hello3)
	proofs []chat.Proof
}

// greet says hello, as the dialler, and returns the error of the first step
// that fails. Only the last, the listener's judgement, goes unseen.
func (r *raw) greet(h hello) error {
	me, them := []byte(r.me.host.ID()), []byte(r.peer.host.ID())
	if h.proofs == nil {
		var err error
		if h.proofs, err = r.me.chat.ProofsFor(r.peer.account()); err != nil {
			return err
		}
	}
	first := wire.Hello1{Type: wire.FrameHello1, Versions: []uint16{wire.Version}}
	rand.Read(first.Nonce[:])
	var keys []wire.HelloKey
	for _, p := range h.proofs {
		k := wire.NewHelloKey(p.Secret, r.peer.account(), me, them)
		keys = append(keys, k)
		first.Tags = append(first.Tags, k.Tag(first.Nonce, first.Versions))
	}
	if h.first != nil {
		h.first(&first)
	}
	frame1 := r.write(first)
	frame2, err := r.readFrame()
	if err != nil {
		return err
	}
	second, err := wire.DecodeHello2(frame2)
	if err != nil {
		return err
	}
	third := wire.Hello3{Type: wire.FrameHello3}
	if third.Who, err = r.me.chat.Credential(me); err != nil {
		return err
	}
	if h.who != nil {
		h.who(&third.Who)
	}
	third.MAC = keys[second.Tag].MAC3(frame1, frame2, third)
	if h.third != nil {
		h.third(&third)
	}
	frame3 := r.write(third)
	key := keys[second.Tag]
	r.mine, r.theirs = key.BulkToken(frame1, frame2, frame3, me), key.BulkToken(frame1, frame2, frame3, them)
	return nil
}

// write sends a frame and returns its body. That nobody takes it is no matter.
func (r *raw) write(f any) []byte {
	b := wire.AppendFrame(nil, f)
	r.bytes(b)
	return b[4:]
}

func (r *raw) bytes(b []byte) error {
	r.stream.SetWriteDeadline(time.Now().Add(time.Minute))
	_, err := r.stream.Write(b)
	return err
}

func (r *raw) readFrame() ([]byte, error) {
	r.stream.SetReadDeadline(time.Now().Add(time.Minute))
	return wire.ReadFrame(r.stream, wire.MaxFrame)
}

// answered reports whether anything at all comes back before the stream ends,
// and how long that takes.
func (r *raw) answered() (bool, time.Duration) {
	began := time.Now()
	r.stream.SetReadDeadline(time.Now().Add(time.Minute))
	n, _ := io.ReadFull(r.stream, make([]byte, 1))
	return n > 0, time.Since(began)
}

// listen reads frames until the stream ends, answering pings.
func (r *raw) listen() {
	r.got = make(chan any, 10000)
	go func() {
		defer close(r.got)
		for {
			b, err := r.readFrameLong()
			if err != nil {
				return
			}
			f, err := wire.DecodeFrame(b)
			if err != nil {
				return
			}
			if p, ok := f.(*wire.Ping); ok && p.Type == wire.FramePing && !r.mute.Load() {
				r.write(wire.Ping{Type: wire.FramePong, N: p.N})
			}
			r.got <- f
		}
	}()
}

func (r *raw) readFrameLong() ([]byte, error) {
	r.stream.SetReadDeadline(time.Time{})
	return wire.ReadFrame(r.stream, wire.MaxFrame)
}

// next returns the next frame of one kind.
func next[F any](r *raw) (f *F) {
	r.w.Helper()
	timer := time.NewTimer(time.Minute)
	defer timer.Stop()
	for {
		select {
		case g, ok := <-r.got:
			if !ok {
				r.w.Fatalf("the session ended before a %T came", f)
			}
			if f, ok := g.(*F); ok {
				return f
			}
		case <-timer.C:
			r.w.Fatalf("no %T came", f)
		}
	}
}

// ended reports whether the other side has ended the stream.
func (r *raw) ended() bool {
	settle()
	for {
		select {
		case _, ok := <-r.got:
			if !ok {
				return true
			}
		default:
			return false
		}
	}
}

// session opens a session with a contact by an honest hello, and takes part in
// it as far as to answer pings and to show an empty vector.
func (p *person) session(with *person) *raw {
	p.w.Helper()
	r := p.open(with)
	if err := r.greet(hello{}); err != nil {
		p.w.Fatal(err)
	}
	r.listen()
	r.write(wire.Vector{Type: wire.FrameVector})
	next[wire.Vector](r)
	return r
}
