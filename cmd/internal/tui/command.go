package tui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/slash"
	"github.com/truce-im/truce/cmd/internal/welcome"
	"github.com/truce-im/truce/node/api/client"
)

// ranMsg is what a command did.
type ranMsg slash.Result

// command does what a line says that begins with /.
func (m *model) command(text string) tea.Cmd {
	target := m.thread.chosen
	if i := len(m.thread.list) - 1; target == "" && i >= 0 {
		target = m.thread.list[i].ID
	}
	at := slash.Place{With: m.thread.with, Pages: true, Target: func(word string) (string, error) {
		switch {
		case word != "":
			return "", slash.ErrNoTarget
		case target == "":
			return "", &client.Error{Code: client.CodeUsage, Message: "there is no message here"}
		}
		return target, nil
	}}
	m.thread.choose("")
	m.running = true
	run := do(m.node, func(ctx context.Context) (slash.Result, error) { return slash.Run(ctx, m.node.api, at, text) },
		func(r slash.Result) tea.Msg { return ranMsg(r) })
	return func() tea.Msg {
		msg := run()
		if failed, ok := msg.(failedMsg); ok {
			failed.ran = true
			return failed
		}
		return msg
	}
}

// maxAhead is how many keys wait for a command. Nobody types as many.
const maxAhead = 1000

// waits keeps what is typed while a command is on its way, which may lead to another
// conversation: what is written behind /to is meant for whom it names, and no key is
// meant for a page that was not there yet. Leaving does not wait.
func (m *model) waits(msg tea.Msg) bool {
	if k, ok := msg.(tea.KeyPressMsg); !m.running || ok && slices.Contains([]string{"ctrl+c", "ctrl+q"}, k.Keystroke()) {
		return false
	}
	if len(m.ahead) < maxAhead {
		m.ahead = append(m.ahead, msg)
	}
	return true
}

// resume does what waited for a command.
func (m *model) resume() tea.Cmd {
	var cmds []tea.Cmd
	for m.running = false; len(m.ahead) > 0 && !m.running; {
		msg := m.ahead[0]
		m.ahead = m.ahead[1:]
		cmds = append(cmds, m.update(msg))
	}
	return tea.Batch(cmds...)
}

// ran shows what a command did.
func (m *model) ran(r ranMsg) tea.Cmd {
	var cmds []tea.Cmd
	if r.Changed {
		cmds = append(cmds, m.node.people(m.people.news))
	}
	if r.Copy != "" && r.Show == "" {
		cmds = append(cmds, tea.SetClipboard(r.Copy))
	}
	if r.Sent != nil {
		cmds = append(cmds, m.answered(sentMsg(*r.Sent)))
	}
	if r.Talk != "" {
		cmds = append(cmds, m.talkTo(r.Talk))
	}
	cmds = append(cmds, m.resume())
	switch {
	case r.Quit:
		return m.leave()
	case m.running: // the next command has the screen
	case r.Show == slash.PageHelp:
		m.open(&helpPage{})
	case r.Show == slash.PageSettings:
		m.open(&settingsPage{})
	case r.Show == slash.PageLink:
		cmds = append(cmds, m.openPart("Your link", welcome.NewLink(m.node.ctx, m.node.api)))
	case r.Show == slash.PageNearby:
		cmds = append(cmds, m.openPart("People nearby", welcome.NewNearby(m.node.ctx, m.node.api)))
	case r.Show == slash.PageContact:
		cmds = append(cmds, m.about(r.Query))
	case r.Show == slash.PageHealth:
		cmds = append(cmds, m.openHealth())
	case r.Show == slash.PageSearch:
		cmds = append(cmds, m.search(r.Query))
	case r.Show == slash.PageUnread:
		cmds = append(cmds, m.oldUnread())
	case r.Show == slash.PageHistory:
		m.say("PgUp shows what was said before")
	case len(r.Say) == 1 && len(r.Say[0]) < m.width-30:
		m.say(r.Say[0])
	case len(r.Say) > 0:
		m.open(&saidPage{lines: r.Say})
	}
	return tea.Batch(append(cmds, m.node.status(), m.node.settings())...)
}

// saidPage shows what a command says that is longer than a line.
type saidPage struct {
	scroller
	lines []string
}

func (p *saidPage) title() string { return "Truce" }
func (p *saidPage) keys() string  { return "Esc back · ↑↓ scroll" }

func (p *saidPage) update(m *model, msg tea.Msg) (page, tea.Cmd) { return p.scroll(p, m, msg) }

func (p *saidPage) view(m *model, width, height int) []string {
	rows := []string{""}
	for _, line := range p.lines {
		rows = append(rows, m.styles.body(line, "  ", width)...)
	}
	return p.cut(rows, height)
}

// completeCommand tells what a command may become.
func (m *model) completeCommand(text string) (list []completion) {
	for _, c := range slash.Complete(text, m.names) {
		if c.Line != text {
			list = append(list, completion{c.Line, m.styles.fit(c.Line, 14) + " " + c.Help})
		}
	}
	return list
}

// names lists what the argument of a command may be.
func (m *model) names(kind string) (list []string) {
	switch kind {
	case slash.Contacts:
		for _, c := range m.people.contacts {
			list = append(list, c.Name)
		}
	case slash.Requests:
		for _, r := range m.people.requests {
			list = append(list, r.Name)
		}
	case slash.Settings:
		for _, o := range options {
			list = append(list, o.name)
		}
	}
	return list
}
