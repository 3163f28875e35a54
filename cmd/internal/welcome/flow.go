package welcome

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// move is where a page wants to go.
type move int

const (
	stay move = iota
	back
	on
)

// page is one step. Its rows may be too many or too wide: the flow cuts them.
type page interface {
	init() tea.Cmd // whenever it is come to
	update(msg tea.Msg) (move, tea.Cmd)
	view(s styles, width, height int) (rows []string, cursor *tea.Cursor)
	title() string
	keys() string // for the foot
}

// flow leads through pages, one after the other.
type flow struct {
	pages         []page
	at            int // len(pages): done
	before, total int // steps before the first page, and in all
	styles        styles
	dark, colour  bool
	width, height int
	leaving       bool
}

const (
	minWidth, minHeight = 20, 6
	widest              = 84 // columns: wide enough for a code beside a text
)

func newFlow(before, total int, pages ...page) *flow {
	f := &flow{pages: pages, before: before, total: total, dark: true, colour: true}
	f.restyle()
	return f
}

func (f *flow) done() bool { return f.at >= len(f.pages) }

// Init implements tea.Model.
func (f *flow) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, f.pages[0].init())
}

// Update implements tea.Model.
func (f *flow) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if f.leaving || f.done() {
		return f, nil
	}
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		f.width, f.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		f.dark = msg.IsDark()
		f.restyle()
	case tea.ColorProfileMsg:
		f.colour = msg.Convert(white) != nil
		f.restyle()
	case tea.KeyPressMsg:
		if k := msg.Keystroke(); k == "ctrl+c" || k == "ctrl+d" {
			f.leaving = true
			return f, tea.Quit
		}
	}
	where, cmd := f.pages[f.at].update(msg)
	return f, tea.Batch(cmd, f.move(where))
}

func (f *flow) move(where move) tea.Cmd {
	switch {
	case where == on:
		f.at++
		if f.done() {
			return tea.Quit
		}
	case where == back && f.at > 0:
		f.at--
	default:
		return nil
	}
	return f.pages[f.at].init()
}

// restyle takes the colours that fit the terminal.
func (f *flow) restyle() {
	f.styles = newStyles(f.dark, f.colour)
	for _, p := range f.pages {
		if r, ok := p.(interface{ Restyle(dark, colour bool) }); ok {
			r.Restyle(f.dark, f.colour)
		}
	}
}

// View implements tea.Model.
func (f *flow) View() tea.View {
	rows, cursor := f.screen()
	v := tea.NewView(strings.Join(rows, "\n"))
	v.AltScreen, v.WindowTitle, v.Cursor = true, "truce", cursor
	return v
}

func (f *flow) screen() ([]string, *tea.Cursor) {
	if f.done() || f.leaving {
		return nil, nil // nothing is to be read between two programs
	}
	if f.width < minWidth || f.height < minHeight {
		return []string{cut("make the window larger", f.width)}, nil
	}
	p := f.pages[f.at]
	margin := max(1, min(3, f.width/20), (f.width-widest)/2)
	width := f.width - 2*margin
	head := []string{apart(f.styles.title.Render(p.title()), f.styles.dim.Render(fmt.Sprintf("%d of %d", f.before+f.at+1, f.total)), width)}
	foot := []string{f.styles.dim.Render(whole(p.keys()+" · Ctrl+C leave", width))}
	if f.height >= 16 {
		head = []string{"", head[0], f.styles.dim.Render(strings.Repeat("─", width)), ""}
		foot = append([]string{""}, append(foot, "")...)
	}
	room := f.height - len(head) - len(foot)
	body, cursor := p.view(f.styles, width, room)
	body = tall(body, room)
	if cursor != nil && cursor.Y < room {
		cursor.X, cursor.Y = min(cursor.X+margin, f.width-1), cursor.Y+len(head)
	} else {
		cursor = nil
	}
	rows := append(append(head, body...), foot...)
	for i := range rows {
		rows[i] = strings.Repeat(" ", margin) + cut(rows[i], width)
	}
	return rows, cursor
}
