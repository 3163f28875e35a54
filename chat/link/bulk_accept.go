package link

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// acceptBulk is the handler of bulk streams. A peer without a session with a
// contact, and who does not show the token of one, gets a reset and no word.
func (m *Manager) acceptBulk(st network.Stream) {
	defer st.Reset()
	p := st.Conn().RemotePeer()
	if !m.enterBulk(p) {
		return
	}
	defer m.leaveBulk(p)
	s := m.bulkSession(st, p)
	if s == nil {
		return
	}
	defer context.AfterFunc(s.ctx, func() { st.Reset() })()
	st.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := st.Write(s.who.bulk.mine[:]); err != nil {
		return
	}
	if err := s.readBulk(st); err != nil {
		s.cancel(err)
	}
}

// enterBulk takes a place for a bulk stream of a peer, and counts the caller in
// for Close to wait, until leaveBulk.
func (m *Manager) enterBulk(p peer.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing || m.bulks[p] >= maxPerDevice || len(m.talking(p)) == 0 {
		return false
	}
	m.bulks[p]++
	m.wg.Add(1)
	return true
}

func (m *Manager) leaveBulk(p peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bulks[p]--; m.bulks[p] == 0 {
		delete(m.bulks, p)
	}
	m.wg.Done()
}

// talking returns the sessions with the peer on which vectors flow. The caller
// holds mu.
func (m *Manager) talking(p peer.ID) (list []*session) {
	for _, s := range m.all() {
		if s.peer == p && s.talks.Load() && s.ctx.Err() == nil {
			list = append(list, s)
		}
	}
	return list
}

// bulkSession reads the token and returns the session that it belongs to, if
// that has had no bulk stream yet.
func (m *Manager) bulkSession(st network.Stream, p peer.ID) (found *session) {
	defer context.AfterFunc(m.ctx, func() { st.Reset() })()
	var token [32]byte
	st.SetReadDeadline(time.Now().Add(helloTimeout))
	if _, err := io.ReadFull(st, token[:]); err != nil {
		return nil
	}
	st.SetReadDeadline(time.Time{})
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.talking(p) {
		if hmac.Equal(token[:], s.who.bulk.theirs[:]) {
			found = s
		}
	}
	if found == nil || found.bulked {
		return nil
	}
	found.bulked = true
	return found
}

// readBulk takes pushes until the stream ends, no faster than they get on disk.
// What the peer may not send ends the session.
func (s *session) readBulk(st network.Stream) error {
	for {
		b, err := wire.ReadFrame(st, wire.MaxFrame)
		if errors.Is(err, wire.ErrFrameTooLong) {
			return err
		}
		if err != nil {
			return nil // the stream has ended; the session need not
		}
		f, err := wire.DecodeFrame(b)
		if err != nil {
			return err
		}
		p, ok := f.(*wire.Push)
		if !ok || p.Log.Account != s.who.account {
			return fmt.Errorf("%w: it sends on a bulk stream what does not belong there", chat.ErrProtocol)
		}
		s.bulkHeard.Store(true)
		if !s.talks.Load() {
			return nil // what is dropped is not worth reading
		}
		if err := s.taker.pushBulk(s.ctx, p); err != nil {
			return err
		}
	}
}
