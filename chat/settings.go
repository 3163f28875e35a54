package chat

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Names of the settings.
const (
	ReadReceipts = "read_receipts" // others see what I have read: true or false
	Typing       = "typing"        // others see that I write a message: true or false
	AutoReply    = "auto_reply"    // answers while I am away; empty: nothing does
	AwayAfter    = "away_after"    // a duration; 0: never

	// Each of the two services does without the other.
	UsePresence = "presence" // I see who is there, and they see me: true or false
	UseMessages = "messages" // I write and am written to: true or false

	// For faces, which heed them.
	Notify  = "notify"   // how I am told of messages: bell, osc9, osc777 or off
	OnLeave = "on_leave" // a node that a screen started, when it closes: ask, stay or stop
)

// MaxAutoReply is the length of an auto-reply in characters: that of a status.
const MaxAutoReply = 1000

// setting is one of the settings: its value until it is set, and what it may be.
type setting struct {
	name, value string
	check       func(name, value string) error
}

var settings = []setting{
	{ReadReceipts, "true", checkSwitch},
	{Typing, "true", checkSwitch},
	{AutoReply, "", checkAutoReply},
	{AwayAfter, "10m", checkAway},
	{Nearby, "false", checkSwitch},
	{Hide, "false", checkSwitch},
	{UsePresence, "true", checkSwitch},
	{UseMessages, "true", checkSwitch},
	{Notify, "bell", checkOneOf("bell", "osc9", "osc777", "off")},
	{OnLeave, "ask", checkOneOf("ask", "stay", "stop")},
}

// Settings returns the names of all settings.
func Settings() (names []string) {
	for _, s := range settings {
		names = append(names, s.name)
	}
	return names
}

func checkSwitch(name, value string) error {
	if value != "true" && value != "false" {
		return Errorf(CodeUsage, "%s is true or false, not %q", name, value)
	}
	return nil
}

func checkOneOf(values ...string) func(name, value string) error {
	return func(name, value string) error {
		if !slices.Contains(values, value) {
			return Errorf(CodeUsage, "%s is one of %s, not %q", name, strings.Join(values, ", "), value)
		}
		return nil
	}
}

func checkAutoReply(name, value string) error {
	if !utf8.ValidString(value) {
		return Errorf(CodeUsage, "%s is not UTF-8", name)
	}
	if n := utf8.RuneCountInString(value); n > MaxAutoReply {
		return Errorf(CodeRefused, "%s has at most %d characters, this one has %d", name, MaxAutoReply, n)
	}
	return nil
}

func checkAway(name, value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < 0 || d > 0 && d < time.Second {
		return Errorf(CodeUsage, "%s is a duration of a second or more such as 10m, or 0, not %q", name, value)
	}
	return nil
}

func findSetting(name string) (setting, error) {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, Errorf(CodeNotFound, "there is no setting %q", name).WithHint("the settings are: %s", strings.Join(Settings(), ", "))
	}
	return settings[i], nil
}

// Setting returns the value of a setting, its default if it was never set.
// Errors: CodeNotFound.
func (s *Service) Setting(name string) (value string, err error) {
	known, err := findSetting(name)
	if err != nil {
		return "", err
	}
	err = s.store.View(func(r Reader) (err error) {
		value, err = r.Setting(name)
		return err
	})
	return first(value, known.value), err
}

// SetSetting changes a setting, which holds at once. Errors: CodeNotFound;
// CodeUsage for a value that it cannot have; CodeRefused for one that is too long.
func (s *Service) SetSetting(name, value string) error {
	known, err := findSetting(name)
	if err != nil {
		return err
	}
	if err := known.check(name, value); err != nil {
		return err
	}
	s.setting.Lock()
	defer s.setting.Unlock()
	err = s.update(func(tx Tx) error {
		if err := tx.PutSetting(name, value); err != nil {
			return err
		}
		return tx.Note(Change{Kind: ChangeSetting, Name: name, Time: s.nowMillis()})
	})
	if err == nil {
		s.heed(name, value)
	}
	return err
}

// heed does what follows from a setting at once.
func (s *Service) heed(name, value string) {
	switch name {
	case AwayAfter:
		s.SetAway(awayAfter(value))
	case Nearby:
		s.setNearby(value == "true")
	case Hide:
		s.turnedOver()
	case UsePresence:
		s.usePresence(value == "true")
	case UseMessages:
		s.useMessages(value == "true")
	}
}

// usePresence switches presence on or off. What contacts say of themselves is
// noted all the same: it holds again at once.
func (s *Service) usePresence(on bool) {
	s.unseen.Store(!on)
	s.mu.Lock()
	for a := range s.sights.of {
		s.show(a)
		if !on {
			s.stopTyping(a)
		}
	}
	s.mu.Unlock()
	s.turnedOver() // what I can follow has changed
	s.restate()
}

// useMessages switches messages on or off. What I wrote before is delivered, and
// what waits for me comes when they are on again: contacts hear of that.
func (s *Service) useMessages(on bool) {
	s.mute.Store(!on)
	if !on {
		return
	}
	s.resumed.Add(1)
	err := s.store.View(func(r Reader) error {
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if c.Relation() == Accepted {
				s.moveLog(c.Account)
			}
		}
		return nil
	})
	if err != nil {
		s.log.Warn("contacts are not told that messages are taken again", "error", err)
	}
}

// awayAfter is what the setting of that name says; its default if that cannot be
// read.
func awayAfter(value string) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil {
		known, _ := findSetting(AwayAfter)
		d, _ = time.ParseDuration(known.value)
	}
	return d
}

func receipts(r Reader) (visible bool, err error) {
	value, err := r.Setting(ReadReceipts)
	return value != "false", err
}
