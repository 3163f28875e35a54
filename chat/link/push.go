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
	lane lane // onLink or onBulk
}

// pushAll pushes my logs as far as the windows allow, a piece of each in turn.
func (s *state) pushAll() error {
	if !s.theirs || !s.talks.Load() || !s.active.Load() {
		return nil
	}
	s.route()
	for more := true; more && s.flying[onLink] < window; {
		more = false
		for _, st := range s.logs {
			if s.lags(st.Log, st.Head, onLink) && s.flying[onLink] < window {
				if err := s.push(st.Log, onLink, min(pushSize, window-s.flying[onLink])); err != nil {
					return err
				}
				more = true
			}
		}
	}
	if err := s.leave(); err != nil {
		return err
	}
	return s.pushBulk()
}

// pushBulk hands the bulk stream its next page, of the logs in turn.
func (s *state) pushBulk() error {
	for range s.logs {
		if !s.bulk.free() || s.flying[onBulk] > bulkWindow-bulkPage {
			return nil
		}
		s.turn = (s.turn + 1) % len(s.logs)
		if st := s.logs[s.turn]; s.lags(st.Log, st.Head, onBulk) {
			return s.push(st.Log, onBulk, bulkPage)
		}
	}
	return nil
}

// lags reports whether something of the log waits to be pushed on that stream.
func (s *state) lags(l wire.Log, head uint64, on lane) bool {
	at := s.lanes[l]
	if at == leaving && !s.bulk.is(bulkOpen) {
		at = onLink
	}
	return at == on && !s.stuck[l] && s.next(l) <= head
}

func (s *state) next(l wire.Log) uint64 { return max(s.heads[l], s.sent[l]) + 1 }

func (s *state) push(l wire.Log, on lane, limit int) error {
	p, size, err := s.chat.PushFrom(l, s.next(l), limit)
	if err != nil {
		return err
	}
	if len(p.Events) == 0 {
		return fmt.Errorf("a log ends before its head, at %d", p.Seq)
	}
	last := p.Seq + uint64(len(p.Events)) - 1
	s.sent[l] = last
	s.pushed[l] = max(s.pushed[l], last)
	if s.inAir() == 0 {
		s.heard = time.Now() // silence counts from when we began to wait
	}
	s.flight = append(s.flight, flight{l, last, size, on})
	s.flying[on] += size
	if w, ok := s.rest[l]; ok {
		s.rest[l] = weighed{max(0, w.bytes-size), w.last}
	}
	if on == onBulk {
		s.bulk.put(p)
		return nil
	}
	return s.out.push(p)
}

// inAir returns the bytes pushed and not acknowledged.
func (s *state) inAir() int { return s.flying[onLink] + s.flying[onBulk] }

// land takes what is acknowledged out of the windows.
func (s *state) land(l wire.Log, head uint64) {
	rest := s.flight[:0]
	for _, f := range s.flight {
		if f.log == l && f.last <= head {
			s.flying[f.lane] -= f.size
			continue
		}
		rest = append(rest, f)
	}
	s.flight = rest
}

// forget takes what a log has in flight out of the windows: it was not taken.
func (s *state) forget(l wire.Log) {
	s.land(l, wire.MaxSeq)
	delete(s.sent, l)
	delete(s.rest, l)
}

// forgetAll does so for all logs, and takes back what has not gone.
func (s *state) forgetAll() {
	clear(s.sent)
	clear(s.rest)
	s.flight, s.flying = nil, [len(s.flying)]int{}
	s.out.unpush()
	s.bulk.unput()
}
