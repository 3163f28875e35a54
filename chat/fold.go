package chat

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/truce-im/truce/chat/wire"
)

// maxReactions bounds what one account can put on one message (rule 18).
const maxReactions = 32

// full reports whether a has as many reactions on the message as are kept, and
// none with that emoji. Removed ones count.
func (f *Fold) full(a wire.Account, emoji string) bool {
	n := 0
	for _, r := range f.Reactions {
		if r.Account == a {
			if r.Emoji == emoji {
				return false
			}
			n++
		}
	}
	return n >= maxReactions
}

// Compare orders positions as a history shows them.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Order, q.Order), bytes.Compare(p.Device[:], q.Device[:]), cmp.Compare(p.Seq, q.Seq))
}

// clampOrder fixes the order key of an event at commit (rule 19): the stamp,
// but not before its predecessor in the log and not more than two minutes
// after its receipt. So no clock can bring a log out of order or hold a message
// at the end for ever.
func clampOrder(stamp, predecessor, received uint64) uint64 {
	return max(predecessor, min(stamp, received+clockAhead))
}

// clockAhead is how far a stamp may be ahead of our clock, in milliseconds.
const clockAhead = 2 * 60 * 1000

// absorb appends e, which the caller has placed in its log, and folds what its
// content does to other messages. It reports whether e is a new message.
func (s *Service) absorb(tx Tx, e *Event) (listed bool, err error) {
	c, ok := content(e)
	if !ok {
		e.ID, e.Listed = unreadableID(e), !e.Wire.Stub && e.Wire.Kind < wire.KindSilent
		return e.Listed, errors.Join(s.learn(tx, e), tx.Append(e))
	}
	e.ID = wire.ID(e.Log.Account, e.Log.Conv, e.Wire.Body, c.Salt)
	if _, err := tx.ByID(e.ID); !errors.Is(err, ErrNotFound) {
		if err != nil {
			return false, err
		}
		return false, s.absorbTwin(tx, e)
	}
	if err := s.absorbContent(tx, e, c); err != nil {
		return false, err
	}
	return e.Listed, tx.Append(e)
}

// absorbTwin appends a message that stands at another position already (rule
// 12). Its text is kept once, so that a deletion finds it; but mine must be
// there for those who have not got it.
func (s *Service) absorbTwin(tx Tx, e *Event) error {
	e.ID = unreadableID(e)
	if e.Log.Account != s.self.Account {
		blank(&e.Wire)
	}
	return tx.Append(e)
}

func (s *Service) absorbContent(tx Tx, e *Event, c wire.Content) error {
	fold, err := tx.Fold(e.Log.Conv, e.ID)
	if err != nil {
		return err
	}
	deleted := slices.Contains(fold.Deleted, e.Log.Account)
	switch c.Kind() {
	case wire.ContentReaction:
		if c.Replaces != nil {
			err = s.foldDelete(tx, e, *c.Replaces)
		}
		for _, emoji := range c.Emojis() {
			err = errors.Join(err, s.foldReaction(tx, e, *c.InReplyTo, emoji, deleted))
		}
		return err
	case wire.ContentEdit:
		return s.foldEdit(tx, e, *c.Replaces)
	case wire.ContentDelete, wire.ContentUnreaction:
		return s.foldDelete(tx, e, *c.Replaces)
	}
	e.Listed = true
	switch {
	case deleted:
		blank(&e.Wire)
	case c.Nudge() && e.Log.Account != s.self.Account:
		return s.ring(tx, e)
	}
	return nil
}

// content decodes the body of e, if it is content that this version can read.
func content(e *Event) (wire.Content, bool) {
	if e.Wire.Stub || e.Wire.Kind != wire.KindContent {
		return wire.Content{}, false
	}
	c, err := wire.DecodeContent(e.Wire.Body)
	return c, err == nil
}

// unreadableID names an event that has no MIMI id of its own. It begins with
// 00, which no MIMI id does.
func unreadableID(e *Event) wire.MessageID {
	v := e.Wire.Chain(e.Log, e.Seq)
	h := sha256.Sum256(append([]byte("truce unreadable v1\x00"), v[:]...))
	id := wire.MessageID(h)
	id[0] = 0
	return id
}

// blank replaces a body by its hash: the chain stays whole, the text is gone.
func blank(e *wire.Event) {
	if !e.Stub {
		h := e.BodyHash()
		e.Stub, e.Body = true, h[:]
	}
}

func (s *Service) foldEdit(tx Tx, e *Event, target wire.MessageID) error {
	fold, err := tx.Fold(e.Log.Conv, target)
	if err != nil {
		return err
	}
	edit := Edit{Account: e.Log.Account, At: e.Position(), Event: Ref{e.Log, e.Seq}}
	i := slices.IndexFunc(fold.Edits, func(x Edit) bool { return x.Account == e.Log.Account })
	switch {
	case slices.Contains(fold.Deleted, e.Log.Account):
		blank(&e.Wire)
		return nil
	case i < 0:
		fold.Edits = append(fold.Edits, edit)
	case edit.At.Compare(fold.Edits[i].At) < 0:
		blank(&e.Wire)
		return nil
	default:
		if err := blankStored(tx, fold.Edits[i].Event); err != nil {
			return err
		}
		fold.Edits[i] = edit
	}
	return tx.PutFold(fold)
}

// foldDelete makes the message target, and every edit of it, blank, or takes
// off the reaction target. A deletion of an edit has no effect, nor has one by
// another than the writer.
func (s *Service) foldDelete(tx Tx, e *Event, target wire.MessageID) error {
	fold, err := tx.Fold(e.Log.Conv, target)
	if err != nil || slices.Contains(fold.Deleted, e.Log.Account) {
		return err
	}
	fold.Deleted = append(fold.Deleted, e.Log.Account)
	for _, edit := range fold.Edits {
		if edit.Account == e.Log.Account {
			if err := blankStored(tx, edit.Event); err != nil {
				return err
			}
		}
	}
	if err := tx.PutFold(fold); err != nil {
		return err
	}
	t, err := tx.ByID(target)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || t.Log.Conv != e.Log.Conv || t.Log.Account != e.Log.Account {
		return err
	}
	if c, ok := content(&t); ok && c.Kind() == wire.ContentReaction {
		return s.unreact(tx, &t, *c.InReplyTo)
	}
	if !t.Listed || t.Wire.Stub {
		return nil
	}
	return errors.Join(blankStored(tx, Ref{t.Log, t.Seq}), s.uncount(tx, &t))
}

// uncount takes a message that was deleted off the unread ones.
func (s *Service) uncount(tx Tx, e *Event) error {
	st, err := tx.Log(e.Log)
	if err != nil || e.Log.Account == s.self.Account || e.Seq <= st.Read {
		return err
	}
	conv, err := tx.Conv(e.Log.Conv)
	if err != nil || conv.Unread == 0 {
		return err
	}
	conv.Unread--
	return tx.PutConv(conv)
}

func blankStored(tx Tx, ref Ref) error {
	e, err := tx.Event(ref.Log, ref.Seq)
	if err != nil || e.Wire.Stub {
		return err
	}
	before := heldBytes(&e.Wire)
	blank(&e.Wire)
	return errors.Join(tx.Rewrite(e), unhold(tx, &e, before))
}

func (s *Service) foldReaction(tx Tx, e *Event, target wire.MessageID, emoji string, removed bool) error {
	fold, err := tx.Fold(e.Log.Conv, target)
	if err != nil {
		return err
	}
	r := Reaction{Account: e.Log.Account, Emoji: emoji, ID: e.ID, At: e.Position(), Removed: removed}
	i := slices.IndexFunc(fold.Reactions, func(x Reaction) bool { return x.Account == r.Account && x.Emoji == emoji })
	switch {
	case fold.full(r.Account, emoji), i >= 0 && r.At.Compare(fold.Reactions[i].At) < 0:
		return nil
	case i >= 0:
		fold.Reactions[i] = r
	default:
		fold.Reactions = append(fold.Reactions, r)
	}
	return tx.PutFold(fold)
}

// unreact takes back the reaction that is the event e, on the message target.
func (s *Service) unreact(tx Tx, e *Event, target wire.MessageID) error {
	fold, err := tx.Fold(e.Log.Conv, target)
	if err != nil {
		return err
	}
	for i, r := range fold.Reactions {
		if r.ID == e.ID {
			fold.Reactions[i].Removed = true
		}
	}
	return tx.PutFold(fold)
}
