package chat

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"

	"github.com/truce-im/truce/chat/wire"
)

// A cursor names a place in the journal: the store's generation, the number of
// the last row told whole, and how much of the next row was told.
type cursor struct {
	row  uint64
	part uint64
}

func (s *Service) formatCursor(c cursor) string {
	text := s.store.Generation() + "-" + strconv.FormatUint(c.row, 10)
	if c.part > 0 {
		text += "." + strconv.FormatUint(c.part, 10)
	}
	return text
}

// parseCursor reports false for a cursor of another store, of the future, or
// that is none.
func (s *Service) parseCursor(text string, newest uint64) (c cursor, ok bool) {
	rest, ok := strings.CutPrefix(text, s.store.Generation()+"-")
	row, part, _ := strings.Cut(rest, ".")
	var err1, err2 error
	c.row, err1 = strconv.ParseUint(row, 10, 64)
	if part != "" {
		c.part, err2 = strconv.ParseUint(part, 10, 64)
	}
	known := c.row < newest || c.row == newest && c.part == 0
	return c, ok && err1 == nil && err2 == nil && known && c.part <= wire.MaxSeq && s.formatCursor(c) == text
}

// Cursor is the place of the newest change.
func (s *Service) Cursor() string {
	return s.formatCursor(cursor{row: s.newest()})
}

func (s *Service) newest() (n uint64) {
	s.store.View(func(r Reader) error {
		n = r.Cursor()
		return nil
	})
	return n
}

// Watch yields everything that happens after the cursor since, without a gap,
// and waits for more until ctx ends; an empty since is from now. After a
// cursor that is not of this store it yields one UpdateReset and goes on from
// now. Updates show messages as they are when they are yielded. The sequence
// holds a place, not a queue: a slow reader costs nothing. It ends with ctx, or
// after yielding an error.
//
// Who is there is in no store: after a cursor Watch tells once how everybody is
// there who has been since the start of the node, then what changes.
func (s *Service) Watch(ctx context.Context, since string) iter.Seq2[Update, error] {
	return s.watch(ctx, since, since != "")
}

// Follow is Watch for somebody who has just got the cursor, and will look how
// contacts are there.
func (s *Service) Follow(ctx context.Context, since string) iter.Seq2[Update, error] {
	return s.watch(ctx, since, false)
}

func (s *Service) watch(ctx context.Context, since string, resumed bool) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		at := cursor{row: s.newest()}
		if since != "" {
			c, ok := s.parseCursor(since, at.row)
			if ok {
				at = c
			} else if !yield(Update{Cursor: s.formatCursor(at), Kind: UpdateReset, Time: s.nowMillis()}, nil) {
				return
			}
		}
		began := s.sightTurn() // who was there by then has not come
		var told uint64        // of sights
		if !resumed {
			told = began
		}
		for ctx.Err() == nil {
			changed, sighted := s.store.Changed(), s.sighted()
			updates, next, err := s.updates(at)
			if err == nil && next == at { // else they come after what is on disk
				updates, told, err = s.sightUpdates(at, told, began)
			}
			if err != nil {
				yield(Update{}, err)
				return
			}
			for _, u := range updates {
				if !yield(u, nil) {
					return
				}
			}
			if next != at {
				at = next
				continue
			}
			select {
			case <-changed:
			case <-sighted:
			case <-ctx.Done():
			}
		}
	}
}

// pageUpdates is how many updates are read in one go: the reader of the page
// holds nothing of the store while it works through them.
const pageUpdates = 256

// updates returns the next updates after at, and the place after them.
func (s *Service) updates(at cursor) (list []Update, next cursor, err error) {
	err = s.store.View(func(r Reader) error {
		list, next = nil, at
		for ch, err := range r.Journal(at.row) {
			if err != nil {
				return err
			}
			part := uint64(0)
			if ch.Cursor == at.row+1 {
				part = at.part
			}
			more, told, err := s.tell(r, ch, part, pageUpdates-len(list))
			if err != nil {
				return err
			}
			list = append(list, more...)
			if told > 0 {
				next = cursor{row: ch.Cursor - 1, part: told}
				return nil
			}
			next = cursor{row: ch.Cursor}
			if len(list) >= pageUpdates {
				return nil
			}
		}
		return nil
	})
	return list, next, err
}

// tell makes at most limit updates of one row, leaving out its first part
// parts. told is 0 if the row was told to its end, else how far.
func (s *Service) tell(r Reader, ch Change, part uint64, limit int) (list []Update, told uint64, err error) {
	whole := s.formatCursor(cursor{row: ch.Cursor})
	u := Update{Cursor: whole, Time: ch.Time}
	switch ch.Kind {
	case ChangeEvent:
		m, err := s.changed(r, ch.Event)
		if m == nil || err != nil {
			return nil, 0, err
		}
		u.Kind, u.Message = UpdateMessage, m
	case ChangeMessage:
		m, err := s.message(r, ch.Target)
		if err != nil {
			return nil, 0, ignoreNotFound(err)
		}
		u.Kind, u.Message = UpdateState, &m
	case ChangeContact:
		c, err := r.Contact(ch.Account)
		if err != nil {
			return nil, 0, ignoreNotFound(err)
		}
		v, err := s.contactView(r, c)
		if err != nil {
			return nil, 0, err
		}
		u.Kind, u.Contact = UpdateContact, &v
	case ChangeDelivered, ChangeRead:
		return s.tellStates(r, ch, part, limit)
	case ChangeSelf:
		u.Kind, u.What = UpdateNode, first(ch.Name, "self")
	case ChangeSetting:
		u.Kind, u.What = UpdateNode, "setting "+ch.Name
	default:
		return nil, 0, nil
	}
	return []Update{u}, 0, nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// tellStates tells of each message that a tick covers. A part is one position
// in the log.
func (s *Service) tellStates(r Reader, ch Change, part uint64, limit int) (list []Update, told uint64, err error) {
	for e, err := range r.Events(ch.Log, ch.From+1+part) {
		if err != nil {
			return nil, 0, err
		}
		if e.Seq > ch.To {
			break
		}
		if len(list) == limit {
			return list, told, nil
		}
		told = e.Seq - ch.From
		if !e.Listed {
			continue
		}
		m, err := s.render(r, &e)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, Update{
			Cursor: s.formatCursor(cursor{row: ch.Cursor - 1, part: told}),
			Kind:   UpdateState, Time: ch.Time, Message: &m,
		})
	}
	if len(list) > 0 {
		list[len(list)-1].Cursor = s.formatCursor(cursor{row: ch.Cursor})
	}
	return list, 0, nil
}

// changed returns the message that an event made or changed, nil if there is
// none to show.
func (s *Service) changed(r Reader, e *Event) (*Message, error) {
	id := e.ID
	if !e.Listed {
		t, ok := targetOf(r, e)
		if !ok {
			return nil, nil
		}
		id = t
	}
	m, err := s.message(r, id)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	if !e.Listed && m.Peer != s.peerOf(r, e.Log.Conv) {
		return nil, nil
	}
	return &m, nil
}

func (s *Service) peerOf(r Reader, id wire.ConvID) wire.Account {
	c, _ := r.Conv(id)
	return c.Peer
}

// targetOf returns the message that an edit, a deletion or a reaction is about.
func targetOf(r Reader, e *Event) (id wire.MessageID, ok bool) {
	c, ok := content(e)
	if !ok {
		return id, false
	}
	switch c.Kind() {
	case wire.ContentReaction:
		return *c.InReplyTo, true
	case wire.ContentEdit:
		return *c.Replaces, true
	case wire.ContentUnreaction:
		if c.InReplyTo != nil {
			return *c.InReplyTo, true
		}
		fallthrough
	case wire.ContentDelete:
		t, err := r.ByID(*c.Replaces)
		if err != nil {
			return id, false
		}
		if tc, ok := content(&t); ok && tc.Kind() == wire.ContentReaction {
			return *tc.InReplyTo, true
		}
		return *c.Replaces, true
	}
	return id, false
}

// sightUpdates tells who has come, gone or begun to write since turn, each as it
// is now. Only comings after began are such.
func (s *Service) sightUpdates(at cursor, turn, began uint64) (list []Update, now uint64, err error) {
	type change struct{ present, typing, came bool }
	changes := map[wire.Account]change{}
	s.mu.Lock()
	now = s.sights.turn
	for a, g := range s.sights.of {
		if ch := (change{g.turned > turn, g.typed > turn, g.came > max(turn, began)}); ch.present || ch.typing {
			changes[a] = ch
		}
	}
	s.mu.Unlock()
	if now == turn {
		return nil, now, nil
	}
	err = s.store.View(func(r Reader) error {
		list = nil
		for a, ch := range changes {
			c, err := r.Contact(a)
			if err != nil || c.Relation() != Accepted {
				continue
			}
			v, err := s.contactView(r, c)
			if err != nil {
				return err
			}
			u := Update{Cursor: s.formatCursor(at), Time: s.nowMillis(), Contact: &v}
			if ch.present {
				u.Kind = UpdatePresence
				u.Tell = ch.came && v.Tell && v.Presence.State != wire.PresenceOffline
				list = append(list, u)
				u.Tell = false
			}
			if ch.typing {
				u.Kind = UpdateTyping
				list = append(list, u)
			}
		}
		return nil
	})
	return list, now, err
}

func (s *Service) sightTurn() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sights.turn
}
