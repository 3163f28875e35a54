package link

import (
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat/wire"
)

// Courier has what sessions carry beside logs and marks: presence, signals. Its
// methods are called one at a time for each Contact, in the order Up, Take…, Down,
// from the session's own goroutine: they must not block.
type Courier interface {
	// Up tells of a session on which the contact's device takes frames: the one in
	// use with it, after both have shown that they are contacts.
	Up(*Contact)
	// Take gets a PresenceFrame, Views, Signal, AskPicture or Picture of a contact,
	// between Up and Down or not. An error that is chat.ErrProtocol ends the session.
	Take(c *Contact, frame any) error
	// Down tells that a session of Up has ended or is not in use any more.
	Down(*Contact)
}

// Contact is a session with a device of a contact, as a Courier sees it.
type Contact struct {
	Account wire.Account
	Device  wire.Device
	Peer    peer.ID
	Mine    [32]byte // what I show of this session (wire.HelloKey.BulkToken)
	Theirs  [32]byte

	s *session
}

func newContact(s *session) *Contact {
	return &Contact{
		Account: s.who.account, Device: s.who.device, Peer: s.peer,
		Mine: s.who.bulk.mine, Theirs: s.who.bulk.theirs, s: s,
	}
}

// Send puts a frame in line. A newer one takes the place of one that has not gone
// yet, and of Views a tag that of the same tag: who reads slowly sees the newest
// state, not all that were. It never blocks, and is safe for concurrent use.
func (c *Contact) Send(frame any) {
	var err error
	switch f := frame.(type) {
	case wire.PresenceFrame:
		c.s.out.newest(f.Type, f)
	case wire.Signal:
		c.s.out.newest(f.Type, f)
	case wire.AskPicture:
		c.s.out.newest(f.Type, f)
	case wire.Picture:
		c.s.out.newest(f.Type, f)
	case wire.Views:
		err = c.s.out.show(f.Shown)
	default:
		err = c.s.out.answer(f)
	}
	if err != nil {
		c.s.kill(err)
	}
}

// courtesy tells the courier when the session begins, or ceases, to be one on
// which frames of its own go.
func (s *state) courtesy() {
	talks := s.talks.Load() && s.theirs
	if talks != s.linked {
		s.linked = talks
		if talks {
			if err := s.chat.DeviceLinked(s.who.account, s.who.device, s.who.ahead); err != nil {
				s.m.log.Warn("cannot note that a contact is there", "error", err)
			}
		} else {
			s.chat.DeviceLeft(s.who.account, s.who.device)
		}
	}
	if up := talks && s.active.Load() && s.m.cfg.Courier != nil; up != s.up {
		s.up = up
		if up {
			s.m.cfg.Courier.Up(s.contact)
		} else {
			s.m.cfg.Courier.Down(s.contact)
		}
	}
}

// uncourteous undoes what courtesy told.
func (s *state) uncourteous() {
	s.talks.Store(false)
	s.courtesy()
}

// passOn gives the courier a frame of its own.
func (s *state) passOn(f any) error {
	if s.m.cfg.Courier == nil {
		return nil
	}
	return s.m.cfg.Courier.Take(s.contact, f)
}
