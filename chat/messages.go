package chat

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/truce-im/truce/chat/wire"
)

// MaxKey is the length of an idempotency key in characters.
const MaxKey = 64

// keepKeys is how long an idempotency key is remembered, in milliseconds.
const keepKeys = 14 * 24 * 60 * 60 * 1000

// SendOptions go with a message.
type SendOptions struct {
	ReplyTo wire.MessageID // zero: no reply
	Key     string         // idempotency key, or empty
}

// Send appends a message to the conversation with to and returns once it is on
// disk; links push it from there. Errors: CodeUsage for a text that is empty
// or not UTF-8; CodeRefused for one that is too long, or if to is no contact
// and was not asked; ErrNotFound for a reply to an unknown message; CodeFailed
// if the disk is almost full.
func (s *Service) Send(to wire.Account, text string, opt SendOptions) (m Message, err error) {
	if err := InputError(wire.CheckText(text)); err != nil {
		return m, err
	}
	c := wire.NewText(salt(), text)
	if !opt.ReplyTo.IsZero() {
		c = wire.NewReply(salt(), opt.ReplyTo, text)
	}
	return s.post(to, c, "send", opt.Key, func(tx Tx) error {
		if opt.ReplyTo.IsZero() {
			return nil
		}
		_, err := s.target(tx, opt.ReplyTo, to)
		return err
	})
}

// post appends a message of mine, unless what was done with that key before, or
// messages to that account are not taken, or may refuses it.
func (s *Service) post(to wire.Account, c wire.Content, what, key string, may func(Tx) error) (m Message, err error) {
	d, err := s.draft(to, c)
	if err != nil {
		return m, err
	}
	var again bool
	err = s.store.Update(func(tx Tx) error {
		done, err := s.done(tx, key, what)
		if err != nil {
			return err
		}
		if again = done != nil; again {
			m, err = s.message(tx, done.ID)
			return err
		}
		if err := s.mayWrite(tx, to); err != nil {
			return err
		}
		if err := may(tx); err != nil {
			return err
		}
		e, err := s.append(tx, to, d)
		if err != nil {
			return err
		}
		if m, err = s.sent(tx, &e, to, c); err != nil {
			return err
		}
		return s.remember(tx, key, Done{What: what, ID: e.ID})
	})
	if err != nil {
		return Message{}, err
	}
	if !again {
		s.counted.sent.Add(1)
	}
	s.moveLog(to)
	return m, nil
}

func salt() (b [16]byte) {
	rand.Read(b[:])
	return b
}

var errMute = Errorf(CodeRefused, "messages are switched off").WithHint("`truce config messages true`")

// mayWrite fails unless messages to a are taken, at least into the queue.
func (s *Service) mayWrite(r Reader, a wire.Account) error {
	if err := stopped(r); err != nil {
		return err
	}
	if s.mute.Load() {
		return errMute
	}
	c, err := r.Contact(a)
	if err != nil {
		return err
	}
	switch c.Relation() {
	case Accepted, Asked:
		return s.Room()
	case Blocked:
		return errBlocked(c)
	case Declined:
		return Errorf(CodeRefused, "%s declined your request", c.Name).WithHint("ask them again with `truce add` and a new link")
	case Requested:
		return Errorf(CodeRefused, "%s waits for your answer", c.Name).WithHint("`truce accept %s`", a)
	}
	return Errorf(CodeRefused, "%s is not a contact", c.Name).WithHint("ask them with `truce add` and their link")
}

// writable returns the log that this device writes for a, which must not be
// stopped. The store is asked, not memory: the key may just have changed.
func (s *Service) writable(tx Tx, a wire.Account) (wire.Log, error) {
	if err := stopped(tx); err != nil {
		return wire.Log{}, err
	}
	self, err := tx.Self()
	l := s.ownLog(a)
	if err == nil && !bytes.Equal(self.Device[:], s.deviceKey().Seed()) {
		l.Device = publicDevice(self.Device)
	}
	return l, err
}

// draft is content of my own, under a new salt, on its way into a log. It is
// made before the update where it can be: the others of a group wait for that.
type draft struct {
	content wire.Content
	body    []byte
	id      wire.MessageID
}

func (s *Service) draft(to wire.Account, c wire.Content) (draft, error) {
	body, err := c.Encode()
	if err != nil {
		return draft{}, Errorf(CodeRefused, "%w", err)
	}
	return draft{c, body, wire.ID(s.self.Account, s.conv(to), body, c.Salt)}, nil
}

// append writes a draft to the end of my log with a.
func (s *Service) append(tx Tx, a wire.Account, d draft) (e Event, err error) {
	l, err := s.writable(tx, a)
	if err != nil {
		return e, err
	}
	st, err := tx.Log(l)
	if err != nil {
		return e, err
	}
	now := s.nowMillis()
	e = Event{
		Log: st.Log, Seq: st.Head + 1, ID: d.id, Received: now, Order: clampOrder(now, st.Order, now),
		Wire: wire.Event{Kind: wire.KindContent, Stamp: now, Prev: st.Chain, Body: d.body},
	}
	chain := e.Wire.Chain(e.Log, e.Seq)
	e.Wire.Owner = s.self.Owner.Tag(e.Log, e.Seq, chain)
	if err := s.absorbContent(tx, &e, d.content); err != nil {
		return e, err
	}
	if err := tx.Append(&e); err != nil {
		return e, err
	}
	st.Head, st.Chain, st.Order = e.Seq, chain, e.Order
	return e, tx.PutLog(st)
}

// Edit replaces the text of a message that I wrote. Errors: ErrNotFound;
// CodeRefused for another's message or a deleted one; those of Send.
func (s *Service) Edit(id wire.MessageID, text, key string) (Message, error) {
	if err := InputError(wire.CheckText(text)); err != nil {
		return Message{}, err
	}
	return s.change(id, key, "edit", func(tx Tx, m Message) (*wire.Content, error) {
		if err := mayChange(m); err != nil {
			return nil, err
		}
		if m.Text == text {
			return nil, nil
		}
		if err := s.mayWrite(tx, m.Peer); err != nil {
			return nil, err
		}
		c := wire.NewEdit(salt(), id, text)
		return &c, nil
	})
}

// Delete takes back a message that I wrote, for both sides. One that has not
// left is never sent. Deleting twice changes nothing. It is possible
// whatever has become of the contact and however full the disk is. Errors:
// ErrNotFound; CodeRefused for another's message.
func (s *Service) Delete(id wire.MessageID, key string) (Message, error) {
	return s.takeBack(id, key, "delete", func(_ Tx, m Message, _ *Event) (bool, error) {
		if m.Out && m.Deleted {
			return false, nil
		}
		return true, mayChange(m)
	})
}

func mayChange(m Message) error {
	switch {
	case m.Notice != "":
		return errNotice
	case !m.Out:
		return Errorf(CodeRefused, "only its writer can change a message").WithHint("you can answer it, or react to it")
	case m.Deleted:
		return errDeleted
	}
	return nil
}

var errDeleted = Errorf(CodeRefused, "the message is deleted")

// React puts an emoji on a message, or takes it off again. What is already so
// stays. Errors: ErrNotFound; CodeUsage for no emoji; CodeRefused for a
// deleted message.
func (s *Service) React(id wire.MessageID, emoji string, remove bool, key string) (Message, error) {
	if err := CheckReaction(emoji, remove); err != nil {
		return Message{}, err
	}
	return s.change(id, key, "react", func(tx Tx, m Message) (*wire.Content, error) {
		fold, err := tx.Fold(s.conv(m.Peer), id)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(fold.Reactions, func(r Reaction) bool {
			return r.Account == s.self.Account && r.Emoji == emoji && !r.Removed
		})
		switch {
		case m.Notice != "":
			return nil, errNotice
		case remove && i < 0, !remove && i >= 0:
			return nil, nil
		case m.Deleted:
			return nil, errDeleted
		case !remove && fold.full(s.self.Account, emoji):
			return nil, Errorf(CodeRefused, "you have put %d different reactions on this message: no more are kept", maxReactions).WithHint("take one off first: `truce react ID EMOJI --remove`")
		}
		if err := s.mayWrite(tx, m.Peer); err != nil {
			return nil, err
		}
		c := wire.NewReaction(salt(), id, emoji)
		if remove {
			c = wire.NewUnreact(salt(), id, fold.Reactions[i].ID, emoji)
		}
		return &c, nil
	})
}

// change appends what decide makes of the message id, unless it makes nothing.
func (s *Service) change(id wire.MessageID, key, what string, decide func(Tx, Message) (*wire.Content, error)) (Message, error) {
	var target wire.MessageID
	var moved *wire.Account
	err := s.store.Update(func(tx Tx) error {
		target, moved = id, nil
		done, err := s.done(tx, key, what)
		if err != nil {
			return err
		}
		if done != nil {
			target = done.ID
			return nil
		}
		m, err := s.message(tx, id)
		if err != nil {
			return err
		}
		c, err := decide(tx, m)
		if err != nil {
			return err
		}
		if c != nil {
			d, err := s.draft(m.Peer, *c)
			if err != nil {
				return err
			}
			if _, err := s.append(tx, m.Peer, d); err != nil {
				return err
			}
			moved = &m.Peer
		}
		return s.remember(tx, key, Done{What: what, ID: id})
	})
	if err != nil {
		return Message{}, err
	}
	if moved != nil {
		s.moveLog(*moved)
	}
	return s.Message(target)
}

// done looks up an idempotency key; nil if it is new or empty.
func (s *Service) done(r Reader, key, what string) (*Done, error) {
	switch {
	case key == "":
		return nil, nil
	case utf8.RuneCountInString(key) > MaxKey:
		return nil, Errorf(CodeUsage, "a key has at most %d characters", MaxKey)
	}
	d, err := r.Done(key)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case d.What != what:
		return nil, Errorf(CodeUsage, "this key was used for %s", d.What).WithHint("a new command needs a new key")
	}
	return &d, nil
}

func (s *Service) remember(tx Tx, key string, d Done) error {
	if key == "" {
		return nil
	}
	d.Time = s.nowMillis()
	return tx.PutDone(key, d)
}

// ForgetKeys drops the idempotency keys that are older than they are promised
// to be remembered. Call it now and then.
func (s *Service) ForgetKeys() error {
	now := s.nowMillis()
	return s.store.Update(func(tx Tx) error { return tx.ForgetDone(now - min(now, keepKeys)) })
}

// minPrefix is the fewest hex digits that may stand for an id.
const minPrefix = 6

// ResolveID finds the message whose id is, or begins with, prefix. Errors:
// CodeUsage if it is no hex of 6 to 64 digits; ErrNotFound; ErrAmbiguous.
func (s *Service) ResolveID(prefix string) (id wire.MessageID, err error) {
	prefix = strings.ToLower(prefix)
	if len(prefix) < minPrefix || len(prefix) > 2*len(id) || strings.Trim(prefix, "0123456789abcdef") != "" {
		return id, Errorf(CodeUsage, "a message id is 64 hex digits, or the first %d or more of them", minPrefix)
	}
	if full, err := hex.DecodeString(prefix); err == nil && len(full) == len(id) {
		id = wire.MessageID(full)
		_, err := s.Message(id)
		return id, err
	}
	var found []Event
	err = s.store.View(func(r Reader) error {
		found, err = r.ByPrefix(prefix, 2)
		return err
	})
	switch {
	case err != nil:
		return id, err
	case len(found) == 0:
		return id, errNoMessage
	case len(found) > 1:
		return id, Errorf(CodeAmbiguous, "more than one message id begins with %s", prefix).WithHint("use more digits")
	}
	return found[0].ID, nil
}

var errNoMessage = Errorf(CodeNotFound, "there is no message with this id").WithHint("`truce history WHO` shows the ids")

// WaitDelivered returns the message once it is delivered, read or failed. If
// ctx ends first, it returns the message as it stands and the error of ctx.
func (s *Service) WaitDelivered(ctx context.Context, id wire.MessageID) (Message, error) {
	for {
		changed := s.store.Changed()
		m, err := s.Message(id)
		if err != nil || m.State != Queued && m.State != Carried {
			return m, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return m, ctx.Err()
		}
	}
}
