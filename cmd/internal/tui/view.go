package tui

import (
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

const (
	minWidth, minHeight = 20, 6
	titleHeight         = 2  // rows above a page
	airyHeight          = 30 // rows; from there on some are left free
	slim                = 60 // columns; below, people and conversation do not fit side by side
)

// sideWidth is how many columns the people take; 0: they are not shown.
func (m *model) sideWidth() int {
	switch {
	case m.width < slim && m.focus == onPeople:
		return m.width
	case m.width < slim:
		return 0
	}
	return min(30, max(20, m.width/4))
}

// tiny reports whether the window is too small to show anything.
func (m *model) tiny() bool { return m.width < minWidth || m.height < minHeight }

// talkWidth is what is left for the conversation.
func (m *model) talkWidth() int {
	if side := m.sideWidth(); side > 0 && m.width >= slim {
		return m.width - side - 1
	}
	return max(1, m.width)
}

// talkHeight is what is left for messages between the head and the input.
func (m *model) talkHeight() int {
	return max(1, m.height-4-m.input.area.Height()-len(m.aboutInput()))
}

func (m *model) lay() {
	m.input.area.MaxHeight = max(1, min(maxInput, m.height-8))
	m.input.area.SetWidth(max(1, m.talkWidth()-3))
	m.thread.resize(m.talkWidth())
	if airy := m.height >= airyHeight; airy != m.airy {
		m.airy = airy
		m.thread.restyle()
	}
}

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen, v.MouseMode, v.ReportFocus = true, tea.MouseModeCellMotion, true
	v.WindowTitle = "truce"
	if n := m.people.unread(); n > 0 {
		v.WindowTitle = fmt.Sprintf("(%d) truce", n)
	}
	v.Cursor = m.cursor()
	return v
}

func (m *model) cursor() *tea.Cursor {
	switch {
	case m.tiny():
		return nil
	case m.page != nil:
		w, writes := m.page.(writer)
		if !writes {
			return nil
		}
		c := w.caret()
		if c != nil {
			c.X += m.width - m.talkWidth()
			c.Y += titleHeight
		}
		if c == nil || c.X >= m.width || c.Y >= m.height-1 {
			return nil
		}
		return c
	case m.focus == onPeople:
		if c := m.filter.Cursor(); c != nil {
			c.X += len(" find ")
			return c
		}
	case m.focus == onInput:
		if c := m.input.area.Cursor(); c != nil {
			c.X += m.width - m.talkWidth() + len(" > ")
			c.Y += m.height - 1 - m.input.area.Height()
			return c
		}
	}
	return nil
}

// writer is a page in which one writes.
type writer interface {
	// caret is where that is, counted from the first row below the title; nil:
	// nowhere now.
	caret() *tea.Cursor
}

// maxField is how many characters a field takes: it is searched for, and drawn, at each key.
const maxField = 1000

// newField is a line to write in. The terminal shows the cursor: one of our own
// would have to blink.
func newField(prompt, text string) textinput.Model {
	f := textinput.New()
	f.Prompt, f.Placeholder, f.CharLimit = prompt, "", maxField
	f.SetVirtualCursor(false)
	f.SetValue(text)
	f.CursorEnd()
	f.Focus()
	return f
}

func (m *model) screen() string {
	if m.tiny() {
		return m.styles.fit("make the window larger", m.width)
	}
	height := m.height - 1
	side := m.sideWidth()
	var rows []string
	_, wide := m.page.(interface{ wide() })
	switch {
	case wide:
		rows = m.pageRows(m.width, height)
	case side == m.width:
		rows = m.side(side, height)
	case side == 0:
		rows = m.talk(height)
	default:
		left, right := m.side(side, height), m.talk(height)
		for i := range left {
			rows = append(rows, anchored(left[i])+m.styles.border.Render(joint(left[i], right[i]))+right[i])
		}
	}
	return strings.Join(append(rows, m.foot()), "\n")
}

// joint is the piece of the border between two rows: lines across meet in it.
func joint(left, right string) string {
	l, r := strings.HasSuffix(plain(left), "──"), strings.HasPrefix(plain(right), "──")
	switch {
	case l && r:
		return "┼"
	case l:
		return "┤"
	case r:
		return "├"
	}
	return "│"
}

// talk draws the right side: the conversation with its input, or a page.
func (m *model) talk(height int) []string {
	width := m.talkWidth()
	if m.page != nil {
		return m.pageRows(width, height)
	}
	rule := m.styles.rule(width)
	rows := []string{m.head(width), rule}
	about := m.aboutInput()
	body := max(0, height-3-m.input.area.Height()-len(about))
	switch r := m.chosen(); {
	case r.request != nil:
		rows = append(rows, m.asks(*r.request, width, body)...)
	case r.contact == nil:
		rows = append(rows, m.welcome(width, body)...)
	default:
		for _, l := range m.thread.view(body) {
			rows = append(rows, l.text)
		}
	}
	rows = append(append(rows, rule), about...)
	for i, line := range strings.Split(m.input.area.View(), "\n") {
		prompt := "   "
		if i == 0 {
			prompt = " " + m.styles.name.Render("›") + " "
		}
		rows = append(rows, prompt+line)
	}
	return m.styles.square(rows, width, height)
}

func (m *model) pageRows(width, height int) []string {
	title := m.page.title()
	if title == "" {
		title = plain(m.head(width))
	}
	rows := []string{" " + m.styles.name.Render(strings.TrimSpace(title)), m.styles.rule(width)}
	return m.styles.square(append(rows, m.page.view(m, width, height-len(rows))...), width, height)
}

// head says whom one talks to, and how they are there.
func (m *model) head(width int) string {
	if m.chosen().request != nil {
		return m.styles.fit(" "+m.styles.name.Render("A request"), width)
	}
	c := m.people.contact(m.thread.with)
	if c == nil {
		return m.styles.fit(" Truce", width)
	}
	left := " " + m.styles.name.Render(anchored(term.Printable(c.Name)))
	if c.Verified {
		left += " " + m.styles.here.Render("✓ verified")
	}
	left += "  " + m.styles.dim.Render(how(*c, time.Now()))
	return m.styles.fit(left, width)
}

// how tells in words how somebody is there.
func how(c client.Contact, now time.Time) string {
	text := c.Presence
	switch {
	case c.State != "accepted":
		return map[string]string{"asked": "asked, has not answered yet", "declined": "declined", "blocked": "blocked"}[c.State]
	case c.Why != "":
		return term.Printable(c.Why)
	case c.Typing:
		return text + " · writes…"
	case c.Presence == "offline" && !c.LastSeen.IsZero():
		text += " · seen " + when(c.LastSeen.Time, now)
	case c.Presence != "available" && !c.Idle.IsZero():
		text += " since " + when(c.Idle.Time, now)
	}
	if c.Status != "" {
		text += " · " + term.Printable(term.Brief(c.Status, 200))
	}
	return text
}

// when tells a time as shortly as can be: a day only if it is another.
func when(t, now time.Time) string {
	switch t, now := t.Local(), now.Local(); {
	case sameDay(t, now):
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("2 January 15:04")
	default:
		return t.Format("2 January 2006")
	}
}

// asks shows somebody who asks to be a contact.
func (m *model) asks(r client.Request, width, height int) []string {
	rows := []string{"", "  " + m.styles.name.Render(term.Printable(r.Name)) + " asks to be your contact.", ""}
	if r.Note != "" {
		rows = append(append(rows, m.styles.body(r.Note, "  │ ", width)...), "")
	}
	rows = append(rows, m.styles.body("Nobody has checked the name. Until you accept they see neither your presence nor when you read this.", "  ", width)...)
	rows = append(rows, "", "  "+m.styles.name.Render("y")+"  accept", "  "+m.styles.name.Render("n")+"  decline", "", "  "+m.styles.dim.Render(m.styles.fit(r.Account, width-2)))
	return m.styles.square(rows, width, height)
}

// welcome is what is shown while there is nobody.
func (m *model) welcome(width, height int) []string {
	rows := []string{"", "  There is nobody here yet.", ""}
	if len(m.people.contacts)+len(m.people.requests) > 0 {
		rows[1] = "  You talk to nobody now. Tab takes the next one, Ctrl+K finds somebody."
	}
	for _, c := range [][2]string{
		{"/link", "your link, to give to a friend"},
		{"/add LINK", "asks the friend whose link it is"},
		{"/nearby", "who shows themselves on this network"},
	} {
		rows = append(rows, "  "+m.styles.name.Render(m.styles.fit(c[0], 11))+c[1])
	}
	return m.styles.square(append(rows, "", "  "+m.styles.dim.Render("F1 shows every key.")), width, height)
}

// aboutInput are the rows right above the input: what is completed, answered or
// changed.
func (m *model) aboutInput() []string {
	if rows := m.input.menu.view(m.styles); len(rows) > 0 {
		return rows
	}
	switch {
	case m.input.reply != "":
		msg, _ := m.thread.get(m.input.reply)
		return []string{m.styles.dim.Render(" answers " + term.Printable(m.name(msg.From)+": "+term.Brief(msg.Text, 200)))}
	case m.input.edit != "":
		return []string{m.styles.dim.Render(" changes what you wrote · Esc leaves it")}
	}
	return nil
}

// foot is the lowest row: what was done last, or which keys there are, and how
// the node is.
func (m *model) foot() string {
	right := m.health.brief(m.styles) + " "
	if m.width < slim && m.note != "" {
		right = ""
	}
	room := m.width - m.styles.cells.StringWidth(right) - 1
	text := m.keysNow()
	switch {
	case m.wrong:
		return m.styles.apart(" "+m.styles.alarm.Render("! "+m.note), right, m.width)
	case m.note != "":
		return m.styles.apart(" "+m.note, right, m.width)
	}
	return m.styles.apart(m.styles.dim.Render(" "+m.styles.whole(text, room-1)), right, m.width)
}

// whole is as many of the keys as fit, none cut.
func (s styles) whole(keys string, width int) string {
	for s.cells.StringWidth(keys) > width {
		i := strings.LastIndex(keys, " · ")
		if i < 0 {
			return ""
		}
		keys = keys[:i]
	}
	return keys
}

func (m *model) keysNow() string {
	switch {
	case m.page != nil:
		return m.page.keys()
	case m.focus == onPeople:
		return "Enter talk · ↑↓ choose · Esc back"
	case m.focus == onThread:
		return "r reply · + react · e change · d delete · c copy · i more · Esc back"
	case m.thread.below > 0:
		return "PgDn down · Ctrl+End newest · F1 help"
	case m.chosen().request != nil:
		return "y accept · n decline · Tab next"
	}
	return "F1 help · Esc choose a message · Tab next · Ctrl+K find · Ctrl+C leave"
}
