package tui

import (
	"strings"

	"github.com/truce-im/truce/cmd/internal/emoji"
	"github.com/truce-im/truce/cmd/internal/term"
)

// maxMenu is how many completions are shown at a time.
const maxMenu = 5

// menu offers what the word being written may become.
type menu struct {
	list []completion
	at   int
}

// completion is what may stand in the input, and how it is shown.
type completion struct{ text, shown string }

// follow finds what the input may become.
func (n *menu) follow(m *model) {
	text := m.input.area.Value()
	switch word := lastWord(text); {
	case strings.HasPrefix(text, "/") && !strings.Contains(text, "\n"):
		n.list = m.completeCommand(text)
	case len(word) >= 3 && word[0] == ':':
		n.list = nil
		for _, s := range emoji.Complete(word, maxMenu) {
			n.list = append(n.list, completion{strings.TrimSuffix(text, word) + s.Emoji + " ", s.Emoji + " " + s.Name})
		}
	default:
		n.list = nil
	}
	n.at = 0
}

// lastWord is what stands behind the last space.
func lastWord(text string) string { return text[strings.LastIndexAny(text, " \n")+1:] }

// key acts on a key for the menu, and reports whether it was one.
func (n *menu) key(m *model, name string) bool {
	if len(n.list) == 0 {
		return false
	}
	switch name {
	case "tab":
		text := n.list[n.at].text
		m.input.set(text)
		n.follow(m)
	case "down":
		n.at = (n.at + 1) % len(n.list)
	case "up":
		n.at = (n.at + len(n.list) - 1) % len(n.list)
	case "esc":
		n.list = nil
	default:
		return false
	}
	return true
}

func (n *menu) view(s styles) (rows []string) {
	top := max(0, n.at-maxMenu+1)
	for i := top; i < min(len(n.list), top+maxMenu); i++ {
		text := " " + term.Printable(n.list[i].shown)
		if i == n.at {
			rows = append(rows, s.name.Render(" ▸"+text))
		} else {
			rows = append(rows, s.dim.Render("  "+text))
		}
	}
	return rows
}
