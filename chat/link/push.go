package link

import (
	"fmt"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// flight is one push that is not acknowledged.
type flight struct {
	log  wire.Log
	last uint64
	size int
}

// pushAll pushes my logs as far as the window allows, a piece of each in turn.
func (s *state) pushAll() error {
	if !s.theirs || !s.talks.Load() || !s.active.Load() {
		return nil
	}
	for more := true; more && s.flying < window; {
		more = false
		for _, st := range s.logs {
			if s.stuck[st.Log] || s.next(st.Log) > st.Head || s.flying >= window {
				continue
			}
			if err := s.push(st.Log); err != nil {
				return err
			}
			more = true
		}
	}
	return nil
}

func (s *state) next(l wire.Log) uint64 { return max(s.heads[l], s.sent[l]) + 1 }

func (s *state) push(l wire.Log) error {
	p, size, err := s.chat.PushFrom(l, s.next(l), min(pushSize, window-s.flying))
	if err != nil {
		return err
	}
	if len(p.Events) == 0 {
		return fmt.Errorf("a log ends before its head, at %d", p.Seq)
	}
	last := p.Seq + uint64(len(p.Events)) - 1
	s.sent[l] = last
	s.pushed[l] = max(s.pushed[l], last)
	s.flight = append(s.flight, flight{l, last, size})
	s.flying += size
	if s.flying == size {
		s.heard = time.Now() // silence counts from when we began to wait
	}
	return s.out.push(p)
}

// land takes what is acknowledged out of the window.
func (s *state) land(l wire.Log, head uint64) {
	rest := s.flight[:0]
	for _, f := range s.flight {
		if f.log == l && f.last <= head {
			s.flying -= f.size
			continue
		}
		rest = append(rest, f)
	}
	s.flight = rest
}

// forget takes what a log has in flight out of the window: it was not taken.
func (s *state) forget(l wire.Log) {
	s.land(l, wire.MaxSeq)
	delete(s.sent, l)
}
