package tui

import (
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// infoPage tells all about a message.
type infoPage struct {
	scroller
	msg client.Message
}

func (p *infoPage) title() string { return "A message" }
func (p *infoPage) keys() string  { return "c copy its id · ↑↓ scroll · Esc back" }

func (p *infoPage) update(m *model, msg tea.Msg) (page, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.Keystroke() {
		case "i":
			return nil, nil
		case "c":
			return p, m.copy(p.msg.ID, "the id")
		}
	}
	return p.scroll(p, m, msg)
}

func (p *infoPage) view(m *model, width, height int) []string {
	msg := p.msg
	if now, ok := m.thread.get(msg.ID); ok {
		msg = now
	}
	rows := []string{""}
	add := func(name, value string) {
		rows = append(rows, m.styles.field(name, value, width)...)
	}
	add("from", m.name(msg.From))
	add("written", msg.Time.Local().Format(time.RFC1123))
	add("here since", msg.Received.Local().Format(time.RFC1123))
	state := msg.State
	if msg.Why != "" {
		state += ": " + msg.Why
	}
	add("state", state)
	for _, emoji := range slices.Sorted(maps.Keys(msg.Reactions)) {
		var names []string
		for _, account := range msg.Reactions[emoji] {
			names = append(names, m.name(account))
		}
		add(emoji, strings.Join(names, ", "))
	}
	add("id", msg.ID)
	add("text", msg.Text)
	return p.cut(rows, height)
}
