package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/emoji"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// send does what stands in the input: a command, an answer to a request, a change
// of a message, or a message.
func (m *model) send() tea.Cmd {
	text := m.input.text()
	switch r := m.chosen(); {
	case text == "":
		return nil
	case strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"):
		m.input.clear()
		return m.command(text)
	case r.request != nil:
		m.input.clear()
		return m.answer(*r.request, text)
	case r.contact == nil:
		m.say("there is nobody to write to yet: /add LINK, or give your /link to a friend")
		return nil
	}
	text = strings.TrimPrefix(emoji.Expand(text), "/")
	if strings.HasPrefix(m.input.text(), "//") {
		text = "/" + text[1:]
	}
	m.typing = time.Time{}
	m.thread.choose("")
	if id := m.input.edit; id != "" {
		m.input.clear()
		return m.node.act("", func(ctx context.Context) error { _, err := m.node.api.Edit(ctx, id, text, ""); return err })
	}
	in := client.SendRequest{Text: text, ReplyTo: m.input.reply}
	m.input.clear()
	return m.node.send(m.thread.with, in)
}

// giveBack puts what was not taken where it was written. If something else is being
// written there, it can be recalled.
func (m *model) giveBack(with, text string) {
	switch {
	case text == "":
	case with != m.thread.with && m.input.drafts[with] == "":
		m.input.drafts[with] = written(text)
	case with == m.thread.with && m.input.area.Length() == 0:
		m.input.set(written(text))
		m.lay()
	}
}

// written is what one writes to say text: a / more where it begins with one, for it is
// no command.
func written(text string) string {
	if strings.HasPrefix(text, "/") {
		return "/" + text
	}
	return text
}

// answer accepts or declines somebody who asks.
func (m *model) answer(r client.Request, text string) tea.Cmd {
	switch strings.ToLower(text) {
	case "y", "yes":
		return m.node.tell(func(ctx context.Context) error { _, err := m.node.api.Accept(ctx, r.Account, ""); return err })
	case "n", "no":
		return m.node.tell(func(ctx context.Context) error { _, err := m.node.api.Decline(ctx, r.Account); return err })
	}
	m.say("answer y or n, or block them with /block")
	return nil
}

// typed hands a key to the input, and lets the other know that something is being
// written.
func (m *model) typed(msg tea.Msg) tea.Cmd {
	cmd := m.input.update(msg)
	m.input.menu.follow(m)
	m.lay()
	with := m.thread.with
	if m.chosen().contact == nil || m.input.edit != "" || strings.HasPrefix(m.input.text(), "/") {
		return cmd
	}
	writes := m.input.area.Length() > 0
	switch {
	case writes && time.Since(m.typing) > 5*time.Second:
		m.typing = time.Now()
	case !writes && !m.typing.IsZero():
		m.typing = time.Time{}
	default:
		return cmd
	}
	return tea.Batch(cmd, func() tea.Msg {
		m.node.api.Typing(m.node.ctx, with, writes) // it matters to nobody if it fails
		return nil
	})
}

// paste takes text that the terminal says was pasted.
func (m *model) paste(msg tea.PasteMsg) tea.Cmd {
	msg.Content = pasted(msg.Content)
	if m.page != nil {
		return m.inPage(msg)
	}
	if m.focus == onPeople {
		return m.filterKey(msg)
	}
	m.focus = onInput
	m.thread.choose("")
	if n := len(msg.Content); n > maxText {
		m.fail(fmt.Errorf("that is too long for a message: %d KiB of at most %d", n>>10, maxText>>10))
		return nil
	}
	if n := m.input.area.LineCount() + strings.Count(msg.Content, "\n"); n > maxLines {
		m.fail(fmt.Errorf("that is too long to be written here: %d lines of at most %d; `truce send` takes it", n, maxLines))
		return nil
	}
	return m.typed(msg)
}

// pasted is text as it may stand in the input: lines end in LF, and what would not
// show itself is left out.
func pasted(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && term.Printable(string(r)) != string(r) {
			return -1
		}
		return r
	}, text)
}

// editLast takes up my newest message to change it.
func (m *model) editLast() bool {
	for i := len(m.thread.list) - 1; i >= 0; i-- {
		if msg := m.thread.list[i]; msg.Out() && !msg.Deleted && !msg.Nudge && msg.State != "failed" {
			m.edit(msg)
			return true
		}
	}
	return false
}

func (m *model) edit(msg client.Message) {
	m.input.change(msg.ID, written(pasted(msg.Text)))
	m.focus = onInput
	m.thread.choose(msg.ID)
	m.lay()
}

func (m *model) reply(msg client.Message) {
	m.input.cancel()
	m.input.reply = msg.ID
	m.focus = onInput
	m.thread.choose(msg.ID)
	m.lay()
}
