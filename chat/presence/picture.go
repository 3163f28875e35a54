package presence

import (
	"crypto/sha256"
	"errors"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// Limits of pictures, of which each has wire.MaxAvatar bytes.
const (
	picturesSought = 4 // of one contact at once, on all sessions, and then one in pictureWait: each is written to disk

	pictureWait  = time.Minute      // for the answer to a question, before it is asked anew
	pictureEvery = 30 * time.Second // between two that are handed out: nobody changes theirs so often
)

// pictures is what was asked on one session. It is guarded by Manager.mu.
type pictures struct {
	sought  [sha256.Size]byte
	asked   time.Time // for sought
	waiting bool      // for the answer
	gave    time.Time // when mine was handed out
}

// seekPictures asks for those that contacts tell of and that are not here.
func (m *Manager) seekPictures() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c, p := range m.peers {
		m.seekPicture(c, p)
	}
}

// seekPicture asks one question at a time. m.mu is held.
func (m *Manager) seekPicture(c *link.Contact, p *peerState) {
	lately := time.Since(p.pictures.asked) < pictureWait
	if lately && p.pictures.waiting {
		return
	}
	hash, lacks, err := m.chat.LacksPicture(c.Account)
	if err != nil {
		m.log.Warn("cannot tell whose picture is missing", "error", err)
		return
	}
	if lacks && !(lately && hash == p.pictures.sought) && m.maySeek(c.Account) {
		p.pictures.sought, p.pictures.asked, p.pictures.waiting = hash, time.Now(), true
		c.Send(wire.AskPicture{Type: wire.FrameAskPicture, Hash: hash})
	}
}

// maySeek reports whether another picture of a is fetched now: a contact may tell
// of a new one as often as it likes. m.mu is held.
func (m *Manager) maySeek(a wire.Account) bool {
	b := m.sought[a]
	if b == nil {
		b = &budget{at: time.Now(), left: picturesSought, most: picturesSought, per: pictureWait}
		m.sought[a] = b
	}
	return b.take(time.Now()) == 0
}

// givePicture answers a contact that lacks my picture. Who asks too often is not
// answered.
func (m *Manager) givePicture(c *link.Contact, f *wire.AskPicture) error {
	m.mu.Lock()
	p := m.peers[c]
	early := p == nil || time.Since(p.pictures.gave) < pictureEvery
	m.mu.Unlock()
	if early {
		return nil
	}
	file, err := m.chat.MyPicture(f.Hash)
	if err != nil {
		return err
	}
	if len(file) > 0 {
		m.mu.Lock()
		p.pictures.gave = time.Now()
		m.mu.Unlock()
	}
	c.Send(wire.Picture{Type: wire.FramePicture, Hash: f.Hash, File: file})
	return nil
}

// takePicture takes the answer to a question of mine, and nothing else. An empty
// one says that the contact has another picture by now, and will tell which.
func (m *Manager) takePicture(c *link.Contact, f *wire.Picture) error {
	if !m.answered(c, f.Hash) || len(f.File) == 0 {
		return nil
	}
	if sha256.Sum256(f.File) != f.Hash {
		return errors.Join(chat.ErrProtocol, errors.New("it sends another picture than it was asked for"))
	}
	if err := m.chat.TakePicture(c.Account, f.File); err != nil {
		return err
	}
	m.seekPictures() // it may be an old one already
	return nil
}

// answered reports whether the picture was asked for, and notes that it was
// answered.
func (m *Manager) answered(c *link.Contact, hash [sha256.Size]byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.peers[c]
	if p == nil || !p.pictures.waiting || p.pictures.sought != hash {
		return false
	}
	p.pictures.waiting = false
	return true
}
