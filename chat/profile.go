package chat

import (
	"bytes"
	"crypto/sha256"
	"errors"

	"github.com/truce-im/truce/chat/picture"
	"github.com/truce-im/truce/chat/wire"
)

// ProfileView is what somebody tells their contacts of themselves. Nobody has
// checked it.
type ProfileView struct {
	Account wire.Account
	Name    string // suggested; may be empty
	About   string // may hold control characters
	Avatar  []byte // SHA-256 of the picture; empty: none
	Here    bool   // the picture is on this disk
}

// ProfileChange sets what is not nil.
type ProfileChange struct {
	Name   *string // that of SetName too
	About  *string
	Avatar *[]byte // a PNG or JPEG file; empty: none any more
}

// ProfileOf returns the profile of an account that I know, or mine. Errors:
// ErrNotFound.
func (s *Service) ProfileOf(a wire.Account) (v ProfileView, err error) {
	err = s.store.View(func(r Reader) error {
		fallback, err := suggested(r, a)
		if err != nil {
			return err
		}
		c, err := r.Card(a)
		if err != nil {
			return err
		}
		file, err := r.Picture(a)
		v = ProfileView{Account: a, Name: first(c.Profile.Name, fallback), About: c.Profile.About, Avatar: c.Profile.Avatar, Here: len(file) > 0}
		return err
	})
	return v, err
}

// suggested is the name by which somebody asked to be called, before any profile.
func suggested(r Reader, a wire.Account) (string, error) {
	self, err := r.Self()
	if err != nil || self.Account == a {
		return self.Name, err
	}
	c, err := r.Contact(a)
	return c.Theirs.Name, err
}

// SetProfile changes my profile; contacts are told. Of a picture its pixels alone
// are kept. Errors: CodeUsage for a bad name, for what is not UTF-8 and for what is
// no picture; CodeRefused for what is too long or too large.
func (s *Service) SetProfile(change ProfileChange) error {
	if change.Name != nil {
		if err := InputError(wire.CheckName(*change.Name)); err != nil {
			return err
		}
	}
	if change.About != nil {
		if err := checkProse("what you say of yourself", *change.About, wire.MaxAbout); err != nil {
			return err
		}
	}
	var file []byte
	if change.Avatar != nil && len(*change.Avatar) > 0 {
		var err error
		if file, err = cleanPicture(*change.Avatar); err != nil {
			return err
		}
	}
	return s.update(func(tx Tx) error { return s.setProfile(tx, change, file) })
}

func cleanPicture(file []byte) ([]byte, error) {
	clean, err := picture.Clean(file, wire.MaxAvatar)
	switch {
	case errors.Is(err, picture.ErrSize):
		return nil, Errorf(CodeRefused, "a picture has at most %d × %d pixels and %d KiB", picture.MaxSide, picture.MaxSide, wire.MaxAvatar>>10).WithHint("make it smaller")
	case err != nil:
		return nil, Errorf(CodeUsage, "that is no picture that can be read: %w", err).WithHint("it has to be a PNG or a JPEG file")
	}
	return clean, nil
}

func (s *Service) setProfile(tx Tx, change ProfileChange, file []byte) error {
	self, err := tx.Self()
	if err != nil {
		return err
	}
	mine, err := tx.Card(self.Account)
	if err != nil {
		return err
	}
	p := &mine.Profile
	if change.Name != nil {
		self.Name = *change.Name
	}
	if change.About != nil {
		p.About = *change.About
	}
	if change.Avatar != nil {
		if p.Avatar = nil; file != nil {
			p.Avatar = hashOf(file)
		}
		if err := tx.PutPicture(self.Account, file); err != nil {
			return err
		}
	}
	p.Name, p.Version = self.Name, max(p.Version+1, s.nowMillis())
	return errors.Join(tx.PutSelf(self), tx.PutCard(mine), tx.Note(Change{Kind: ChangeSelf, Time: s.nowMillis()}))
}

func hashOf(file []byte) []byte {
	sum := sha256.Sum256(file)
	return sum[:]
}

// Picture returns the file of somebody's picture, or of mine, as it came: it may
// be anything. Nil: there is none, or it has not come yet.
func (s *Service) Picture(a wire.Account) (file []byte, err error) {
	err = s.store.View(func(r Reader) error {
		found, err := r.Picture(a)
		file = bytes.Clone(found)
		return err
	})
	return file, err
}

// LacksPicture reports whether a contact tells of a picture that has not come, and
// which.
func (s *Service) LacksPicture(a wire.Account) (hash [sha256.Size]byte, lacks bool, err error) {
	err = s.store.View(func(r Reader) error {
		c, err := r.Card(a)
		if err != nil || len(c.Profile.Avatar) != len(hash) {
			return err
		}
		has, err := r.HasPicture(a)
		hash, lacks = [sha256.Size]byte(c.Profile.Avatar), !has
		return err
	})
	return hash, lacks, err
}

// MyPicture returns the file of my picture if it has that hash, else nil.
func (s *Service) MyPicture(hash [sha256.Size]byte) (file []byte, err error) {
	err = s.store.View(func(r Reader) error {
		c, err := r.Card(s.self.Account)
		if err != nil || !bytes.Equal(c.Profile.Avatar, hash[:]) {
			return err
		}
		found, err := r.Picture(s.self.Account)
		file = bytes.Clone(found)
		return err
	})
	return file, err
}

// TakePicture keeps the picture of a contact, if it is the one that the contact
// tells of. Errors: ErrProtocol for a file that is over wire.MaxAvatar.
func (s *Service) TakePicture(a wire.Account, file []byte) error {
	if len(file) > wire.MaxAvatar {
		return errors.Join(ErrProtocol, errors.New("a picture that is too large"))
	}
	return s.store.Update(func(tx Tx) error {
		c, err := tx.Card(a)
		if err != nil || !bytes.Equal(c.Profile.Avatar, hashOf(file)) {
			return err
		}
		return errors.Join(tx.PutPicture(a, file), tx.Note(Change{Kind: ChangeContact, Account: a, Time: s.nowMillis()}))
	})
}
