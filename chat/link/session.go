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
	errDrained = errors.New("the session was ended")
)

// session is one stream between two devices after the hello.
type session struct {
	m       *Manager
	chat    *chat.Service
	stream  network.Stream
	peer    peer.ID
	who     greeted
	device  wire.Device // mine, as it said hello
	number  uint64      // of this process, rising
	began   time.Time
	relayed bool
	byLower bool // opened by the peer with the lower id

	ctx    context.Context
	cancel context.CancelCauseFunc

	out     *outbox
	flushed chan struct{} // closed when everything has gone, with our end of the stream
	in      chan any      // decoded frames, from reader to run
	poked   chan struct{} // 1 deep: something moved, or a flag below changed
	taker   *taker
	ticker  *ticker
	bulk    *bulk
	bulked  bool           // the peer has opened its bulk stream; guarded by m.mu
	parts   sync.WaitGroup // all goroutines but serve's

	talks     atomic.Bool   // the vectors flow
	guest     atomic.Bool   // the peer is nobody whom I want as a contact
	wanted    atomic.Bool   // the peer waits for events that it wants back
	active    atomic.Bool   // pushes go here
	bye       atomic.Int32  // 1 + the code to end with; 0: go on
	probing   atomic.Bool   // ask for a sign of life
	rtt       atomic.Int64  // nanoseconds
	bulkHeard atomic.Bool   // since our last ping
	sure      atomic.Uint64 // alive when that session of the device had begun
	contests  atomic.Uint64 // the newest session that contests this one
}

var sessionNumber atomic.Uint64

func newSession(m *Manager, st network.Stream, g greeted) *session {
	lower := st.Conn().LocalPeer() < st.Conn().RemotePeer()
	s := &session{
		m: m, chat: m.chat, stream: st, peer: st.Conn().RemotePeer(), who: g, device: m.chat.Device(),
		number: sessionNumber.Add(1), began: time.Now(),
		relayed: relayed(st.Conn()),
		byLower: lower == g.initiator,
		out:     newOutbox(),
		flushed: make(chan struct{}),
		in:      make(chan any, 16),
		poked:   make(chan struct{}, 1),
		bulk:    newBulk(),
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
	for _, part := range []func() error{s.read, s.write, s.taker.run, s.ticker.run} {
		s.parts.Go(func() {
			if err := part(); err != nil {
				s.cancel(err)
			}
		})
	}
	s.cancel(newState(s).run())
	cause := context.Cause(s.ctx)
	s.close(cause)
	s.parts.Wait()
	s.m.host.ConnManager().Unprotect(s.peer, tag)
	s.m.remove(s, cause)
	s.report(cause)
}

// close ends the stream: kindly if the session was ended, else at once. A write
// under way is given up. The connection of a peer that does not answer is of no
// use either.
func (s *session) close(cause error) {
	s.stream.SetWriteDeadline(time.Now())
	switch {
	case errors.Is(cause, errDrained):
		s.stream.Close()
	case errors.Is(cause, errDead):
		s.stream.Reset()
		s.stream.Conn().Close()
		if !s.relayed {
			s.m.forsake(s.peer)
		}
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

// read decodes frames until the stream ends, which is the last that it hands
// on. It is stopped by close.
func (s *session) read() error {
	stop := context.AfterFunc(s.ctx, func() { s.stream.SetReadDeadline(time.Now()) })
	defer stop()
	s.stream.SetReadDeadline(time.Time{})
	r := bufio.NewReaderSize(s.stream, 4<<10) // each idle session has one; long frames are read past it
	var p pacer
	for {
		f, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			f = over{}
		} else if err != nil {
			return err
		}
		if err := s.pace(&p, f); err != nil {
			return err
		}
		select {
		case s.in <- f:
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
		if err != nil {
			return nil
		}
	}
}

func readFrame(r io.Reader) (any, error) {
	b, err := wire.ReadFrame(r, wire.MaxFrame)
	if err != nil {
		return nil, err
	}
	f, err := wire.DecodeFrame(b)
	if err == nil && f == nil {
		f = unknown{}
	}
	return f, err
}

// pacer counts the frames of a peer that cost us much.
type pacer struct{ costly, vectors bucket }

// pace waits while the peer has sent more frames than we pay for, of those that
// may each cost a commit or a signature, or a window of pushes: it is read no
// faster. Before both want that is all of them.
func (s *session) pace(p *pacer, f any) error {
	budget, rate, burst := &p.costly, float64(costlyRate), float64(costlyBurst)
	switch f.(type) {
	case *wire.Vector:
		budget, rate, burst = &p.vectors, vectorRate, maxVectors
	case *wire.StanceAck, *wire.Devices, *wire.Want, *wire.Refused, *wire.Gone, *wire.Read, *wire.Busy,
		*wire.PresenceFrame, *wire.Views, *wire.Signal, *wire.AskPicture, *wire.Picture:
	default:
		if s.talks.Load() {
			return nil
		}
	}
	for !budget.take(time.Now(), rate, burst) {
		select {
		case <-time.After(time.Duration(float64(time.Second) / rate)):
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
	return nil
}

// over is the peer's end of the stream.
type over struct{}

// unknown is a frame of a type that this version does not know.
type unknown struct{}

// write sends what waits in the outbox, until the session ends.
func (s *session) write() error {
	for {
		b, err := s.out.take(s.ctx)
		if errors.Is(err, io.EOF) {
			defer close(s.flushed)
			return s.stream.CloseWrite()
		}
		if err != nil {
			return err
		}
		s.stream.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := s.stream.Write(b); err != nil {
			return err
		}
		if s.wanted.Load() {
			s.signal() // there is place for the next answer to a want
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
