package storage_test

import (
	"bytes"
	"cmp"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// memory is a chat.Tx in plain maps: what the store is compared with. It is
// made to be plainly right, not fast.
type memory struct {
	self     *chat.Self
	settings map[string]string
	contacts []chat.Contact
	heads    []chat.LogState
	convs    map[wire.ConvID]chat.Conv
	folds    map[foldName]chat.Fold
	done     map[string]chat.Done
	peers    map[wire.Account][]chat.Peer
	cards    map[wire.Account]chat.Card
	pictures map[wire.Account][]byte
	journal  []chat.Change
}

type foldName struct {
	conv   wire.ConvID
	target wire.MessageID
}

var _ chat.Tx = (*memory)(nil)

func newMemory() *memory {
	return &memory{
		settings: map[string]string{}, convs: map[wire.ConvID]chat.Conv{}, folds: map[foldName]chat.Fold{},
		done: map[string]chat.Done{}, peers: map[wire.Account][]chat.Peer{},
		cards: map[wire.Account]chat.Card{}, pictures: map[wire.Account][]byte{},
	}
}

// update is Update of a store without disk.
func (m *memory) update(fn func(chat.Tx) error) error {
	c := *m
	c.settings, c.convs, c.folds = maps.Clone(m.settings), maps.Clone(m.convs), maps.Clone(m.folds)
	c.done, c.peers = maps.Clone(m.done), maps.Clone(m.peers)
	c.cards, c.pictures = maps.Clone(m.cards), maps.Clone(m.pictures)
	c.contacts, c.heads, c.journal = slices.Clone(m.contacts), slices.Clone(m.heads), slices.Clone(m.journal)
	err := fn(&c)
	if err == nil {
		*m = c
	}
	return err
}

func (m *memory) Self() (chat.Self, error) {
	if m.self == nil {
		return chat.Self{}, chat.ErrNotFound
	}
	return *m.self, nil
}

func (m *memory) Setting(name string) (string, error) { return m.settings[name], nil }

func (m *memory) Contact(a wire.Account) (chat.Contact, error) {
	for _, c := range m.contacts {
		if c.Account == a {
			return c, nil
		}
	}
	return chat.Contact{}, chat.ErrNotFound
}

func (m *memory) Contacts() iter.Seq2[chat.Contact, error] { return all(m.contacts) }

func all[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func (m *memory) Log(l wire.Log) (chat.LogState, error) {
	for _, s := range m.heads {
		if s.Log == l {
			return s, nil
		}
	}
	return chat.LogState{Log: l}, nil
}

func (m *memory) Logs(c wire.ConvID) (logs []chat.LogState, _ error) {
	for _, s := range m.heads {
		if s.Log.Conv == c {
			logs = append(logs, s)
		}
	}
	return logs, nil
}

func (m *memory) Conv(c wire.ConvID) (chat.Conv, error) {
	if conv, ok := m.convs[c]; ok {
		return conv, nil
	}
	return chat.Conv{ID: c}, nil
}

// events returns those that want accepts, in the order of the journal.
func (m *memory) events(want func(*chat.Event) bool) (found []chat.Event) {
	for _, c := range m.journal {
		if c.Event != nil && want(c.Event) {
			found = append(found, *c.Event)
		}
	}
	return found
}

func one(found []chat.Event) (chat.Event, error) {
	if len(found) == 0 {
		return chat.Event{}, chat.ErrNotFound
	}
	return found[0], nil
}

func (m *memory) Event(l wire.Log, seq uint64) (chat.Event, error) {
	return one(m.events(func(e *chat.Event) bool { return e.Log == l && e.Seq == seq }))
}

func (m *memory) Events(l wire.Log, from uint64) iter.Seq2[chat.Event, error] {
	found := m.events(func(e *chat.Event) bool { return e.Log == l && e.Seq >= from })
	slices.SortFunc(found, func(a, b chat.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	return all(found)
}

func (m *memory) ByID(id wire.MessageID) (chat.Event, error) {
	return one(m.events(func(e *chat.Event) bool { return e.ID == id && !id.IsZero() }))
}

func (m *memory) ByPrefix(prefix string, limit int) ([]chat.Event, error) {
	found := m.events(func(e *chat.Event) bool { return !e.ID.IsZero() && strings.HasPrefix(e.ID.String(), prefix) })
	slices.SortStableFunc(found, func(a, b chat.Event) int { return bytes.Compare(a.ID[:8], b.ID[:8]) })
	return slices.Clip(found[:min(limit, len(found))]), nil
}

func compare(a, b chat.Position) int {
	return cmp.Or(cmp.Compare(a.Order, b.Order), bytes.Compare(a.Device[:], b.Device[:]), cmp.Compare(a.Seq, b.Seq))
}

func (m *memory) history(c wire.ConvID, p *chat.Position, side int) []chat.Event {
	found := m.events(func(e *chat.Event) bool {
		return e.Log.Conv == c && e.Listed && (p == nil || compare(e.Position(), *p) == side)
	})
	slices.SortFunc(found, func(a, b chat.Event) int { return side * compare(a.Position(), b.Position()) })
	return found
}

func (m *memory) Before(c wire.ConvID, p *chat.Position) iter.Seq2[chat.Event, error] {
	return all(m.history(c, p, -1))
}

func (m *memory) After(c wire.ConvID, p *chat.Position) iter.Seq2[chat.Event, error] {
	return all(m.history(c, p, 1))
}

func (m *memory) Fold(c wire.ConvID, target wire.MessageID) (chat.Fold, error) {
	if f, ok := m.folds[foldName{c, target}]; ok {
		return f, nil
	}
	return chat.Fold{Conv: c, Target: target}, nil
}

func (m *memory) Done(key string) (chat.Done, error) {
	if d, ok := m.done[key]; ok {
		return d, nil
	}
	return chat.Done{}, chat.ErrNotFound
}

func (m *memory) Peers(a wire.Account) ([]chat.Peer, error) { return m.peers[a], nil }

func (m *memory) Journal(cursor uint64) iter.Seq2[chat.Change, error] {
	return all(m.journal[min(cursor, m.Cursor()):])
}

func (m *memory) Cursor() uint64 { return uint64(len(m.journal)) }

func (m *memory) PutSelf(s chat.Self) error { m.self = &s; return nil }

func (m *memory) PutSetting(name, value string) error { m.settings[name] = value; return nil }

func (m *memory) PutContact(c chat.Contact) error {
	m.contacts = put(m.contacts, c, func(x chat.Contact) bool { return x.Account == c.Account })
	return nil
}

func (m *memory) PutLog(s chat.LogState) error {
	m.heads = put(m.heads, s, func(x chat.LogState) bool { return x.Log == s.Log })
	return nil
}

func put[T any](list []T, x T, same func(T) bool) []T {
	if i := slices.IndexFunc(list, same); i >= 0 {
		list[i] = x
		return list
	}
	return append(list, x)
}

func (m *memory) PutConv(c chat.Conv) error { m.convs[c.ID] = c; return nil }

func (m *memory) PutFold(f chat.Fold) error { m.folds[foldName{f.Conv, f.Target}] = f; return nil }

func (m *memory) PutDone(key string, d chat.Done) error { m.done[key] = d; return nil }

func (m *memory) Card(a wire.Account) (chat.Card, error) {
	c := m.cards[a]
	c.Account = a
	return c, nil
}
func (m *memory) PutCard(c chat.Card) error               { m.cards[c.Account] = c; return nil }
func (m *memory) Picture(a wire.Account) ([]byte, error)  { return m.pictures[a], nil }
func (m *memory) HasPicture(a wire.Account) (bool, error) { return m.pictures[a] != nil, nil }
func (m *memory) PutPicture(a wire.Account, file []byte) error {
	m.pictures[a] = file
	if len(file) == 0 {
		delete(m.pictures, a)
	}
	return nil
}
func (m *memory) PutPeers(a wire.Account, p []chat.Peer) error { m.peers[a] = p; return nil }

func (m *memory) Append(e *chat.Event) error {
	e.Cursor = m.Cursor() + 1
	stored := *e
	m.journal = append(m.journal, chat.Change{Cursor: e.Cursor, Kind: chat.ChangeEvent, Time: e.Received, Event: &stored, Log: e.Log})
	return nil
}

func (m *memory) Rewrite(e chat.Event) error {
	old, err := m.Event(e.Log, e.Seq)
	if err != nil {
		return err
	}
	e.ID, e.Order, e.Listed, e.Cursor = old.ID, old.Order, old.Listed, old.Cursor
	c := &m.journal[e.Cursor-1]
	c.Event, c.Time = &e, e.Received
	return nil
}

func (m *memory) Move(from chat.Ref, e chat.Event) error {
	old, err := m.Event(from.Log, from.Seq)
	if err != nil {
		return err
	}
	e.ID, e.Listed, e.Cursor = old.ID, old.Listed, old.Cursor
	c := &m.journal[e.Cursor-1]
	c.Event, c.Time, c.Log = &e, e.Received, e.Log
	return nil
}

func (m *memory) Note(c chat.Change) error {
	if c.Kind == chat.ChangeEvent {
		return errors.New("no note")
	}
	c.Cursor = m.Cursor() + 1
	m.journal = append(m.journal, c)
	return nil
}

func (m *memory) ForgetDone(t uint64) error {
	maps.DeleteFunc(m.done, func(_ string, d chat.Done) bool { return d.Time < t })
	return nil
}
