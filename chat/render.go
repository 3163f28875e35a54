package chat

import (
	"errors"
	"slices"
	"sort"

	"github.com/truce-im/truce/chat/wire"
)

// CannotShow stands in for content that this version does not understand.
const CannotShow = "a message this version cannot show"

// Message returns one message. Errors: ErrNotFound, also for the id of an edit
// or a reaction.
func (s *Service) Message(id wire.MessageID) (m Message, err error) {
	err = s.store.View(func(r Reader) (err error) {
		m, err = s.message(r, id)
		return err
	})
	return m, err
}

func (s *Service) message(r Reader, id wire.MessageID) (Message, error) {
	e, err := r.ByID(id)
	if errors.Is(err, ErrNotFound) || err == nil && !e.Listed {
		return Message{}, errNoMessage
	}
	if err != nil {
		return Message{}, err
	}
	return s.render(r, &e)
}

// target returns the message that a new one refers to, which must stand in the
// conversation with a.
func (s *Service) target(r Reader, id wire.MessageID, a wire.Account) (Message, error) {
	m, err := s.message(r, id)
	switch {
	case err == nil && m.Peer != a:
		return Message{}, errNoMessage
	case err == nil && m.Notice != "":
		return Message{}, errNotice
	}
	return m, err
}

// render makes of a listed event what people see.
func (s *Service) render(r Reader, e *Event) (Message, error) {
	conv, err := r.Conv(e.Log.Conv)
	if err != nil {
		return Message{}, err
	}
	m := s.frame(e, conv.Peer)
	if isNotice(e.Log) {
		return m, s.renderNotice(r, e, &m)
	}
	if m.FromName, err = s.nameOf(r, m.From); err != nil {
		return Message{}, err
	}
	if c, ok := content(e); ok {
		m.show(c)
		if err := s.hush(r, &m); err != nil {
			return Message{}, err
		}
	} else if !e.Wire.Stub {
		m.Text = CannotShow
	}
	if err := s.applyFold(r, e, &m); err != nil {
		return Message{}, err
	}
	return m, s.applyState(r, e, &m)
}

// sent is what render makes of a message that I have just written.
func (s *Service) sent(r Reader, e *Event, to wire.Account, c wire.Content) (m Message, err error) {
	m = s.frame(e, to)
	m.show(c)
	m.FromName, err = s.nameOf(r, m.From)
	m.State, m.Why = Queued, s.whyQueued(to)
	return m, err
}

// frame makes a message of what does not depend on the content of e.
func (s *Service) frame(e *Event, peer wire.Account) Message {
	return Message{
		ID: e.ID, Peer: peer, From: e.Log.Account, Out: e.Log.Account == s.self.Account,
		Time: e.Wire.Stamp, Received: e.Received, Reactions: map[string][]wire.Account{},
	}
}

func (m *Message) show(c wire.Content) {
	m.Text, m.Auto, m.Nudge = textOf(c), c.Auto(), c.Nudge()
	if c.InReplyTo != nil {
		m.ReplyTo = *c.InReplyTo
	}
}

func textOf(c wire.Content) string {
	if text, ok := c.Text(); ok {
		return text
	}
	return CannotShow
}

func (s *Service) nameOf(r Reader, a wire.Account) (string, error) {
	if a == s.self.Account {
		self, err := r.Self()
		return first(self.Name, a.Short()), err
	}
	c, err := r.Contact(a)
	if errors.Is(err, ErrNotFound) {
		return a.Short(), nil
	}
	return c.Name, err
}

func (s *Service) applyFold(r Reader, e *Event, m *Message) error {
	fold, err := r.Fold(e.Log.Conv, e.ID)
	if err != nil {
		return err
	}
	if e.Wire.Stub || slices.Contains(fold.Deleted, m.From) {
		m.Deleted, m.Text, m.Auto, m.Nudge = true, "", false, false
		return nil
	}
	for _, edit := range fold.Edits {
		if edit.Account != m.From {
			continue
		}
		by, err := r.Event(edit.Event.Log, edit.Event.Seq)
		if err != nil {
			return err
		}
		if c, ok := content(&by); ok {
			m.Edited, m.Nudge, m.Text = true, false, textOf(c)
		}
	}
	for _, x := range fold.Reactions {
		if !x.Removed {
			m.Reactions[x.Emoji] = append(m.Reactions[x.Emoji], x.Account)
		}
	}
	return nil
}

func (s *Service) applyState(r Reader, e *Event, m *Message) error {
	st, err := r.Log(e.Log)
	if err != nil {
		return err
	}
	switch {
	case !m.Out && e.Seq <= st.Read:
		m.State = Read
	case !m.Out:
		m.State = Received
	case e.Refused != nil:
		m.State, m.Why = Failed, reasonText(*e.Refused)
	case e.Seq <= st.Read:
		m.State = Read
	case e.Seq <= st.Delivered:
		m.State = Delivered
	default:
		m.State = Queued
		m.Why, err = s.whyWaits(r, m.Peer)
	}
	return err
}

// whyWaits tells why messages to a stay queued, or nothing.
func (s *Service) whyWaits(r Reader, a wire.Account) (string, error) {
	c, err := r.Contact(a)
	if err != nil {
		return "", ignoreNotFound(err)
	}
	switch c.Relation() {
	case Blocked:
		return "you have blocked them", nil
	case Declined:
		return "they have declined: it goes out if they change their mind, or you ask them again and they accept", nil
	}
	return s.whyQueued(a), nil
}

func reasonText(r wire.Reason) string {
	switch r {
	case wire.ReasonRule:
		return "they do not take it"
	case wire.ReasonDiskFull:
		return "their disk is full"
	case wire.ReasonQuota:
		return "they have no room for more from you"
	case wire.ReasonForked:
		return "their copy of the conversation differs from yours"
	case reasonRemoved:
		return "removed"
	case reasonWithdrawn:
		return "deleted before it was delivered"
	}
	return "it was refused"
}

// HistoryOptions choose a part of a history.
type HistoryOptions struct {
	N      int            // at most so many; 0: 50
	Before wire.MessageID // only those before it; zero: all
	After  wire.MessageID // only those after it; zero: all
	Oldest bool           // the oldest N, in place of the newest; does not go with Before
}

// History returns the newest N messages with a that fit, oldest first; with
// After alone, or with Oldest and no Before, the oldest N. Errors: ErrNotFound.
func (s *Service) History(a wire.Account, opt HistoryOptions) (list []Message, err error) {
	if opt.N <= 0 {
		opt.N = 50
	}
	err = s.store.View(func(r Reader) error {
		list = nil
		if _, err := r.Contact(a); err != nil {
			return err
		}
		before, err := s.positionOf(r, opt.Before, a)
		if err != nil {
			return err
		}
		after, err := s.positionOf(r, opt.After, a)
		if err != nil {
			return err
		}
		if (after != nil || opt.Oldest) && before == nil {
			list, err = s.page(r, a, after, opt.N)
			return err
		}
		list, err = s.pageBack(r, a, before, after, opt.N)
		slices.Reverse(list)
		return err
	})
	return list, err
}

func (s *Service) positionOf(r Reader, id wire.MessageID, a wire.Account) (*Position, error) {
	if id.IsZero() {
		return nil, nil
	}
	e, err := r.ByID(id)
	if err != nil || e.Log.Conv != s.conv(a) || !e.Listed {
		if err == nil || errors.Is(err, ErrNotFound) {
			err = errNoMessage
		}
		return nil, err
	}
	p := e.Position()
	return &p, nil
}

func (s *Service) page(r Reader, a wire.Account, after *Position, n int) (list []Message, err error) {
	for e, err := range r.After(s.conv(a), after) {
		if err != nil {
			return nil, err
		}
		m, err := s.render(r, &e)
		if err != nil {
			return nil, err
		}
		if list = append(list, m); len(list) == n {
			break
		}
	}
	return list, nil
}

func (s *Service) pageBack(r Reader, a wire.Account, before, after *Position, n int) (list []Message, err error) {
	for e, err := range r.Before(s.conv(a), before) {
		if err != nil {
			return nil, err
		}
		if after != nil && e.Position().Compare(*after) <= 0 {
			break
		}
		m, err := s.render(r, &e)
		if err != nil {
			return nil, err
		}
		if list = append(list, m); len(list) == n {
			break
		}
	}
	return list, nil
}

// Outbox returns what I sent and is not delivered yet, by contact and then
// oldest first; not what has failed or was deleted.
func (s *Service) Outbox() (list []Message, err error) {
	err = s.store.View(func(r Reader) error {
		list = nil
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if list, err = s.queued(r, c.Account, list); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

func (s *Service) queued(r Reader, a wire.Account, list []Message) ([]Message, error) {
	logs, err := r.Logs(s.conv(a))
	if err != nil {
		return nil, err
	}
	for _, st := range logs {
		if st.Log.Account != s.self.Account {
			continue
		}
		for e, err := range r.Events(st.Log, st.Delivered+1) {
			if err != nil {
				return nil, err
			}
			if !e.Listed {
				continue
			}
			m, err := s.render(r, &e)
			if err != nil {
				return nil, err
			}
			if m.State == Queued && !m.Deleted {
				list = append(list, m)
			}
		}
	}
	return list, nil
}

// MarkRead marks the messages with a as read up to and including upTo; the
// zero id: all of them. It returns how many are left unread. Marks never move
// back. Errors: ErrNotFound.
func (s *Service) MarkRead(a wire.Account, upTo wire.MessageID) (unread uint64, err error) {
	err = s.store.Update(func(tx Tx) error {
		if _, err := tx.Contact(a); err != nil {
			return err
		}
		limit, err := s.positionOf(tx, upTo, a)
		if err != nil {
			return err
		}
		logs, err := tx.Logs(s.conv(a))
		if err != nil {
			return err
		}
		for _, st := range logs {
			if st.Log.Account == s.self.Account {
				continue
			}
			if err := s.markLog(tx, st, limit); err != nil {
				return err
			}
		}
		unread, err = s.recount(tx, a, limit)
		return err
	})
	if err == nil {
		s.moveLog(a)
	}
	return unread, err
}

// markLog moves the read mark of one log to limit, or to its head if limit is
// nil. Positions rise within a log, so the place is found by halving.
func (s *Service) markLog(tx Tx, st LogState, limit *Position) error {
	to := st.Head
	if limit != nil {
		var failed error
		n := sort.Search(int(st.Head-st.Read), func(i int) bool {
			for e, err := range tx.Events(st.Log, st.Read+1+uint64(i)) { // or what follows, if it is gone
				failed = errors.Join(failed, err)
				return err == nil && e.Position().Compare(*limit) > 0
			}
			return true
		})
		if failed != nil {
			return failed
		}
		to = st.Read + uint64(n)
	}
	if to <= st.Read {
		return nil
	}
	visible, err := receipts(tx)
	if err != nil {
		return err
	}
	from := st.Read
	if st.Read = to; visible {
		st.Shown = to
	}
	if err := tx.PutLog(st); err != nil {
		return err
	}
	return tx.Note(Change{Kind: ChangeRead, Log: st.Log, From: from, To: to, Time: s.nowMillis()})
}

// recount counts what is unread after limit, and keeps it. What I have read
// lies here by my will, and counts against nobody's quota.
func (s *Service) recount(tx Tx, a wire.Account, limit *Position) (n uint64, err error) {
	conv, err := tx.Conv(s.conv(a))
	if err != nil || conv.Peer != a {
		return 0, err
	}
	var unseen uint64
	if limit != nil {
		for e, err := range tx.Before(conv.ID, nil) {
			if err != nil {
				return 0, err
			}
			if e.Position().Compare(*limit) <= 0 || n == conv.Unread {
				break
			}
			st, err := tx.Log(e.Log)
			if err != nil {
				return 0, err
			}
			if e.Log.Account == a && e.Seq > st.Read && !e.Wire.Stub {
				n++
				unseen += heldBytes(&e.Wire)
			}
		}
	}
	if conv.Unread == n && conv.Unseen <= unseen {
		return n, nil
	}
	conv.Unread, conv.Unseen = n, min(conv.Unseen, unseen)
	return n, errors.Join(s.setOver(tx, &conv, false), tx.PutConv(conv))
}
