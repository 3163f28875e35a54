package link

import (
	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// lane is the way a log of mine goes to the peer: on one of its two streams at
// a time. It changes only while nothing of the log is in flight.
//
//	onLink ──far behind──► leaving ──stream open, nothing in flight──► onBulk
//	   ▲                      │                                          │
//	   └────────level─────────┴───────level, or the stream failed────────┘
type lane int

const (
	onLink  lane = iota
	leaving      // far behind: on the link, until the bulk stream is open
	onBulk
)

// weighed is how much of a log beyond next is known to wait.
type weighed struct {
	bytes int
	last  uint64
}

// route moves logs from lane to lane.
func (s *state) route() {
	open, failed := s.bulk.is(bulkOpen), s.bulk.is(bulkFailed)
	for _, st := range s.logs {
		l := st.Log
		switch lane := s.lanes[l]; {
		case lane == onLink:
		case s.heads[l] >= st.Head && !s.inFlight(l):
			delete(s.lanes, l)
		case lane == leaving && open && !s.inFlight(l):
			s.lanes[l] = onBulk
		case lane == onBulk && failed: // what it carried is lost, or came
			s.forget(l)
			delete(s.lanes, l)
		}
	}
}

// leave finds the logs that are far behind (rule 21), and opens the bulk stream
// for them.
func (s *state) leave() error {
	if s.relayed || s.bulk.is(bulkFailed) {
		return nil
	}
	for _, st := range s.logs {
		if s.lanes[st.Log] != onLink || s.stuck[st.Log] {
			continue
		}
		far, err := s.far(st)
		if err != nil {
			return err
		}
		if far {
			s.lanes[st.Log] = leaving
			s.startBulk()
		}
	}
	return nil
}

// far reports whether the peer lacks so much of a log that it would hold up
// others on the link. What fits into the window is not weighed.
func (s *state) far(st chat.LogState) (bool, error) {
	l, next := st.Log, s.next(st.Log)
	if st.Head > s.heads[l]+bulkEvents {
		return true, nil
	}
	if next > st.Head || s.flying[onLink] < window {
		return false, nil
	}
	w := s.rest[l]
	if w.last < next {
		w = weighed{last: next - 1}
	}
	if w.last < st.Head && w.bytes <= bulkBytes {
		size, last, err := s.chat.Weigh(l, w.last+1, bulkBytes-w.bytes)
		if err != nil {
			return false, err
		}
		w = weighed{w.bytes + size, last}
	}
	s.rest[l] = w
	return w.bytes > bulkBytes, nil
}

func (s *state) inFlight(l wire.Log) bool {
	for _, f := range s.flight {
		if f.log == l {
			return true
		}
	}
	return false
}
