package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

func TestNotify(t *testing.T) {
	for _, test := range []struct {
		name, setting string
		prepare       func(m *model)
		from          string
		want          any // what is sent to the terminal; nil: nothing
	}{
		{"before the eyes", "bell", func(*model) {}, "them", nil},
		{"another window", "bell", func(m *model) { m.Update(tea.BlurMsg{}) }, "them", "\a"},
		{"back again", "bell", func(m *model) { m.Update(tea.BlurMsg{}); m.Update(tea.FocusMsg{}) }, "them", nil},
		{"a page is open", "bell", func(m *model) { m.page = &helpPage{} }, "them", "\a"},
		{"scrolled away", "bell", func(m *model) { m.thread.below = 5 }, "them", "\a"},
		{"another conversation", "", func(*model) {}, "other", "\a"},
		{"osc9", "osc9", func(*model) {}, "other", "\x1b]9;4,1,�evil wrote to you\x07"},
		{"osc777", "osc777", func(*model) {}, "other", "\x1b]777;notify;Truce;4,1,�evil wrote to you\x07"},
		{"off", "off", func(m *model) { m.blurred = true }, "other", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := full(t)
			m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
			m.people.put(client.Contact{Account: "other", Name: "4;1;\aevil", State: "accepted"})
			m.settings["notify"] = test.setting
			test.prepare(m)
			cmd := m.notify(client.Message{From: test.from, Conversation: test.from, Text: "secret"})
			var got any
			if cmd != nil {
				got = cmd().(tea.RawMsg).Msg
			}
			if got != test.want {
				t.Errorf("%q is sent to the terminal, not %q", got, test.want)
			}
		})
	}
}
