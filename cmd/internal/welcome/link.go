package welcome

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/cmd/internal/qr"
	"github.com/truce-im/truce/cmd/internal/term"
)

// Link is a component that shows my link as text and, where there is room, as a code
// for a camera. It acts on one key, c, which copies the link to the clipboard by the
// terminal (OSC 52), and never quits. Bubble Tea's goroutine alone may touch it.
type Link struct {
	ctx    context.Context
	api    API
	styles styles
	link   string
	code   *qr.Code // nil: too long, or not known yet
	copied bool
	wrong  string
}

// LinkMsg is the answer to what a Link asked of the node.
type LinkMsg struct {
	Link string
	Err  error
	of   *Link
}

// NewLink makes a component for colours on a dark ground. What it asks of api ends
// with ctx.
func NewLink(ctx context.Context, api API) *Link {
	return &Link{ctx: ctx, api: api, styles: newStyles(true, true)}
}

// Restyle takes the colours for a dark ground or a light one, or none.
func (l *Link) Restyle(dark, colour bool) { l.styles = newStyles(dark, colour) }

// Init asks for the link; to be run whenever the component is come to.
func (l *Link) Init() tea.Cmd {
	l.copied = false
	return func() tea.Msg {
		link, err := l.api.Link(l.ctx)
		return LinkMsg{link, err, l}
	}
}

// Keys names the keys that Update acts on.
func (l *Link) Keys() string { return "c copy" }

// Update takes LinkMsg and keys; other messages change nothing.
func (l *Link) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case LinkMsg:
		if msg.of == l {
			l.took(msg)
		}
	case tea.KeyPressMsg:
		if msg.Keystroke() == "c" && l.link != "" {
			l.copied = true
			return tea.SetClipboard(l.link)
		}
	}
	return nil
}

func (l *Link) took(msg LinkMsg) {
	if msg.Err != nil {
		l.wrong = term.Printable(msg.Err.Error())
		return
	}
	l.link, l.wrong = term.Printable(msg.Link), ""
	l.code, _ = qr.Encode(l.link)
}

// beside is how many columns the text takes beside the code, at the least.
const beside = 30

// View draws at most height rows of at most width columns. The code is beside the
// text, or below it, or not there.
func (l *Link) View(width, height int) []string {
	rows := l.said(width)
	if l.code == nil {
		return fitted(rows, width, height)
	}
	code := l.drawn()
	switch across := l.code.Width(); {
	case width >= across+2+beside && height >= len(code):
		left := lipgloss.NewStyle().Width(width - across).Render(strings.Join(l.said(width-across-2), "\n"))
		rows = strings.Split(lipgloss.JoinHorizontal(lipgloss.Top, left, strings.Join(code, "\n")), "\n")
	case width >= across && height >= len(rows)+len(code):
		rows = append(rows, code...)
	default:
		rows = append(rows, wrap(l.styles.dim.Render("Make the window larger to see a code for a phone's camera too."), width)...)
	}
	return fitted(rows, width, height)
}

// said is the link with what there is to say about it.
func (l *Link) said(width int) []string {
	switch {
	case l.wrong != "":
		return l.styles.note(l.wrong, width)
	case l.link == "":
		return []string{l.styles.dim.Render("one moment…")}
	}
	rows := text(width, "Give this link to your friends, by mail or on paper. With it they can find you and ask to be your contact.")
	for row := range strings.SplitSeq(ansi.Hardwrap(l.link, max(1, width), false), "\n") {
		rows = append(rows, l.styles.strong.Render(row))
	}
	state := ""
	if l.copied {
		state = l.styles.good.Render("✓ Copied, if your terminal allows it.")
	}
	return append(rows, "", state, "")
}

// drawn is the code in light letters on dark ground; what is light and what is dark
// never depends on the terminal's own colours.
func (l *Link) drawn() []string {
	text := strings.TrimSuffix(l.code.String(), "\n")
	if l.styles.turned {
		text = strings.NewReplacer("█", " ", " ", "█", "▀", "▄", "▄", "▀").Replace(text)
	}
	rows := strings.Split(text, "\n")
	for i := range rows {
		rows[i] = l.styles.code.Render(rows[i])
	}
	return rows
}

// fitted cuts rows to a window.
func fitted(rows []string, width, height int) []string {
	rows = rows[:min(len(rows), max(0, height))]
	for i := range rows {
		rows[i] = cut(rows[i], width)
	}
	return rows
}
