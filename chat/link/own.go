package link

import (
	"errors"
	"fmt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// fork notes that the peer has other events than I at positions of my log, or
// more of them. Nothing is pushed there, and nothing ticked; instead the peer is
// asked to show them (rules 12, 15).
func (s *state) fork(e wire.Entry) error {
	s.stuck[e.Log] = true
	s.chat.TakeBusy(s.who.account, wire.ReasonForked)
	if s.void || s.wants[e.Log] > 0 || len(s.wants) >= maxWants {
		return nil
	}
	want, err := s.chat.Question(e)
	if err != nil || want == nil {
		return err
	}
	if len(s.wants) == 0 {
		s.m.log.Warn("a contact claims another course of my log", "peer", s.peer, "position", e.Head)
	}
	s.wants[e.Log] = e.Head
	return s.out.answer(*want)
}

// handleOwn takes what the peer shows of my own log, having been asked.
func (s *state) handleOwn(f *wire.Push) error {
	if s.void {
		return nil
	}
	to := s.wants[f.Log]
	if to == 0 {
		return fmt.Errorf("%w: it gives back what was not asked for", chat.ErrProtocol)
	}
	own, err := s.chat.TakeOwn(s.who.account, f, to, s.m.cfg.AccountKey)
	if errors.Is(err, chat.ErrClaim) {
		s.void = true
		s.m.log.Warn("the claim is void", "peer", s.peer, "reason", err)
		return nil // and the log stays stuck: what stands there is not mine to push over
	}
	if err != nil {
		return err
	}
	if own.Back > 0 {
		s.m.log.Warn("this home was older than a contact's copy: events of mine came back", "peer", s.peer, "events", own.Back)
	}
	if own.More == nil {
		delete(s.wants, f.Log)
		return nil
	}
	return s.out.answer(*own.More)
}

// ownGone takes it that the peer does not hold what it claimed and was asked
// for: the log stays stuck.
func (s *state) ownGone(f *wire.Gone) error {
	if !s.void && s.wants[f.Log] == 0 {
		return fmt.Errorf("%w: it says that events are gone which are not its own", chat.ErrProtocol)
	}
	return nil
}

// handleWant notes what a contact wants back of its own logs.
func (s *state) handleWant(f *wire.Want) error {
	if len(s.asks) >= maxWants {
		return errFlood
	}
	s.asks = append(s.asks, f)
	return nil
}

// giveBack answers the next want, once the answer to the one before has gone.
// No vector takes such an answer back, as it does pushes.
func (s *state) giveBack() error {
	s.wanted.Store(len(s.asks) > 0) // before idle is asked: the writer looks the other way round
	if len(s.asks) > 0 && s.out.idle() {
		f := s.asks[0]
		s.asks = s.asks[1:]
		p, err := s.chat.Answer(s.who.account, f)
		if err != nil {
			return err
		}
		if len(p.Events) > 0 {
			s.out.giveBack(p)
		} else {
			s.out.giveBack(wire.Gone{Type: wire.FrameGone, Log: f.Log, From: f.From, To: f.To})
		}
	}
	return nil
}
