package chat

import (
	"github.com/truce-im/truce/chat/wire"
)

var (
	errArrived = Errorf(CodeRefused, "the message was delivered already").
			WithHint("`truce delete` takes it back from both sides")
	errOnItsWay = Errorf(CodeRefused, "the message is on its way and may have arrived").
			WithHint("`truce delete` takes it back wherever it is")
	errFailed = Errorf(CodeRefused, "the message was never delivered and never will be: there is nothing to cancel")
)

// Cancel takes back a message of mine that nobody can have, and now nobody will:
// it is Deleted and Failed, and leaves an empty position in its log. A second
// time changes nothing. Errors: ErrNotFound; CodeRefused for another's message,
// for one that was delivered, has failed or was deleted otherwise, and for one
// that left without an answer yet.
func (s *Service) Cancel(id wire.MessageID, key string) (Message, error) {
	return s.takeBack(id, key, "cancel", func(tx Tx, m Message, e *Event) (bool, error) {
		if e.Refused != nil && *e.Refused == reasonWithdrawn {
			return false, nil
		}
		if err := mayChange(m); err != nil {
			return false, err
		}
		switch m.State {
		case Queued:
		case Failed:
			return false, errFailed
		default:
			return false, errArrived
		}
		if left, err := s.mayHaveLeft(tx, e); err != nil || !left {
			return true, err
		}
		return false, errOnItsWay
	})
}

// takeBack deletes the message id, for both sides, if decide says so. One that
// cannot have left is withdrawn; none leaves meanwhile.
func (s *Service) takeBack(id wire.MessageID, key, what string, decide func(Tx, Message, *Event) (bool, error)) (Message, error) {
	s.leaving.Lock()
	defer s.leaving.Unlock()
	return s.change(id, key, what, func(tx Tx, m Message) (*wire.Content, error) {
		e, err := tx.ByID(id)
		if err != nil {
			return nil, err
		}
		if ok, err := decide(tx, m, &e); err != nil || !ok {
			return nil, err
		}
		if m.State == Queued {
			if err := s.withdraw(tx, e); err != nil {
				return nil, err
			}
		}
		c := wire.NewDelete(salt(), id)
		return &c, nil
	})
}

// withdraw notes of a message that is not delivered that it never will be, if
// that is sure: the place in the log that is acknowledged later is an empty one.
func (s *Service) withdraw(tx Tx, e Event) error {
	if left, err := s.mayHaveLeft(tx, &e); err != nil || left || e.Refused != nil {
		return err
	}
	e.Refused = new(reasonWithdrawn)
	return tx.Rewrite(e)
}
