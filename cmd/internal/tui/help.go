package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/slash"
)

// helpPage lists every key, on one screen where that is large enough, and below
// them the commands.
type helpPage struct{ scroller }

// helpColumn is how wide a column of keys is.
const helpColumn, maxHelpColumn = 39, 50

func (p *helpPage) title() string { return "Keys" }
func (p *helpPage) keys() string  { return "↓ commands · Esc back" }
func (p *helpPage) wide()         {}

func (p *helpPage) update(m *model, msg tea.Msg) (page, tea.Cmd) { return p.scroll(p, m, msg) }

func (p *helpPage) view(m *model, width, height int) []string {
	title := func(text string) string { return " " + m.styles.unread.Render(text) }
	entry := func(key, help string) string { return "  " + m.styles.name.Render(m.styles.fit(key, 10)) + " " + help }
	list := func(name string, bindings []binding) []string {
		rows := []string{title(name)}
		for _, b := range bindings {
			if b.shown != "" {
				rows = append(rows, entry(b.shown, b.help))
			}
		}
		return rows
	}
	rows := append(list("While you write", writing), list("With a message chosen", choosing)...)
	more := append(list("Always", always), title("The mouse"), entry("wheel", "scrolls"), entry("click", "chooses; never needed"), entry("Shift", "the terminal's own marks"))
	if width >= 2*helpColumn {
		column := min(width/2, maxHelpColumn)
		rows = append(rows, make([]string, max(0, len(more)-len(rows)))...)
		for i, row := range more {
			rows[i] = m.styles.fit(rows[i], column) + row
		}
	} else {
		rows = append(rows, more...)
	}
	rows = append(rows, "", title("Commands"))
	for _, c := range slash.Commands() {
		rows = append(rows, entry("/"+c.Name, c.Help))
	}
	return p.cut(rows, height)
}
