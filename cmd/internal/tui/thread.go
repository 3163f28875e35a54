package tui

import (
	"slices"

	"github.com/truce-im/truce/node/api/client"
)

// maxKept is how many messages of a conversation are kept around the screen. What
// is further away is asked for again.
const maxKept = 5 * pageSize

// thread is a stretch of a conversation, and which of its rows are on the screen.
// It costs the same whether there are fifty messages or a million.
type thread struct {
	with    string
	list    []client.Message // oldest first
	first   bool             // nothing is before it
	last    bool             // nothing is behind it
	loading bool             // a page is on its way
	below   int              // rows below the screen
	width   int
	rows    map[string][]string // by id, at that width, for what stands before it
	draw    func(before *client.Message, m client.Message, width int) []string
}

func newThread(with string, draw func(*client.Message, client.Message, int) []string) thread {
	return thread{with: with, draw: draw, rows: map[string][]string{}}
}

// resize drops what was drawn for another width.
func (t *thread) resize(width int) {
	if t.width != width {
		t.width = width
		clear(t.rows)
	}
}

func (t *thread) index(id string) int {
	return slices.IndexFunc(t.list, func(m client.Message) bool { return m.ID == id })
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
	t.rows[m.ID] = t.draw(before, m, t.width)
	return t.rows[m.ID]
}

func (t *thread) height(from, to int) (n int) {
	for i := from; i < to; i++ {
		n += len(t.at(i))
	}
	return n
}

// add takes a page in.
func (t *thread) add(p pageMsg) {
	t.loading = false
	switch p.at {
	case newest:
		t.list, t.below, t.last = p.list, 0, true
		t.first = len(p.list) < pageSize
		clear(t.rows)
	case older:
		t.first = len(p.list) < pageSize
		if len(t.list) > 0 {
			delete(t.rows, t.list[0].ID) // something stands before it now
		}
		t.list = append(p.list, t.list...)
		if cut := len(t.list) - maxKept; cut > 0 {
			t.below = max(0, t.below-t.height(maxKept, len(t.list)))
			t.list, t.last = t.list[:maxKept], false
		}
	case newer:
		t.last = len(p.list) < pageSize
		from := len(t.list)
		t.list = append(t.list, p.list...)
		t.below += t.height(from, len(t.list))
		if cut := len(t.list) - maxKept; cut > 0 {
			t.list, t.first = slices.Clone(t.list[cut:]), false
			delete(t.rows, t.list[0].ID)
		}
	}
}

// put takes in a message that is new, or has changed. The place on the screen
// stays, unless that is the end.
func (t *thread) put(m client.Message) {
	if i := t.index(m.ID); i >= 0 {
		was := len(t.at(i))
		t.list[i] = m
		delete(t.rows, m.ID)
		if t.below > 0 && t.height(i+1, len(t.list)) < t.below {
			t.below += len(t.at(i)) - was
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

// view returns the rows on a screen of that height, at its foot if they are few.
func (t *thread) view(height int) []string {
	var rows []string
	skip := t.below
	for i := len(t.list) - 1; i >= 0 && len(rows) < height+skip; i-- {
		rows = append(slices.Clone(t.at(i)), rows...)
	}
	rows = rows[:max(0, len(rows)-skip)]
	rows = rows[max(0, len(rows)-height):]
	return append(make([]string, height-len(rows)), rows...)
}
