package link

import (
	"context"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// goodbye ends the session of our own accord (PROTOCOL.md §6.8): what waits is
// sent, then bye, and the peer's frames are handled until it has said bye too.
func (s *state) goodbye() error {
	if s.device == s.chat.Device() { // else the session speaks for a former self
		s.look = true
		if err := s.tell(); err != nil {
			return err
		}
		if err := s.pushAll(); err != nil {
			return err
		}
	}
	s.out.bye(wire.ByeCode(s.bye.Load() - 1))
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	for {
		select {
		case f := <-s.in:
			switch f.(type) {
			case *wire.Bye:
				return s.drain(timer, false)
			case over:
				return s.drain(timer, true)
			}
			if err := s.handle(f); err != nil {
				return err
			}
		case <-timer.C:
			return errDead
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// parted answers the bye, or the end, of a peer that has said it first, behind
// the acknowledgement of what came before.
func (s *state) parted(over bool) error {
	s.bye.CompareAndSwap(0, int32(wire.ByeStop)+1)
	s.m.rechoose(s.session) // pushes go elsewhere from now on
	if _, err := s.taker.commit(); err != nil {
		return err
	}
	s.out.bye(wire.ByeStop)
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	return s.drain(timer, over)
}

// drain acknowledges what came before the peer's bye, and was not yet, ends our side of the
// stream and waits for the end of the other, unless that is over already.
func (s *state) drain(timer *time.Timer, ended bool) error {
	if _, err := s.taker.commit(); err != nil {
		return err
	}
	s.out.close()
	flushed := s.flushed
	for !ended || flushed != nil {
		select {
		case f := <-s.in:
			switch f.(type) {
			case *wire.Bye:
				continue
			case over:
				ended = true
				continue
			}
			if err := s.handle(f); err != nil {
				return err
			}
		case <-flushed:
			flushed = nil
		case <-timer.C:
			return errDead
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
	if err := s.ticker.commit(); err != nil {
		return err
	}
	return errDrained
}
