package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// onChosen does something with the chosen message, unless it was deleted or is a
// notice of the program's own.
func (m *model) onChosen(f func(client.Message) tea.Cmd) tea.Cmd {
	msg, ok := m.thread.get(m.thread.chosen)
	if !ok || msg.Deleted || msg.Notice != "" {
		m.say("there is nothing to do with that")
		return nil
	}
	return f(msg)
}

// onMine is onChosen for what only its writer may do.
func (m *model) onMine(what string, f func(client.Message) tea.Cmd) tea.Cmd {
	return m.onChosen(func(msg client.Message) tea.Cmd {
		if !msg.Out() {
			m.say("only " + m.name(msg.From) + " can " + what + " that")
			return nil
		}
		return f(msg)
	})
}

func (m *model) replyChosen() tea.Cmd {
	return m.onChosen(func(msg client.Message) tea.Cmd { m.reply(msg); return nil })
}

func (m *model) editChosen() tea.Cmd {
	return m.onMine("change", func(msg client.Message) tea.Cmd { m.edit(msg); return nil })
}

func (m *model) deleteChosen() tea.Cmd {
	return m.onMine("delete", func(msg client.Message) tea.Cmd {
		q := &question{
			name: "Delete",
			text: "Delete this message, here and on the other side?",
			more: msg.Text,
			answers: []answer{
				{"y", "delete", func(m *model) tea.Cmd {
					m.toInput()
					return m.node.act("deleted", func(ctx context.Context) error { _, err := m.node.api.Delete(ctx, msg.ID, ""); return err })
				}},
				{"n", "keep it", nil},
			},
		}
		return m.open(q)
	})
}

// handy are the reactions that a digit gives.
var handy = []string{"👍", "❤️", "😂", "😮", "😢", "🙏", "🎉", "👎"}

func (m *model) reactChosen() tea.Cmd {
	return m.onChosen(func(msg client.Message) tea.Cmd {
		if i := strings.Index("12345678", m.pressed); i >= 0 {
			return m.react(msg, handy[i])
		}
		return m.open(newReact(msg))
	})
}

// react puts an emoji on a message, or takes mine off.
func (m *model) react(msg client.Message, emoji string) tea.Cmd {
	off := slices.Contains(msg.Reactions[emoji], m.me.Account)
	return m.node.tell(func(ctx context.Context) error {
		_, err := m.node.api.React(ctx, msg.ID, emoji, off, "")
		return err
	})
}

func (m *model) copyChosen() tea.Cmd {
	return m.onChosen(func(msg client.Message) tea.Cmd { return m.copy(msg.Text, "the message") })
}

// copy puts text into the clipboard, through the terminal.
func (m *model) copy(text, what string) tea.Cmd {
	m.say("copied " + what + ", if the terminal lets programs do that")
	return tea.SetClipboard(text)
}

func (m *model) toQuoted() tea.Cmd {
	return m.onChosen(func(msg client.Message) tea.Cmd {
		if msg.ReplyTo == "" {
			m.say("it answers no message")
			return nil
		}
		return m.goTo(client.Message{ID: msg.ReplyTo, Conversation: msg.Conversation})
	})
}

func (m *model) infoChosen() tea.Cmd {
	return m.onChosen(func(msg client.Message) tea.Cmd { return m.open(&infoPage{msg: msg}) })
}
