package link

import (
	"fmt"
	"slices"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// handleVector replaces all that was believed of the peer's disk (rule 15).
func (s *state) handleVector(f *wire.Vector) error {
	if s.vectors++; s.vectors > maxVectors {
		return fmt.Errorf("%w: it begins anew without end", chat.ErrProtocol)
	}
	s.theirs = true
	clear(s.heads)
	clear(s.stuck)
	s.forgetAll()
	ticks := map[wire.Log]uint64{}
	for _, e := range f.Entries {
		if !s.mine(e.Log) || e.Head == 0 {
			continue
		}
		same, err := s.sameChain(e)
		if err != nil {
			return err
		}
		if !same {
			if err := s.fork(e); err != nil {
				return err
			}
			continue
		}
		s.heads[e.Log] = e.Head
		if err := s.tick(ticks, e); err != nil {
			return err
		}
	}
	if len(s.stuck) == 0 {
		s.chat.TakeFree(s.who.account)
	}
	s.ticker.acked(ticks)
	s.ticker.read(f.Read)
	return nil
}

// mine tells whether the log is one that I push to this peer.
func (s *state) mine(l wire.Log) bool {
	return l.Account == s.chat.Account() && l.Conv == wire.DirectConv(s.chat.Account(), s.who.account)
}

// sameChain tells whether the entry is about my log as I have it.
func (s *state) sameChain(e wire.Entry) (bool, error) {
	v, err := s.chat.ChainAt(e.Log, e.Head)
	if isNotFound(err) {
		return false, nil
	}
	return v.Short() == e.Chain, err
}

func (s *state) handleAck(f *wire.Ack) error {
	ticks := map[wire.Log]uint64{}
	for _, e := range f.Entries {
		if !s.mine(e.Log) {
			return fmt.Errorf("%w: it acknowledges a log that is not mine", chat.ErrProtocol)
		}
		if e.Head == 0 || e.Head < s.heads[e.Log] {
			continue
		}
		same, err := s.sameChain(e)
		if err != nil {
			return err
		}
		switch {
		case !same && e.Head > max(s.pushed[e.Log], s.heads[e.Log]):
			return fmt.Errorf("%w: it acknowledges more than was pushed", chat.ErrProtocol)
		case !same:
			if err := s.fork(e); err != nil {
				return err
			}
			continue
		case e.Head > s.heads[e.Log]:
			s.advance(e.Log)
		}
		s.heads[e.Log] = e.Head
		if err := s.tick(ticks, e); err != nil {
			return err
		}
		s.land(e.Log, e.Head)
	}
	s.ticker.acked(ticks)
	return nil
}

// tick adds what an entry acknowledges to ticks. A device that began at a base
// says nothing of what lies before: that counts only if another device of theirs
// has acknowledged it.
func (s *state) tick(ticks map[wire.Log]uint64, e wire.Entry) error {
	if e.Base > 0 {
		logs, err := s.chat.OwnLogs(s.who.account)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(logs, func(st chat.LogState) bool { return st.Log == e.Log }); i < 0 || logs[i].Delivered < e.Base {
			return nil
		}
	}
	ticks[e.Log] = e.Head
	return nil
}

// advance notes that a log has got further.
func (s *state) advance(l wire.Log) {
	s.vectors = 0
	if s.stuck[l] {
		delete(s.stuck, l)
		s.chat.TakeFree(s.who.account)
	}
}
