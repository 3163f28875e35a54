package tui

import (
	"errors"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/cmd/internal/slash"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// focus is what the keys go to, unless a page is open.
type focus int

const (
	onInput  focus = iota
	onPeople       // the filter on the left, and the list below it
	onThread       // a message is chosen
)

// model is the whole state of the screen. Bubble Tea's goroutine alone touches it.
type model struct {
	node     node
	opt      Options
	terminal terminal
	styles   styles

	width, height int
	focus         focus
	page          page // stands where the conversation does; nil: none
	me            client.Identity
	status        client.Status
	people        people
	filter        textinput.Model
	thread        thread
	input         compose
	health        health
	settings      map[string]string

	note    string    // of what was done last; one line
	wrong   bool      // note tells of a failure
	pressed string    // the key that is acted on
	running bool      // a command is on its way
	ahead   []tea.Msg // what was typed since
	rounds  int       // pages of conversations that were asked for
	airy    bool      // the window is high enough for free rows
	blurred bool      // the user looks at another window
	active  time.Time
	typing  time.Time // when it was told last that I write

	err  error // of the end
	stay bool  // the node is to go on without the screen
}

// page is something to look at or to answer in the place of the conversation.
type page interface {
	// update takes what happened. It returns the page to show from now on: itself,
	// another, or nil for the conversation.
	update(m *model, msg tea.Msg) (page, tea.Cmd)
	// view draws the page in rows of at most that width.
	view(m *model, width, height int) []string
	title() string
	keys() string // for the foot
}

func newModel(n node, opt Options) *model {
	m := &model{node: n, opt: opt, people: people{spoke: map[string]time.Time{}}, settings: map[string]string{}}
	m.filter = newField("", "")
	m.filter.Blur()
	m.input = newCompose()
	m.restyle()
	return m
}

// restyle takes the looks that fit the terminal.
func (m *model) restyle() {
	m.styles = m.terminal.styles()
	m.thread.restyle()
}

// learn takes in what the terminal tells of itself.
func (m *model) learn(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.BackgroundColorMsg:
		m.terminal.light = !msg.IsDark()
	case tea.ColorProfileMsg:
		m.terminal.bare = msg.Profile < colorprofile.ANSI
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore && msg.Value != ansi.ModeNotRecognized && msg.Value != ansi.ModePermanentlyReset {
			m.terminal.cells = ansi.GraphemeWidth
		}
	}
	m.restyle()
}

// Init implements tea.Model. Who there is, is asked for once events come: nothing that
// happens in between is missed.
func (m *model) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, m.node.settings(), m.node.status(), m.node.health())
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	return m, tea.Batch(cmd, m.read())
}

func (m *model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.lay()
		m.thread.toHeld(m.talkHeight())
		return m.scroll(0)
	case tea.BackgroundColorMsg, tea.ColorProfileMsg, tea.ModeReportMsg:
		m.learn(msg)
	case tea.FocusMsg:
		m.blurred = false
		return m.touch()
	case tea.BlurMsg:
		m.blurred = true
	case goneMsg:
		m.err = ErrStopped
		return tea.Quit
	case failedMsg:
		var cmd tea.Cmd
		if msg.ran {
			cmd = m.resume()
		}
		m.fail(msg.err)
		if msg.round != 0 && msg.round == m.thread.round {
			m.thread.loading = false
		}
		m.giveBack(msg.with, msg.text)
		return cmd
	case tea.KeyPressMsg:
		if m.waits(msg) {
			return nil
		}
		return tea.Batch(m.touch(), m.key(msg))
	case tea.MouseClickMsg:
		return m.click(msg)
	case tea.MouseWheelMsg:
		return m.wheel(msg)
	case tea.PasteMsg:
		if m.waits(msg) {
			return nil
		}
		return m.paste(msg)
	case eventMsg:
		return m.event(client.Event(msg))
	default:
		return m.answered(msg)
	}
	return nil
}

// answered takes in what the node answers.
func (m *model) answered(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case peopleMsg:
		if msg.asked != m.people.news && m.me.Account != "" {
			return m.node.people(m.people.news)
		}
		return m.took(msg)
	case recentMsg:
		for account, at := range msg {
			m.people.heard(account, at)
		}
	case pageMsg:
		if msg.with == m.thread.with && msg.round == m.thread.round {
			m.thread.add(msg, m.talkHeight())
			return m.scroll(0)
		}
	case readMsg:
		m.people.news++
		if c := m.people.contact(msg.with); c != nil {
			c.Unread = msg.unread
		}
	case sentMsg:
		m.people.heard(msg.Conversation, msg.Received.Time)
		if msg.Conversation == m.thread.with {
			m.thread.sent(client.Message(msg))
			return m.newest()
		}
	case contactMsg:
		if msg.asked != m.people.news {
			return m.node.contact(msg.contact.Account, m.people.news)
		}
		m.people.put(msg.contact)
	case healthDueMsg:
		m.health.waits = false
		return m.node.health()
	case settingsMsg:
		m.settings = msg
	case statusMsg:
		m.status = client.Status(msg)
	case healthMsg:
		m.health.took(msg)
	case ranMsg:
		return m.ran(msg)
	case didMsg:
		m.note, m.wrong = msg.note, false
		return tea.Batch(msg.then...)
	}
	if m.page != nil {
		return m.inPage(msg)
	}
	return nil
}

func (m *model) inPage(msg tea.Msg) (cmd tea.Cmd) {
	m.page, cmd = m.page.update(m, msg)
	return cmd
}

// open shows a page.
func (m *model) open(p page, cmds ...tea.Cmd) tea.Cmd {
	m.leavePeople()
	m.page = p
	return tea.Batch(cmds...)
}

func (m *model) say(text string) { m.note, m.wrong = term.Printable(text), false }

func (m *model) fail(err error) {
	m.note, m.wrong = term.Printable(err.Error()), true
	var refused *client.Error
	if errors.As(err, &refused) && refused.Hint != "" {
		m.note += " (" + term.Printable(slash.Hint(refused.Hint)) + ")"
	}
}

// touch tells the node that somebody is here, at most once a minute.
func (m *model) touch() tea.Cmd {
	if time.Since(m.active) < time.Minute {
		return nil
	}
	m.active = time.Now()
	return m.node.tell(m.node.api.Active)
}

func (m *model) name(account string) string {
	if account == m.me.Account {
		return "you"
	}
	if c := m.people.contact(account); c != nil {
		return c.Name
	}
	return account[:min(len(account), 8)]
}
