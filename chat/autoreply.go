package chat

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/truce-im/truce/chat/wire"
)

// While I am away or busy the setting AutoReply answers the first message of each
// contact, once in an absence. An absence begins when I am available no more, and
// ends when I am again; it is named by a number, which stands in the card of
// those who were answered. It is on disk together with the answer, and after the
// message that is answered: a crash in between costs an answer, and never makes
// two.

// settingAbsence holds the number of the newest absence that I said myself, with
// absenceOver behind it once I have said that I am available.
const (
	settingAbsence = "status.absence"
	absenceOver    = " over"
)

// said returns the newest absence that I said myself, and whether I am in it.
func said(r Reader) (n uint64, in bool, err error) {
	value, err := r.Setting(settingAbsence)
	number, over := strings.CutSuffix(value, absenceOver)
	n, _ = strconv.ParseUint(number, 10, 64)
	return n, n > 0 && !over, err
}

// absence returns the number of the absence that I am in; 0: in none.
func (s *Service) absence(r Reader) (uint64, error) {
	n, in, err := said(r)
	if err != nil || in {
		return n, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mine.idle() {
		return s.mine.at, nil
	}
	return 0, nil
}

// turnAbsence begins or ends an absence when I say how I am there. While I am
// invisible it stays what it was.
func (s *Service) turnAbsence(tx Tx, to Mood) error {
	last, in, err := said(tx)
	if err != nil {
		return err
	}
	switch {
	case in && to == MoodAvailable:
		return tx.PutSetting(settingAbsence, strconv.FormatUint(last, 10)+absenceOver)
	case in, to == MoodAvailable, to == MoodInvisible:
		return nil
	}
	n, err := s.absence(tx) // by itself
	if err != nil {
		return err
	}
	if n == 0 {
		n = max(s.nowMillis(), last+1)
	}
	return tx.PutSetting(settingAbsence, strconv.FormatUint(n, 10))
}

// callers are the contacts who wrote since AnswerCallers last looked.
type callers struct {
	of   map[wire.Account]bool
	wake chan struct{} // closed when of grows; nil: nobody waits
}

// calls reports whether e, which is listed, is a message that may be answered.
func calls(e *Event) bool {
	c, ok := content(e)
	return ok && c.Kind() == wire.ContentText && !c.Auto()
}

func (s *Service) call(a wire.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.callers.of == nil {
		s.callers.of = map[wire.Account]bool{}
	}
	s.callers.of[a] = true
	if s.callers.wake != nil {
		close(s.callers.wake)
		s.callers.wake = nil
	}
}

// takeCallers returns who wrote, and what is closed when somebody else does.
func (s *Service) takeCallers() (list map[wire.Account]bool, wake <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, s.callers.of = s.callers.of, nil
	if s.callers.wake == nil {
		s.callers.wake = make(chan struct{})
	}
	return list, s.callers.wake
}

// AnswerCallers sends the auto-reply to contacts who write while I am away, until
// ctx ends. TakePushes never waits for it. Run it once at a time.
func (s *Service) AnswerCallers(ctx context.Context) {
	for ctx.Err() == nil {
		list, wake := s.takeCallers()
		for a := range list {
			if err := s.autoReply(a); err != nil {
				s.log.Warn("an auto-reply could not be written", "err", err)
			}
		}
		select {
		case <-wake:
		case <-ctx.Done():
		}
	}
}

// errNoAnswer says that no answer is due any more.
var errNoAnswer = errors.New("no auto-reply is due")

// autoReply answers a if that is due.
func (s *Service) autoReply(a wire.Account) error {
	var text string
	err := s.store.View(func(r Reader) (err error) {
		text, _, err = s.answer(r, a)
		return err
	})
	if err != nil || text == "" {
		return err
	}
	_, err = s.post(a, wire.NewAutoReply(salt(), text), "auto-reply", "", func(tx Tx) error {
		again, absence, err := s.answer(tx, a)
		if err == nil && again != text {
			err = errNoAnswer
		}
		if err != nil {
			return err
		}
		return s.changeCard(tx, a, func(c *Card) bool { c.Answered = absence; return true })
	})
	var rule *Error
	if errors.Is(err, errNoAnswer) || errors.As(err, &rule) && rule.Code == CodeRefused {
		return nil
	}
	return err
}

// answer returns what a is to be answered, and in which absence; an empty text if
// nothing. Only who sees my whole presence learns that I am away.
func (s *Service) answer(r Reader, a wire.Account) (text string, absence uint64, err error) {
	st, err := readStatus(r)
	if err != nil || st.Mood == MoodInvisible || s.unseen.Load() {
		return "", 0, err
	}
	if absence, err = s.absence(r); err != nil || absence == 0 {
		return "", 0, err
	}
	c, err := r.Contact(a)
	if err != nil || c.Relation() != Accepted {
		return "", 0, err
	}
	card, err := r.Card(a)
	if err != nil || card.Grade != GradeFull || card.Answered == absence {
		return "", 0, err
	}
	text, err = r.Setting(AutoReply)
	return text, absence, err
}
