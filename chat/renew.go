package chat

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"

	"github.com/truce-im/truce/chat/wire"
)

// A device key must never write two events at one position. So a home that was
// copied, restored or rolled back takes a new one (rules 12 and 13): a new
// device has new logs. That needs the account key, which signs the list.

// errRenew is why nothing can be written under a device key that is not sure
// to be ours alone.
var errRenew = Errorf(CodeFailed, "this home is a copy, or older than what your contacts have, so it must not write under its old device key").
	WithHint("`truce device renew` gives it a new one; it may ask for your 24 words")

var errTaken = Errorf(CodeFailed, "%s, so this one must not write", TakenOver).
	WithHint("go on there; or take the account back with `truce device renew`, which stops the other")

// Renew gives this device a new key and retires the old one, whose logs stay
// and are delivered. key is the account's. Sessions made before still speak
// for the old one: end them.
func (s *Service) Renew(key ed25519.PrivateKey) error {
	if wire.Account(key.Public().(ed25519.PublicKey)) != s.self.Account {
		return Errorf(CodeRefused, "this key is of another account").WithHint("`truce id` shows whose home this is")
	}
	var fresh Self
	err := s.store.Update(func(tx Tx) (err error) {
		fresh, err = s.renew(tx, key)
		return err
	})
	if err == nil {
		s.become(fresh)
	}
	return err
}

// renew writes the new identity. Nobody knows how far the old device has
// written, so its last seq is left open.
func (s *Service) renew(tx Tx, key ed25519.PrivateKey) (Self, error) {
	self, err := tx.Self()
	if err != nil {
		return self, err
	}
	list, err := wire.ParseDeviceList(self.List)
	if err != nil {
		return self, err
	}
	retire := []wire.Device{publicDevice(self.Device)}
	for _, d := range list.Live {
		if self.Taken {
			retire = append(retire, d.Key)
		}
	}
	for _, d := range retire {
		list.Retire(d, nil)
	}
	rand.Read(self.Device[:])
	list.Live = append(list.Live, wire.Claim(ed25519.NewKeyFromSeed(self.Device[:]), self.Account))
	list.Sort()
	list.N = max(list.N+1, s.nowMillis()/1000)
	if self.List, err = list.Sign(key); err != nil {
		return self, err
	}
	self.Renew, self.Taken = false, false
	if err := tx.PutSelf(self); err != nil {
		return self, err
	}
	return self, tx.Note(Change{Kind: ChangeSelf, Name: NewDevice, Time: s.nowMillis()})
}

// Names of the ChangeSelf rows that tell the user of such things.
const (
	NewDevice = "new device key"
	OldHome   = "this home is older than what your contacts have, or a copy of another"
	TakenOver = "another device has taken over this account"
)

// become makes fresh the identity under which this service writes.
func (s *Service) become(fresh Self) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.device = ed25519.NewKeyFromSeed(fresh.Device[:])
	s.turns++
	s.proofs = nil
	if s.renewed != nil {
		close(s.renewed)
		s.renewed = nil
	}
}

// Renewed returns a channel that is closed when the device key changes: links
// that speak for the old one are of no use then.
func (s *Service) Renewed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.renewed == nil {
		s.renewed = make(chan struct{})
	}
	return s.renewed
}

func publicDevice(seed [32]byte) wire.Device {
	return wire.Device(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

// Born compares where the store's file was born with what it was when this
// device last wrote. copied means that the file is another one: a copy. An empty
// birth is not known, and says nothing.
func (s *Service) Born(birth string) (copied bool, err error) {
	self, err := s.current()
	if err != nil || birth == "" || birth == self.Birth {
		return false, err
	}
	return self.Birth != "", s.store.Update(func(tx Tx) error {
		self, err := tx.Self()
		if err != nil {
			return err
		}
		self.Renew = self.Renew || self.Birth != ""
		self.Birth = birth
		return tx.PutSelf(self)
	})
}

// Stopped returns why this device must not write, nil if it may.
func (s *Service) Stopped() error { return s.store.View(stopped) }

func stopped(r Reader) error {
	self, err := r.Self()
	switch {
	case err != nil:
		return err
	case self.Taken:
		return errTaken
	case self.Renew:
		return errRenew
	}
	return nil
}

// NeedsRenewal reports whether this device must not write before Renew, which
// may be called without asking: nobody else speaks for the account meanwhile.
func (s *Service) NeedsRenewal() (bool, error) {
	self, err := s.current()
	return self.Renew && !self.Taken, err
}

// TakeOwnList takes the list of my own account that a contact shows me. If
// mine is older and this device is not on it any more, another device has taken
// over: this one stops writing (rule 13).
func (s *Service) TakeOwnList(signed []byte) error {
	list, err := wire.ParseDeviceList(signed)
	if err != nil {
		return err
	}
	if list.Account != s.self.Account {
		return errors.Join(ErrProtocol, errors.New("it shows another's list as mine"))
	}
	self, err := s.current()
	if err != nil {
		return err
	}
	mine, err := wire.ParseDeviceList(self.List)
	older := list.N < mine.N || list.N == mine.N && bytes.Compare(signed, self.List) <= 0
	if err != nil || older || list.HasLive(s.Device()) {
		return err
	}
	return s.store.Update(func(tx Tx) error {
		self, err := tx.Self()
		if err != nil || self.Taken {
			return err
		}
		self.Taken, self.List = true, signed // what Renew will go on from
		if err := tx.PutSelf(self); err != nil {
			return err
		}
		return tx.Note(Change{Kind: ChangeSelf, Name: TakenOver, Time: s.nowMillis()})
	})
}

// ListOf returns the newest signed device list known of a; nil if none is.
func (s *Service) ListOf(a wire.Account) []byte {
	c, err := s.contactOf(a)
	if err != nil {
		return nil
	}
	return c.List
}
