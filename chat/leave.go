package chat

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/truce-im/truce/chat/wire"
)

// Whoever takes a message back must know whether somebody may have it: whether
// it has left this disk. Of what left since the start memory knows how far each
// log has. A mark on disk, made before the first event of a conversation leaves
// and taken off when its last link has ended with all of it acknowledged,
// outlives a crash: while it stands and memory is empty, anything may have left.

// settingUnsure holds the marks: short names of conversations, with spaces
// between.
const settingUnsure = "unsure"

// unsureName is sealed with the others: it need not hide anything, but be short.
func unsureName(c wire.ConvID) string { return hex.EncodeToString(c[:8]) }

func unsure(r Reader) ([]string, error) {
	value, err := r.Setting(settingUnsure)
	return strings.Fields(value), err
}

// departures is what left since the start, by conversation: of each log of mine
// the last position that did. A conversation is in it if it is marked on disk.
type departures map[wire.ConvID]map[wire.Log]uint64

// leave reads events of mine that are to leave, and notes that they do.
func (s *Service) leave(l wire.Log, seq uint64, limit int) (p wire.Push, size int, err error) {
	s.leaving.RLock()
	defer s.leaving.RUnlock()
	if err := s.markLeaving(l.Conv); err != nil {
		return p, 0, err
	}
	if p, size, err = s.eventsFrom(l, seq, limit); err != nil || len(p.Events) == 0 {
		return p, size, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.departed[l.Conv]
	left[l] = max(left[l], seq+uint64(len(p.Events))-1)
	return p, size, nil
}

// markLeaving marks a conversation that is not marked yet. Of one that has been
// since an earlier start, all that is in its logs may have left. It is called
// with leaving held, so that no mark is taken off meanwhile.
func (s *Service) markLeaving(c wire.ConvID) error {
	s.mu.Lock()
	known := s.departed[c] != nil
	s.mu.Unlock()
	if known {
		return nil
	}
	var left map[wire.Log]uint64
	err := s.store.Update(func(tx Tx) error {
		left = map[wire.Log]uint64{}
		names, err := unsure(tx)
		if err != nil {
			return err
		}
		if !slices.Contains(names, unsureName(c)) {
			return tx.PutSetting(settingUnsure, strings.Join(append(names, unsureName(c)), " "))
		}
		logs, err := tx.Logs(c)
		for _, st := range logs {
			left[st.Log] = st.Head
		}
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.departed[c] == nil {
		s.departed[c] = left
	}
	return nil
}

// mayHaveLeft reports whether the other side may have e. It is called with
// leaving locked.
func (s *Service) mayHaveLeft(r Reader, e *Event) (bool, error) {
	if e.Log.Device != s.Device() {
		return true, nil // what another device did, this one does not know
	}
	s.mu.Lock()
	left := s.departed[e.Log.Conv]
	s.mu.Unlock()
	if left != nil {
		return e.Seq <= left[e.Log], nil
	}
	names, err := unsure(r)
	return slices.Contains(names, unsureName(e.Log.Conv)), err
}

// arrived takes the mark off the conversation with a, whose last link has ended,
// if all that left has been acknowledged.
func (s *Service) arrived(a wire.Account) error {
	c := s.conv(a)
	s.leaving.Lock()
	defer s.leaving.Unlock()
	s.mu.Lock()
	left := s.departed[c]
	s.mu.Unlock()
	if left == nil {
		return nil
	}
	err := s.store.Update(func(tx Tx) error {
		for l, seq := range left {
			st, err := tx.Log(l)
			if err != nil {
				return err
			}
			if l.Account == s.self.Account && st.Delivered < seq {
				return errUnanswered
			}
		}
		names, err := unsure(tx)
		if err != nil {
			return err
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == unsureName(c) })
		return tx.PutSetting(settingUnsure, strings.Join(names, " "))
	})
	if errors.Is(err, errUnanswered) {
		return nil
	}
	s.mu.Lock()
	delete(s.departed, c) // also if it is not known whether the mark is off
	s.mu.Unlock()
	return err
}

// leftAnew notes that what stood in the log l of mine, from position seq on, is
// at the end of my present log with a now. It is called with leaving locked.
func (s *Service) leftAnew(a wire.Account, l wire.Log, seq uint64) error {
	s.mu.Lock()
	left := s.departed[l.Conv]
	s.mu.Unlock()
	if left[l] < seq {
		return nil
	}
	return s.store.View(func(r Reader) error {
		st, err := r.Log(s.ownLog(a))
		left[st.Log] = max(left[st.Log], st.Head)
		return err
	})
}

var errUnanswered = errors.New("something left and was not acknowledged")
