package link

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

type stream = network.Stream

var (
	errDead    = errors.New("the peer does not answer")
	errBye     = errors.New("the peer said goodbye")
	errDrained = errors.New("the session was ended")
)

// session is one stream between two devices after the hello.
type session struct {
	m       *Manager
	chat    *chat.Service
	stream  network.Stream
	peer    peer.ID
	who     greeted
	number  uint64 // of this process, rising
	relayed bool
	byLower bool // opened by the peer with the lower id

	ctx    context.Context
	cancel context.CancelCauseFunc

	out    *outbox
	in     chan any      // decoded frames, from reader to run
	poked  chan struct{} // 1 deep: something moved, or a flag below changed
	taker  *taker
	ticker *ticker

	talks    atomic.Bool   // the vectors flow
	active   atomic.Bool   // pushes go here
	bye      atomic.Int32  // 1 + the code to end with; 0: go on
	probing  atomic.Bool   // ask for a sign of life
	rtt      atomic.Int64  // nanoseconds
	sure     atomic.Uint64 // alive when that session of the device had begun
	contests atomic.Uint64 // the newest session that contests this one
}

var sessionNumber atomic.Uint64

func newSession(m *Manager, st network.Stream, g greeted) *session {
	lower := st.Conn().LocalPeer() < st.Conn().RemotePeer()
	s := &session{
		m: m, chat: m.chat, stream: st, peer: st.Conn().RemotePeer(), who: g,
		number:  sessionNumber.Add(1),
		relayed: st.Conn().Stat().Limited,
		byLower: lower == g.initiator,
		out:     newOutbox(),
		in:      make(chan any, 16),
		poked:   make(chan struct{}, 1),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.taker, s.ticker = newTaker(s), newTicker(s)
	return s
}

// serve runs the session to its end.
func (s *session) serve() {
	defer s.m.wg.Done()
	tag := fmt.Sprint("truce-link ", s.number) // its own: other sessions with the peer come and go
	s.m.host.ConnManager().Protect(s.peer, tag)
	var wg sync.WaitGroup
	for _, part := range []func() error{s.read, s.write, s.taker.run, s.ticker.run} {
		wg.Go(func() {
			if err := part(); err != nil {
				s.cancel(err)
			}
		})
	}
	s.cancel(newState(s).run())
	cause := context.Cause(s.ctx)
	s.close(cause)
	wg.Wait()
	s.m.host.ConnManager().Unprotect(s.peer, tag)
	s.m.remove(s)
	s.report(cause)
}

// close ends the stream: kindly if the session was ended, else at once. A write
// under way is given up. The connection of a peer that does not answer is of no
// use either.
func (s *session) close(cause error) {
	s.stream.SetWriteDeadline(time.Now())
	switch {
	case errors.Is(cause, errBye), errors.Is(cause, errDrained), errors.Is(cause, io.EOF):
		s.stream.Close()
	case errors.Is(cause, errDead):
		s.stream.Reset()
		s.stream.Conn().Close()
	default:
		s.stream.Reset()
	}
}

func (s *session) report(cause error) {
	level := s.m.log.Debug
	if errors.Is(cause, chat.ErrProtocol) || wire.ErrorClass(cause) != "" ||
		errors.Is(cause, wire.ErrFrameTooLong) || errors.Is(cause, errFlood) {
		level = s.m.log.Warn
	}
	level("link ended", "peer", s.peer, "reason", cause)
}

// read decodes frames until the stream ends. It is stopped by close.
func (s *session) read() error {
	stop := context.AfterFunc(s.ctx, func() { s.stream.SetReadDeadline(time.Now()) })
	defer stop()
	s.stream.SetReadDeadline(time.Time{})
	r := bufio.NewReaderSize(s.stream, 32<<10)
	for {
		b, err := wire.ReadFrame(r, wire.MaxFrame)
		if err != nil {
			return err
		}
		f, err := wire.DecodeFrame(b)
		if err != nil {
			return err
		}
		if f == nil {
			f = unknown{}
		}
		select {
		case s.in <- f:
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// unknown is a frame of a type that this version does not know.
type unknown struct{}

// write sends what waits in the outbox, until the session ends.
func (s *session) write() error {
	for {
		b, err := s.out.take(s.ctx)
		if err != nil {
			return err
		}
		s.stream.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := s.stream.Write(b); err != nil {
			return err
		}
	}
}

// signal makes the session look at what has moved. It never waits.
func (s *session) signal() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}

// end asks the session to say goodbye with this code and to finish.
func (s *session) end(code wire.ByeCode) {
	s.bye.CompareAndSwap(0, int32(code)+1)
	s.signal()
}

func (s *session) ending() bool { return s.bye.Load() != 0 || s.ctx.Err() != nil }

// kill ends the session without a word.
func (s *session) kill(cause error) { s.cancel(cause) }

// probe asks the peer for a sign of life.
func (s *session) probe() {
	s.probing.Store(true)
	s.signal()
}

func (s *session) setActive(on bool) {
	if s.active.Swap(on) != on {
		s.signal()
	}
}

// surerThan reports whether the peer has answered on this session since the
// session with that number began; if not, it asks.
func (s *session) surerThan(number uint64) bool {
	if s.sure.Load() >= number {
		return true
	}
	if s.contests.Swap(number) < number {
		s.probe()
	}
	return false
}
