package chat

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/truce-im/truce/chat/wire"
)

// Mood is how I say that I am there, as CONTRACT.md names it.
type Mood string

// The moods. Invisible: contacts see me offline, messages still arrive.
const (
	MoodAvailable Mood = "available"
	MoodAway      Mood = "away"
	MoodBusy      Mood = "busy"
	MoodInvisible Mood = "invisible"
)

// Moods are all that there are.
var Moods = []Mood{MoodAvailable, MoodAway, MoodBusy, MoodInvisible}

// Status is how I am there, as I said it last. It outlives a restart.
type Status struct {
	Mood Mood
	Text string // shown to those who see my full presence; may be empty
}

// Names under which the status stands among the settings.
const (
	settingMood   = "status.mood"
	settingStatus = "status.text"
)

// Status returns how I said last that I am there.
func (s *Service) Status() (st Status, err error) {
	err = s.store.View(func(r Reader) (err error) {
		st, err = readStatus(r)
		return err
	})
	return st, err
}

func readStatus(r Reader) (st Status, err error) {
	mood, err := r.Setting(settingMood)
	if err != nil {
		return st, err
	}
	st.Mood = Mood(first(mood, string(MoodAvailable)))
	st.Text, err = r.Setting(settingStatus)
	return st, err
}

// SetStatus says how I am there. Errors: CodeUsage for a mood that there is not,
// and for a text that is not UTF-8; CodeRefused for one that is too long.
func (s *Service) SetStatus(st Status) error {
	if !slices.Contains(Moods, st.Mood) {
		return Errorf(CodeUsage, "a status is available, away, busy or invisible, not %q", st.Mood)
	}
	if !utf8.ValidString(st.Text) {
		return Errorf(CodeUsage, "the status text is not UTF-8")
	}
	if n := utf8.RuneCountInString(st.Text); n > wire.MaxStatus {
		return Errorf(CodeRefused, "a status text has at most %d characters, this one has %d", wire.MaxStatus, n)
	}
	s.setting.Lock() // the switch in memory is the one on disk
	defer s.setting.Unlock()
	var shown []wire.Account
	err := s.store.Update(func(tx Tx) (err error) {
		shown = nil
		old, err := readStatus(tx)
		if err != nil || old == st {
			return err
		}
		switch was, is := old.Mood == MoodInvisible, st.Mood == MoodInvisible; {
		case is && !was:
			shown, err = s.freeze(tx)
		case was && !is:
			shown, err = s.thaw(tx)
		}
		if err != nil {
			return err
		}
		if err := s.turnAbsence(tx, st.Mood); err != nil {
			return err
		}
		if err := tx.PutSetting(settingMood, string(st.Mood)); err != nil {
			return err
		}
		if err := tx.PutSetting(settingStatus, st.Text); err != nil {
			return err
		}
		return tx.Note(Change{Kind: ChangeSetting, Name: "status", Time: s.nowMillis()})
	})
	if err != nil {
		return err
	}
	if s.hidden.Swap(st.Mood == MoodInvisible) && !s.hidden.Load() {
		s.resumed.Add(1)
	}
	if st.Mood == MoodAvailable {
		s.back()
	}
	for _, a := range shown {
		s.moveLog(a) // their ticks
	}
	s.restate()
	return nil
}

// mine is what is kept in memory of my own presence.
type mine struct {
	seq     uint64    // of the last record
	touched time.Time // when a face last told that somebody is there; zero: none has
	at      uint64    // touched by the clock, unix milliseconds: names the absence that may follow
	away    time.Duration
	restate chan struct{} // closed when it may have changed
}

// restate wakes who announces my presence.
func (s *Service) restate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mine.restate != nil {
		close(s.mine.restate)
		s.mine.restate = nil
	}
}

// Restated is closed when my presence may have changed. Take it before looking.
func (s *Service) Restated() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mine.restate == nil {
		s.mine.restate = make(chan struct{})
	}
	return s.mine.restate
}

// Touched notes that somebody uses a face of this node. From the first time on I
// am shown as away when nobody has for the time of SetAway.
func (s *Service) Touched() {
	s.mu.Lock()
	was := s.mine.idle()
	s.mine.touched, s.mine.at = time.Now(), max(s.nowMillis(), s.mine.at+1)
	s.mu.Unlock()
	if was {
		s.restate()
	}
}

// back is Touched where faces tell of it: who says to be available is there.
func (s *Service) back() {
	s.mu.Lock()
	told := !s.mine.touched.IsZero()
	s.mu.Unlock()
	if told {
		s.Touched()
	}
}

// SetAway sets after how long without Touched I am shown as away; 0: never.
func (s *Service) SetAway(d time.Duration) {
	s.mu.Lock()
	s.mine.away = d
	s.mu.Unlock()
	s.restate()
}

func (m *mine) idle() bool {
	return m.away > 0 && !m.touched.IsZero() && time.Since(m.touched) >= m.away
}

// IdleAt is when I shall be shown as away by myself; zero: not, or already.
func (s *Service) IdleAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mine.away == 0 || s.mine.touched.IsZero() || s.mine.idle() {
		return time.Time{}
	}
	return s.mine.touched.Add(s.mine.away)
}

// Announcement is what contacts of each grade are shown of me now.
type Announcement struct {
	Full, Plain wire.Presence
	gone        wire.Presence
}

// For returns what somebody of a grade is shown; of GradeNone, who may have been
// shown something before: a goodbye.
func (a Announcement) For(g Grade) wire.Presence {
	switch g {
	case GradeFull:
		return a.Full
	case GradePlain:
		return a.Plain
	}
	return a.gone
}

// Announce says how I am there, for Record; leaving: goodbyes, as while I am
// invisible. Secrets that must be replaced are, before.
func (s *Service) Announce(leaving bool) (a Announcement, err error) {
	if err := s.Introduce(); err != nil {
		return a, err
	}
	return s.Present(leaving)
}

// Present is Announce under the secrets that there are: it writes nothing.
func (s *Service) Present(leaving bool) (a Announcement, err error) {
	var (
		self Self
		card Card
		st   Status
	)
	err = s.store.View(func(r Reader) (err error) {
		if self, err = r.Self(); err != nil {
			return err
		}
		if card, err = r.Card(self.Account); err != nil {
			return err
		}
		st, err = readStatus(r)
		return err
	})
	if err != nil {
		return a, err
	}
	a.Full = wire.Presence{View: wire.ViewFull, Epoch: card.FullEpoch, Boot: self.Boot}
	if !leaving {
		s.describe(&a.Full, st)
	}
	a.gone = wire.Presence{View: wire.ViewPlain, Epoch: card.PlainEpoch, Boot: self.Boot}
	a.Plain = a.gone
	if a.Full.State != wire.PresenceOffline {
		a.Plain.State = wire.PresenceAvailable
	}
	return a, nil
}

// Record makes a record of p that is newer than all before.
func (s *Service) Record(p wire.Presence) []byte {
	s.mu.Lock()
	s.mine.seq++
	p.Seq, p.Time = s.mine.seq, s.nowMillis()
	device := s.device
	s.mu.Unlock()
	return wire.SignPresence(device, s.self.Account, p)
}

// capabilities are what this program can do beyond text.
var capabilities = []string{"nudge", "typing"}

// describe fills in how I am there.
func (s *Service) describe(p *wire.Presence, st Status) {
	if s.unseen.Load() {
		return
	}
	switch st.Mood {
	case MoodInvisible:
		return
	case MoodAway:
		p.State = wire.PresenceAway
	case MoodBusy:
		p.State = wire.PresenceBusy
	default:
		p.State = wire.PresenceAvailable
	}
	p.Text, p.Caps = st.Text, capabilities
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mine.idle() {
		p.Idle = millis(s.now().Add(-time.Since(s.mine.touched)))
		if p.State == wire.PresenceAvailable {
			p.State = wire.PresenceAway
		}
	}
}

// GradeOf is how much of my presence a is shown.
func (s *Service) GradeOf(a wire.Account) (Grade, error) {
	var card Card
	err := s.store.View(func(r Reader) (err error) {
		card, err = r.Card(a)
		return err
	})
	return card.Grade, err
}

// SetGrade sets how much of my presence a contact is shown. Errors: ErrNotFound.
func (s *Service) SetGrade(a wire.Account, g Grade) error {
	err := s.update(func(tx Tx) error {
		if _, err := tx.Contact(a); err != nil {
			return err
		}
		err := s.changeCard(tx, a, func(c *Card) bool {
			changed := c.Grade != g
			c.Grade = g
			return changed
		})
		if err != nil {
			return err
		}
		return tx.Note(Change{Kind: ChangeContact, Account: a, Time: s.nowMillis()})
	})
	if err == nil {
		s.restate()
	}
	return err
}
