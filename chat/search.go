package chat

import (
	"context"
	"errors"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/chat/wire"
)

// MaxSearch is the length of what can be looked for, in characters.
const MaxSearch = 1000

// defaultHits is how many messages are found unless told otherwise.
const defaultHits = 20

// SearchOptions choose where to look, and for how many.
type SearchOptions struct {
	In wire.Account // the conversation with them; zero: all
	N  int          // at most so many; 0: 20
}

// Found is an event that a scan of the journal kept.
type Found struct {
	Cursor   uint64
	Order    uint64
	Received uint64
	Listed   bool
}

// Scanned is one step of a scan.
type Scanned struct {
	Rows     []Found // newest first
	Received uint64  // of the oldest event that was looked at; 0: there was none
}

// Search yields the messages whose text, as it is shown now, has text in it,
// newest first, each as soon as it is known to be the next; package match says
// what counts as alike. It ends early when ctx does, with its cause. Nothing is
// locked meanwhile. Errors: CodeUsage for a text with nothing to look for, or of
// over MaxSearch characters; ErrNotFound for In.
func (s *Service) Search(ctx context.Context, text string, opt SearchOptions) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		x := search{s: s, pattern: match.New(text), want: opt.N}
		if x.want <= 0 {
			x.want = defaultHits
		}
		conv, err := x.scope(opt.In)
		switch {
		case utf8.RuneCountInString(text) > MaxSearch:
			err = Errorf(CodeUsage, "what is looked for has at most %d characters", MaxSearch)
		case x.pattern.Empty() || !utf8.ValidString(text):
			err = Errorf(CodeUsage, "there is nothing to look for in %q", text)
		}
		if err != nil {
			yield(Message{}, err)
			return
		}
		if err := x.run(ctx, conv, func(m Message) bool { return yield(m, nil) }); err != nil {
			yield(Message{}, err)
		}
	}
}

// search is one run of Search. The journal is in the order in which messages
// came; they are wanted in that of the histories. A message is never ahead of its
// coming by more than clockAhead (rule 19), so one that is newer than that need
// not wait for those which came earlier.
type search struct {
	s       *Service
	pattern match.Pattern
	want    int
	held    []hit // newest first, at most want
}

// hit is a message that was found, by the event that has its text: what it says
// is read again when it is its turn, for by then it may be deleted, and many may
// be held.
type hit struct {
	at     Position
	cursor uint64
}

// scope returns the conversation with a; the zero one for the zero account.
func (x *search) scope(a wire.Account) (c wire.ConvID, err error) {
	if a == (wire.Account{}) {
		return c, nil
	}
	_, err = x.s.contactOf(a)
	return x.s.conv(a), err
}

var errEnough = errors.New("nothing more is wanted")

func (x *search) run(ctx context.Context, conv wire.ConvID, yield func(Message) bool) error {
	for page, err := range x.s.store.Scan(ctx, conv, x.keep) {
		if err != nil {
			return err
		}
		if err := x.take(page, yield); err != nil {
			return ignoreEnough(err)
		}
	}
	return ignoreEnough(x.release(0, yield))
}

func ignoreEnough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// keep reports whether a body has the text. Scan calls it from several
// goroutines.
func (x *search) keep(body []byte) bool {
	if text, ok := wire.PeekText(body); ok {
		return x.pattern.In(text)
	}
	c, err := wire.DecodeContent(body)
	if err != nil {
		return false
	}
	text, ok := c.Text()
	return ok && x.pattern.In([]byte(text))
}

func (x *search) take(page Scanned, yield func(Message) bool) error {
	for _, row := range page.Rows {
		if err := x.release(row.Received+clockAhead, yield); err != nil {
			return err
		}
		if row.Listed && x.late(row.Order) {
			continue
		}
		_, at, err := x.look(row.Cursor)
		if err != nil {
			return err
		}
		if at != nil && !x.late(at.Order) {
			x.hold(hit{*at, row.Cursor})
		}
	}
	if page.Received == 0 {
		return nil
	}
	return x.release(page.Received+clockAhead, yield)
}

// release yields what is held and newer than a time, in milliseconds.
func (x *search) release(than uint64, yield func(Message) bool) error {
	for len(x.held) > 0 && (than == 0 || x.held[0].at.Order > than) {
		m, at, err := x.look(x.held[0].cursor)
		if err != nil {
			return err
		}
		if x.held = x.held[1:]; at == nil {
			continue
		}
		if x.want--; !yield(m) || x.want == 0 {
			return errEnough
		}
	}
	return nil
}

// late reports whether enough is held that is newer.
func (x *search) late(order uint64) bool {
	return len(x.held) >= x.want && order < x.held[x.want-1].at.Order
}

func (x *search) hold(h hit) {
	i, _ := slices.BinarySearchFunc(x.held, h, func(a, b hit) int { return b.at.Compare(a.at) })
	x.held = slices.Insert(x.held, i, h)
	x.held = x.held[:min(len(x.held), x.want)]
}

// look finds the message that an event shows, and its place; nil if it shows none
// now.
func (x *search) look(cursor uint64) (m Message, at *Position, err error) {
	err = x.s.store.View(func(r Reader) error {
		m, at = Message{}, nil
		for ch, err := range r.Journal(cursor - 1) {
			if err != nil {
				return err
			}
			if ch.Event != nil {
				m, at, err = x.shown(r, ch.Event)
			}
			return err
		}
		return nil
	})
	return m, at, err
}

// shown returns the message of which e, a listed event or an edit, has the text.
func (x *search) shown(r Reader, e *Event) (m Message, at *Position, err error) {
	c, ok := content(e)
	if text, shown := c.Text(); !ok || !shown || !x.pattern.In([]byte(text)) {
		return m, nil, nil
	}
	edited := !e.Listed
	if edited {
		target, err := edits(r, e, c)
		if target == nil || err != nil {
			return m, nil, err
		}
		e = target
	}
	m, err = x.s.render(r, e)
	if err != nil || m.Deleted || m.Edited != edited {
		return Message{}, nil, err
	}
	return m, new(e.Position()), nil
}

// edits returns the message to which the event e, with the content c, gives its
// text; nil if it is no edit, or not the one that counts.
func edits(r Reader, e *Event, c wire.Content) (*Event, error) {
	if c.Kind() != wire.ContentEdit {
		return nil, nil
	}
	fold, err := r.Fold(e.Log.Conv, *c.Replaces)
	if err != nil || !slices.ContainsFunc(fold.Edits, func(x Edit) bool { return x.Event == Ref{e.Log, e.Seq} }) {
		return nil, err
	}
	t, err := r.ByID(*c.Replaces)
	if err != nil || !t.Listed || t.Log.Conv != e.Log.Conv || t.Log.Account != e.Log.Account {
		return nil, ignoreNotFound(err)
	}
	return &t, nil
}
