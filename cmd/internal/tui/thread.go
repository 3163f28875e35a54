package tui

import (
	"slices"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/node/api/client"
)

// maxKept is how many messages of a conversation are kept around the screen. What
// is further away is asked for again.
const maxKept = 5 * pageSize

// thread is a stretch of a conversation, and which of its rows are on the screen.
// It costs the same whether there are fifty messages or a million.
type thread struct {
	with    string
	asked   bool             // a page was asked for
	list    []client.Message // oldest first
	first   bool             // nothing is before it
	last    bool             // nothing is behind it
	loading bool             // a page is on its way
	round   int              // of the page asked for last: answers to others are dropped
	late    []client.Message // told of while it is: the page may be older
	below   int              // rows below the screen
	width   int
	chosen  string          // id of the message that keys act on
	fresh   string          // id of the oldest that was unread when it was opened
	held    string          // id of the oldest that came while nobody looked
	seen    string          // id up to which it was told as read
	marks   []match.Pattern // words that were searched for
	rows    map[string][]string
	draw    func(before *client.Message, m client.Message, width int, l look) []string
}

// look is how a message is to be drawn.
type look struct {
	chosen bool
	fresh  bool // the line that says "new" stands above it
	marks  []match.Pattern
}

func newThread(with string, draw func(*client.Message, client.Message, int, look) []string) thread {
	return thread{with: with, draw: draw, rows: map[string][]string{}}
}

// resize draws everything for another width.
func (t *thread) resize(width int) {
	if t.width != width {
		t.keep(func() { t.width = width })
	}
}

// restyle has everything drawn again.
func (t *thread) restyle() { t.keep(func() {}) }

// keep draws everything anew after a change of how it is drawn. The message lowest
// on the screen stays there.
func (t *thread) keep(change func()) {
	i, hidden := t.lowest(), 0
	if t.below > 0 && i >= 0 {
		hidden = t.below - t.height(i+1, len(t.list))
	}
	change()
	clear(t.rows)
	if t.below > 0 && i >= 0 {
		t.below = t.height(i+1, len(t.list)) + min(hidden, len(t.at(i))-1)
	}
}

func (t *thread) index(id string) int {
	return slices.IndexFunc(t.list, func(m client.Message) bool { return m.ID == id })
}

func (t *thread) get(id string) (client.Message, bool) {
	if i := t.index(id); i >= 0 {
		return t.list[i], true
	}
	return client.Message{}, false
}

// at returns the rows of the message there.
func (t *thread) at(i int) []string {
	m := t.list[i]
	if rows, ok := t.rows[m.ID]; ok {
		return rows
	}
	var before *client.Message
	if i > 0 {
		before = &t.list[i-1]
	}
	t.rows[m.ID] = t.draw(before, m, t.width, look{m.ID == t.chosen, m.ID == t.fresh, t.marks})
	return t.rows[m.ID]
}

func (t *thread) height(from, to int) (n int) {
	for i := from; i < to; i++ {
		n += len(t.at(i))
	}
	return n
}

// add takes a page in. The place on the screen, which has that height, stays.
func (t *thread) add(p pageMsg, height int) {
	t.loading = false
	defer t.catchUp()
	switch p.at {
	case newest:
		t.list, t.below, t.first, t.last = p.list, 0, p.end, true
		clear(t.rows)
	case older:
		if len(t.list) > 0 {
			delete(t.rows, t.list[0].ID) // something stands before it now
		}
		t.list, t.first = append(p.list, t.list...), p.end
		if cut := len(t.list) - maxKept; cut > 0 {
			t.below = max(0, t.below-t.height(maxKept, len(t.list)))
			t.list, t.last = t.list[:maxKept], false
		}
	case newer:
		from := len(t.list)
		t.list, t.last = append(t.list, p.list...), p.end
		t.below += t.height(from, len(t.list))
		if cut := len(t.list) - maxKept; cut > 0 {
			t.list, t.first = slices.Clone(t.list[cut:]), false
			delete(t.rows, t.list[0].ID)
		}
	case around:
		t.list, t.first, t.last = p.list, false, false
		clear(t.rows)
		t.show(p.id, height)
	case unread:
		t.list, t.first, t.last, t.fresh = p.list, false, p.end, p.id
		clear(t.rows)
		t.below = 0
		if i := t.index(p.id); i >= 0 {
			t.below = max(0, t.height(i, len(t.list))-height)
		}
	}
}

// catchUp takes in again what was told while a page was on its way.
func (t *thread) catchUp() {
	late := t.late
	t.late = nil
	for _, m := range late {
		t.put(m)
	}
}

// show puts a message on a screen of that height, a third from the top, unless it
// stands on it already. It reports whether the message is here.
func (t *thread) show(id string, height int) bool {
	i := t.index(id)
	if i < 0 {
		return false
	}
	under, own := t.height(i+1, len(t.list)), len(t.at(i))
	if under >= t.below && under+own <= t.below+height {
		return true
	}
	t.below = max(0, under+own-height*2/3)
	return true
}

// put takes in a message that is new, or has changed. The place on the screen
// stays, unless that is the end.
func (t *thread) put(m client.Message) {
	if t.loading {
		t.late = append(t.late, m)
		t.late = t.late[max(0, len(t.late)-maxKept):]
	}
	if i := t.index(m.ID); i >= 0 {
		under, was := t.height(i+1, len(t.list)), len(t.at(i))
		t.list[i] = m
		t.forget(m.ID)
		if t.below > under {
			t.below = max(under, t.below+len(t.at(i))-was)
		}
		return
	}
	if !t.last {
		return // it comes with its page
	}
	i := len(t.list)
	for i > 0 && t.list[i-1].Received.After(m.Received.Time) {
		i--
	}
	t.list = slices.Insert(t.list, i, m)
	if i+1 < len(t.list) {
		delete(t.rows, t.list[i+1].ID)
	}
	if t.below > 0 {
		t.below += len(t.at(i))
	}
	if len(t.list) > maxKept {
		t.cut()
	}
}

// hold keeps the oldest message that came while nobody looked on the screen, until
// somebody does: what came behind it was not seen yet. A place further up stays.
func (t *thread) hold(id string, height int) {
	if t.index(id) < 0 || t.held == "" && t.below > 0 {
		return
	}
	if t.held == "" {
		delete(t.rows, t.fresh)
		delete(t.rows, id)
		t.held, t.fresh = id, id
	}
	t.toHeld(height)
}

// toHeld shows what is held at the top of a screen of that height.
func (t *thread) toHeld(height int) {
	if i := t.index(t.held); i >= 0 {
		t.below = max(0, t.height(i, len(t.list))-height)
	}
}

// sent takes in what I wrote, unless news of it came before the answer: they know
// better how far it got.
func (t *thread) sent(m client.Message) {
	told := slices.ContainsFunc(t.late, func(l client.Message) bool { return l.ID == m.ID })
	if !told && t.index(m.ID) < 0 {
		t.put(m)
	}
}

// cut drops what is furthest from the screen, so that pageSize messages less are
// kept than may be.
func (t *thread) cut() {
	keep := maxKept - pageSize
	if t.below == 0 || t.height(keep, len(t.list)) > t.below {
		t.list, t.first = slices.Clone(t.list[len(t.list)-keep:]), false
		delete(t.rows, t.list[0].ID)
		return
	}
	t.below -= t.height(keep, len(t.list))
	t.list, t.last = t.list[:keep], false
}

// forget has a message drawn again, and those that quote it.
func (t *thread) forget(id string) {
	delete(t.rows, id)
	for _, m := range t.list {
		if m.ReplyTo == id {
			delete(t.rows, m.ID)
		}
	}
}

// choose has keys act on a message; "": on none.
func (t *thread) choose(id string) {
	delete(t.rows, t.chosen)
	delete(t.rows, id)
	t.chosen = id
}

// mark shows where these words stand.
func (t *thread) mark(words ...match.Pattern) {
	t.marks = words
	t.restyle()
}

// move chooses the message so many after the chosen one, and shows it. From no
// choice it goes to the one lowest on the screen.
func (t *thread) move(by, height int) {
	i := t.index(t.chosen)
	if i < 0 {
		if i = t.lowest(); i < 0 {
			return
		}
		by = 0
	}
	i = max(0, min(i+by, len(t.list)-1))
	t.choose(t.list[i].ID)
	t.reveal(i, height)
}

// reveal scrolls by as little as brings a message onto the screen.
func (t *thread) reveal(i, height int) {
	under, own := t.height(i+1, len(t.list)), len(t.at(i))
	t.below = max(min(t.below, under), under+own-height, 0)
}

// lowest is the index of the lowest message of which a row is on the screen.
func (t *thread) lowest() int {
	for i, under := len(t.list)-1, 0; i >= 0; i-- {
		if under += len(t.at(i)); under > t.below {
			return i
		}
	}
	return -1
}

// see returns the id of the lowest message on the screen if that is further than
// what was seen before, else "".
func (t *thread) see() string {
	i := t.lowest()
	if i < 0 || i <= t.index(t.seen) {
		return ""
	}
	t.seen = t.list[i].ID
	return t.seen
}

// scroll moves the screen up by so many rows, or down, and returns which page is
// needed now, if any.
func (t *thread) scroll(up, height int) (at edge, next string, needed bool) {
	total := t.height(0, len(t.list))
	t.below = max(0, min(t.below+up, total-height))
	switch {
	case t.loading || len(t.list) == 0:
		return 0, "", false
	case !t.first && t.below+2*height > total:
		at, next = older, t.list[0].ID
	case !t.last && t.below < height:
		at, next = newer, t.list[len(t.list)-1].ID
	default:
		return 0, "", false
	}
	t.loading = true
	return at, next, true
}

// line is a row on the screen, and the message that it belongs to.
type line struct{ text, id string }

// view returns the rows on a screen of that height, at its foot if they are few.
func (t *thread) view(height int) []line {
	lines := make([]line, height)
	free, skip := height, t.below
	for i := len(t.list) - 1; i >= 0 && free > 0; i-- {
		rows := t.at(i)
		for j := len(rows) - 1; j >= 0 && free > 0; j-- {
			if skip > 0 {
				skip--
				continue
			}
			free--
			lines[free] = line{rows[j], t.list[i].ID}
		}
	}
	return lines
}
