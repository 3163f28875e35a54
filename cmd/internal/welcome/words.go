package welcome

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// wordsPage shows the words once, and asks for some of them.
type wordsPage struct {
	words []string
	mode  wordsMode
	asked []int // which words are asked for, from 0, in order
	right int   // how many of these were given
	field field
	wrong string
}

type wordsMode int

const (
	reading wordsMode = iota
	checking
	skipping
)

// asksFor is how many words are asked for.
const asksFor = 3

func (p *wordsPage) title() string {
	return [...]string{"Your 24 words", "Did you write them down?", "Skip this?"}[p.mode]
}

func (p *wordsPage) keys() string {
	return [...]string{
		"Enter I wrote them down · Esc skip",
		"Enter go on · ↑ look again · Esc skip",
		"y skip · Esc back to the words",
	}[p.mode]
}

func (p *wordsPage) init() tea.Cmd { return nil }

func (p *wordsPage) update(msg tea.Msg) (move, tea.Cmd) {
	k, isKey := msg.(tea.KeyPressMsg)
	key := ""
	if isKey {
		key = k.Keystroke()
	}
	switch p.mode {
	case checking:
		return p.checks(key, msg)
	case skipping:
		switch key {
		case "y":
			return on, nil
		case "esc", "left", "n":
			p.mode = reading
		}
	default:
		switch key {
		case "enter":
			p.ask()
		case "esc":
			p.mode = skipping
		}
	}
	return stay, nil
}

// ask begins the check, with other words than the last time.
func (p *wordsPage) ask() {
	p.asked = rand.Perm(len(p.words))[:min(asksFor, len(p.words))]
	slices.Sort(p.asked)
	p.mode, p.right, p.wrong, p.field = checking, 0, "", newField()
}

func (p *wordsPage) checks(key string, msg tea.Msg) (move, tea.Cmd) {
	switch key {
	case "enter":
		return p.enter(), nil
	case "up":
		p.mode = reading
		return stay, nil
	case "esc":
		p.mode = skipping
		return stay, nil
	case "":
	default:
		p.wrong = ""
	}
	return stay, p.field.update(msg)
}

func (p *wordsPage) enter() move {
	typed := strings.ToLower(strings.TrimSpace(p.field.Value()))
	n := p.asked[p.right]
	switch typed {
	case "":
		return stay
	case p.words[n]:
		p.right++
	default:
		p.wrong = fmt.Sprintf("word %d is another one; ↑ shows the words again", n+1)
	}
	p.field.Reset()
	if p.right == len(p.asked) {
		return on
	}
	return stay
}

func (p *wordsPage) view(s styles, width, height int) ([]string, *tea.Cursor) {
	switch p.mode {
	case checking:
		return p.viewCheck(s, width, height)
	case skipping:
		return text(width,
			"Without these words, a lost disk is a lost account: nobody can give it back to you.",
			"`truce phrase` shows them again, as long as this disk works. Skip for now?"), nil
	}
	rows := text(width,
		"Write these words on paper, with their numbers, and hide it. They bring your account back if this computer is lost; whoever finds them can be you.")
	if grid := s.grid(p.words, width, height-len(rows)); len(grid)+len(rows) <= height {
		return append(rows, grid...), nil
	}
	grid := s.grid(p.words, width, height)
	if len(grid) > height {
		return text(width, "Make the window larger to see all of your words. Nothing is lost meanwhile."), nil
	}
	return grid, nil
}

func (p *wordsPage) viewCheck(s styles, width, height int) ([]string, *tea.Cursor) {
	n := p.asked[p.right]
	rows := text(width, "Type three of them, so that you can be sure of your paper.")
	if height < 8 {
		rows = nil
	}
	rows = append(rows, s.strong.Render(fmt.Sprintf("Word %d:", n+1))+s.dim.Render(fmt.Sprintf("  %d of %d", p.right+1, len(p.asked))))
	line, cursor := p.field.draw(width, len(rows))
	return append(append(rows, line, ""), s.note(p.wrong, min(width, 70))...), cursor
}

// grid lays words in columns, downwards, with their numbers: four columns, or as
// many as it takes to fit the height.
func (s styles) grid(words []string, width, height int) []string {
	const cell = 13 // a number, a word of at most eight letters, a space
	most := max(1, (width+1)/cell)
	columns := min(most, 4)
	for columns < most && (len(words)+columns-1)/columns > height {
		columns++
	}
	gap := min(4, max(0, (width-columns*cell)/columns))
	rows := make([]string, (len(words)+columns-1)/columns)
	for i, word := range words {
		text := s.dim.Render(fmt.Sprintf("%2d", i+1)) + " " + s.strong.Render(word)
		rows[i%len(rows)] += text + strings.Repeat(" ", max(1, cell+gap-ansi.StringWidth(text)))
	}
	return rows
}
