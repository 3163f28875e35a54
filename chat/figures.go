package chat

import "sync/atomic"

// Figures tell how much goes through a Service. What is counted, is since New.
type Figures struct {
	Contacts int // accepted
	Requests int // that wait for my answer

	Sent      uint64 // messages that I wrote
	Received  uint64 // messages of others that were taken
	Delivered uint64 // entries of my logs that contacts have taken: messages, edits, reactions and what goes with them
	Queued    uint64 // entries that they have not
}

// counters are the part of Figures that is counted.
type counters struct{ sent, received, delivered atomic.Uint64 }

// Figures reads a row of each contact and of each log of mine, but no message.
func (s *Service) Figures() (f Figures, err error) {
	err = s.store.View(func(r Reader) error {
		f = Figures{Sent: s.counted.sent.Load(), Received: s.counted.received.Load(), Delivered: s.counted.delivered.Load()}
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			switch c.Relation() {
			case Accepted:
				f.Contacts++
			case Requested:
				f.Requests++
				continue
			case Asked:
			default:
				continue
			}
			logs, err := r.Logs(s.conv(c.Account))
			if err != nil {
				return err
			}
			for _, st := range logs {
				if st.Log.Account == s.self.Account && st.Head > st.Delivered {
					f.Queued += st.Head - st.Delivered
				}
			}
		}
		return nil
	})
	return f, err
}
