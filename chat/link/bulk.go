package link

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/chat/wire"
)

var errBulk = errors.New("the bulk stream was not accepted")

// bulk is our own bulk stream of a session: a second stream, with a window of
// its own, for logs that are far behind (PROTOCOL.md §6.10). It is opened at
// most once. If that fails, or it fails later, the link carries all.
type bulk struct {
	state atomic.Int32
	pages chan []byte   // 1 deep; only run sends: the next page, when the one before is being written
	moved chan struct{} // 1 deep: state has changed, or there is place for a page
}

const (
	bulkNone int32 = iota
	bulkOpening
	bulkOpen
	bulkFailed
)

func newBulk() *bulk {
	return &bulk{pages: make(chan []byte, 1), moved: make(chan struct{}, 1)}
}

func (b *bulk) is(state int32) bool { return b.state.Load() == state }

// free reports whether there is place for a page. It is run's to ask.
func (b *bulk) free() bool { return b.is(bulkOpen) && len(b.pages) == 0 }

// put hands over a page, for which there is place.
func (b *bulk) put(p wire.Push) { b.pages <- wire.AppendFrame(nil, p) }

// unput takes back the page that has not gone.
func (b *bulk) unput() {
	select {
	case <-b.pages:
	default:
	}
}

func (b *bulk) become(state int32) {
	b.state.Store(state)
	b.signal()
}

func (b *bulk) signal() {
	select {
	case b.moved <- struct{}{}:
	default:
	}
}

// startBulk opens the session's bulk stream, unless that was done. Only run
// calls it, which serve follows in waiting for the goroutine.
func (s *session) startBulk() {
	if !s.bulk.state.CompareAndSwap(bulkNone, bulkOpening) {
		return
	}
	s.parts.Go(func() {
		err := s.writeBulk()
		s.m.log.Debug("bulk stream ended", "peer", s.peer, "reason", err)
		s.bulk.become(bulkFailed)
	})
}

// writeBulk opens the stream and writes the pages that run hands over, until
// the session ends or the stream fails.
func (s *session) writeBulk() error {
	st, err := s.openBulk()
	if err != nil {
		return err
	}
	defer st.Reset()
	defer context.AfterFunc(s.ctx, func() { st.Reset() })()
	s.bulk.become(bulkOpen)
	for {
		select {
		case b := <-s.bulk.pages:
			s.bulk.signal()
			st.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := st.Write(b); err != nil {
				return err
			}
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// openBulk opens the stream and exchanges tokens. It fails at a peer that does
// not know the protocol.
func (s *session) openBulk() (stream, error) {
	ctx, cancel := context.WithTimeout(s.ctx, helloTimeout)
	defer cancel()
	st, err := s.m.host.NewStream(network.WithNoDial(ctx, "bulk"), s.peer, wire.BulkProtocol)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { st.Reset() })
	var token [32]byte
	if _, err = st.Write(s.who.bulk.mine[:]); err == nil {
		_, err = io.ReadFull(st, token[:])
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil && !hmac.Equal(token[:], s.who.bulk.theirs[:]) {
		err = fmt.Errorf("%w: it does not know the session", errBulk)
	}
	if err != nil {
		st.Reset()
		return nil, err
	}
	return st, nil
}
