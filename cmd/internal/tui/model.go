package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// model is the whole state of the screen.
type model struct {
	node   node
	styles styles

	width, height int
	me            client.Identity
	people        people
	thread        thread
	input         textarea.Model
	note          string // of what was done last; one line
	wrong         bool   // note tells of a failure
	active        time.Time
	typing        time.Time // when it was told last that I write

	end *outcome
}

// outcome is what Run returns: the model itself is copied at each step.
type outcome struct{ err error }

const (
	sideWidth = 24
	maxInput  = 6 // rows
)

func newModel(n node) model {
	input := textarea.New()
	input.Prompt, input.ShowLineNumbers, input.Placeholder = "", false, ""
	input.SetVirtualCursor(false)
	input.KeyMap.InsertNewline.SetKeys("alt+enter", "shift+enter", "ctrl+j")
	input.DynamicHeight, input.MinHeight, input.MaxHeight, input.MaxContentHeight = true, 1, maxInput, 10000
	input.SetHeight(1)
	input.Focus()
	return model{
		node: n, styles: newStyles(true), input: input, end: &outcome{},
		people: people{spoke: map[string]time.Time{}},
	}
}

func (m model) Init() tea.Cmd { return tea.Batch(tea.RequestBackgroundColor, m.node.people()) }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.lay()
	case tea.BackgroundColorMsg:
		m.styles = newStyles(msg.IsDark())
		clear(m.thread.rows)
	case peopleMsg:
		return m.took(msg)
	case pageMsg:
		if msg.with == m.thread.with {
			m.thread.add(msg)
			return m, m.scroll(0)
		}
	case eventMsg:
		return m.event(client.Event(msg))
	case sentMsg:
		m.thread.put(client.Message(msg))
		m.thread.below = 0
	case failedMsg:
		m.note, m.wrong = term.Printable(msg.err.Error()), true
	case goneMsg:
		m.end.err = ErrStopped
		return m, tea.Quit
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			return m, m.scroll(3)
		case tea.MouseWheelDown:
			return m, m.scroll(-3)
		}
	case tea.PasteMsg:
		return m.typed(msg)
	}
	return m, nil
}

func (m *model) lay() {
	m.input.SetWidth(m.talkWidth() - 2)
	m.thread.resize(m.talkWidth())
}

func (m model) talkWidth() int { return max(1, m.width-sideWidth-1) }

// talkHeight is what is left for messages between the head and the input.
func (m model) talkHeight() int { return max(1, m.height-4-m.input.Height()) }

func (m model) took(p peopleMsg) (tea.Model, tea.Cmd) {
	m.me, m.people.contacts, m.people.requests = p.me, p.contacts, p.requests
	switch rows, r := m.people.rows(), m.chosen(); {
	case r == row{} && len(rows) > 0:
		return m.choose(rows[0])
	case r.contact != nil && len(m.thread.list) == 0 && !m.thread.loading: // who asked is a contact now
		return m.choose(r)
	}
	return m, nil
}

// choose opens the conversation with somebody.
func (m model) choose(r row) (tea.Model, tea.Cmd) {
	d := drawer{styles: m.styles, now: time.Now, name: m.name, text: m.quoted}
	m.thread = newThread(r.account(), d.message)
	m.thread.resize(m.talkWidth())
	if r.request != nil {
		return m, nil
	}
	m.thread.loading = true
	return m, tea.Batch(m.node.page(r.account(), newest, ""), m.read())
}

// read tells the node that the conversation was read.
func (m model) read() tea.Cmd {
	with := m.thread.with
	return m.node.tell(func(ctx context.Context) error {
		_, err := m.node.api.Read(ctx, with, "")
		return err
	})
}

func (m model) name(account string) string {
	if account == m.me.Account {
		return "you"
	}
	if c := m.people.contact(account); c != nil {
		return c.Name
	}
	return account[:min(len(account), 8)]
}

func (m model) quoted(id string) string {
	if i := m.thread.index(id); i >= 0 {
		return m.thread.list[i].Text
	}
	return ""
}

func (m model) event(e client.Event) (tea.Model, tea.Cmd) {
	switch e.Event {
	case client.EventMessage, client.EventState:
		msg := *e.Message
		if at := msg.Received.Time; at.After(m.people.spoke[msg.Conversation]) {
			m.people.spoke[msg.Conversation] = at
		}
		if msg.Conversation != m.thread.with {
			return m, m.node.people()
		}
		m.thread.put(msg)
		if e.Event == client.EventMessage && !msg.Out() {
			return m, m.read()
		}
	case client.EventContact, client.EventPresence, client.EventTyping:
		if m.people.contact(e.Contact.Account) == nil || e.Event == client.EventContact {
			return m, m.node.people()
		}
		m.people.put(*e.Contact)
	case client.EventReset:
		return m, m.node.people()
	}
	return m, nil
}

func (m model) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	m.note, m.wrong = "", false
	switch k.Keystroke() {
	case "ctrl+c", "ctrl+q":
		return m, tea.Quit
	case "ctrl+d":
		if m.input.Length() == 0 {
			return m, tea.Quit
		}
	case "tab", "alt+down":
		return m.step(1)
	case "shift+tab", "alt+up":
		return m.step(-1)
	case "pgup":
		return m, m.scroll(m.talkHeight() - 1)
	case "pgdown":
		return m, m.scroll(1 - m.talkHeight())
	case "ctrl+end":
		return m.newest()
	case "enter":
		return m.send()
	}
	return m.typed(k)
}

// newest shows the end of the conversation.
func (m model) newest() (tea.Model, tea.Cmd) {
	if m.thread.last {
		m.thread.below = 0
		return m, nil
	}
	return m, m.node.page(m.thread.with, newest, "")
}

func (m *model) scroll(up int) tea.Cmd {
	at, next, needed := m.thread.scroll(up, m.talkHeight())
	if !needed {
		return nil
	}
	return m.node.page(m.thread.with, at, next)
}

// step goes to the next one on the list, or the one before.
func (m model) step(by int) (tea.Model, tea.Cmd) {
	rows := m.people.rows()
	if len(rows) == 0 {
		return m, nil
	}
	now := 0
	for i, r := range rows {
		if r.account() == m.thread.with {
			now = i
		}
	}
	return m.choose(rows[(now+by+len(rows))%len(rows)])
}

func (m model) typed(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(msg)
	var tell []tea.Cmd
	if time.Since(m.active) > time.Minute {
		m.active = time.Now()
		tell = append(tell, m.node.tell(m.node.api.Active))
	}
	if with := m.thread.with; with != "" && m.input.Length() > 0 && time.Since(m.typing) > 5*time.Second {
		m.typing = time.Now()
		tell = append(tell, m.node.tell(func(ctx context.Context) error { m.node.api.Typing(ctx, with, true); return nil }))
	}
	return m, tea.Batch(append(tell, cmd)...)
}

func (m model) send() (tea.Model, tea.Cmd) {
	text := strings.TrimSpace(m.input.Value())
	if r := m.chosen(); r.request != nil {
		return m.answer(*r.request, text)
	}
	if text == "" || m.thread.with == "" {
		return m, nil
	}
	m.input.Reset()
	m.typing = time.Time{}
	return m, m.node.send(m.thread.with, client.SendRequest{Text: text})
}

func (m model) chosen() row {
	for _, r := range m.people.rows() {
		if r.account() == m.thread.with {
			return r
		}
	}
	return row{}
}

// answer accepts or declines somebody who asks.
func (m model) answer(r client.Request, text string) (tea.Model, tea.Cmd) {
	m.input.Reset()
	switch strings.ToLower(text) {
	case "y", "yes", "/accept":
		return m, m.node.tell(func(ctx context.Context) error { _, err := m.node.api.Accept(ctx, r.Account, ""); return err })
	case "n", "no", "/decline":
		return m, m.node.tell(func(ctx context.Context) error { _, err := m.node.api.Decline(ctx, r.Account); return err })
	}
	m.note = "answer y or n"
	return m, nil
}

func (m model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen, v.MouseMode, v.ReportFocus, v.WindowTitle = true, tea.MouseModeCellMotion, true, "truce"
	if c := m.input.Cursor(); c != nil && m.width > sideWidth {
		c.X += sideWidth + 3
		c.Y += m.height - 1 - m.input.Height()
		v.Cursor = c
	}
	return v
}

func (m model) screen() string {
	if m.width < 40 || m.height < 8 {
		return "make the window larger"
	}
	left, right := m.side(m.height-1), m.talk(m.height-1)
	rows := make([]string, 0, m.height)
	for i := range left {
		rows = append(rows, left[i]+m.styles.border.Render("│")+right[i])
	}
	return strings.Join(append(rows, m.foot()), "\n")
}

func (m model) side(height int) []string {
	list := []string{fit(m.styles.mine.Render(term.Printable(m.me.Name)), sideWidth), strings.Repeat("─", sideWidth)}
	for _, r := range m.people.rows() {
		list = append(list, m.styles.person(r, r.account() == m.thread.with, sideWidth))
	}
	if len(list) == 2 {
		list = append(list, fit(m.styles.dim.Render("nobody yet"), sideWidth))
	}
	for len(list) < height {
		list = append(list, strings.Repeat(" ", sideWidth))
	}
	return list[:height]
}

func (m model) talk(height int) []string {
	width := m.talkWidth()
	rows := []string{fit(m.head(), width), strings.Repeat("─", width)}
	body := height - 3 - m.input.Height()
	if r := m.chosen(); r.request != nil {
		rows = append(rows, m.asks(*r.request, width, body)...)
	} else {
		rows = append(rows, m.thread.view(body)...)
	}
	rows = append(rows, strings.Repeat("─", width))
	for _, line := range strings.Split(m.input.View(), "\n") {
		rows = append(rows, "> "+line)
	}
	for i := range rows {
		rows[i] = fit(rows[i], width)
	}
	return rows[:height]
}

func (m model) head() string {
	c := m.people.contact(m.thread.with)
	if c == nil {
		return "Truce"
	}
	text := m.styles.name.Render(term.Printable(c.Name)) + "  " + c.Presence
	switch {
	case c.Typing:
		text += " · writes…"
	case c.Status != "":
		text += " · " + term.Printable(term.Brief(c.Status, 200))
	case c.Presence == "offline" && !c.LastSeen.IsZero():
		text += " · seen " + c.LastSeen.Local().Format("2 January 15:04")
	}
	return text
}

func (m model) asks(r client.Request, width, height int) []string {
	rows := []string{"", fit(fmt.Sprintf("  %s asks to be your contact.", term.Printable(r.Name)), width), ""}
	rows = append(rows, drawer{styles: m.styles}.lines(r.Note, "  ", width, m.styles.dim.Render)...)
	rows = append(rows, "", "  Write y to accept, n to decline.")
	for len(rows) < height {
		rows = append(rows, "")
	}
	return rows[:height]
}

func (m model) foot() string {
	if m.note != "" {
		if m.wrong {
			return fit(m.styles.alarm.Render("! "+m.note), m.width)
		}
		return fit(m.note, m.width)
	}
	return m.styles.dim.Render(fit("Enter send · Alt+Enter new line · Tab next · PgUp/PgDn scroll · Ctrl+C leave", m.width))
}

func plain(text string) string { return ansi.Strip(text) }
