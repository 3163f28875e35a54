package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/slash"
)

// helpPage lists every key.
type helpPage struct{ scroller }

func (p *helpPage) title() string { return "Keys" }
func (p *helpPage) keys() string  { return "↑↓ scroll · Esc back" }

func (p *helpPage) update(m *model, msg tea.Msg) (page, tea.Cmd) { return p.scroll(p, m, msg) }

func (p *helpPage) view(m *model, width, height int) []string {
	var rows []string
	list := func(title string, bindings []binding) {
		rows = append(rows, " "+m.styles.unread.Render(title))
		for _, b := range bindings {
			if b.shown != "" {
				rows = append(rows, "  "+m.styles.name.Render(m.styles.fit(b.shown, 10))+" "+b.help)
			}
		}
	}
	list("While you write", writing)
	list("With a message chosen", choosing)
	list("Always", always)
	rows = append(rows, " "+m.styles.unread.Render("The mouse"), "  scrolls, and a click chooses people and messages; it is never needed.",
		"  Hold Shift to mark text as the terminal does.")
	rows = append(rows, " "+m.styles.unread.Render("Commands"))
	for _, c := range slash.Commands() {
		rows = append(rows, "  "+m.styles.name.Render(m.styles.fit("/"+c.Name, 10))+" "+c.Help)
	}
	return p.cut(rows, height)
}
