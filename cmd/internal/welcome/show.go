package welcome

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
)

func newShow(ctx context.Context, api API, opt Options) *flow {
	before, total := steps(opt)
	pages := []page{&wordsPage{words: strings.Fields(opt.Words)}, &linkPage{Link: NewLink(ctx, api)}}
	if opt.AskNearby {
		pages = append(pages, &nearbyPage{NewNearby(ctx, api)})
	}
	return newFlow(before, total, pages...)
}

// linkPage shows the link. There is no way back: the words are shown once.
type linkPage struct{ *Link }

func (p *linkPage) title() string { return "Your link" }
func (p *linkPage) keys() string  { return "Enter go on · " + p.Keys() }
func (p *linkPage) init() tea.Cmd { return p.Init() }

func (p *linkPage) update(msg tea.Msg) (move, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok && (k.Keystroke() == "enter" || k.Keystroke() == "esc") {
		return on, nil
	}
	return stay, p.Update(msg)
}

func (p *linkPage) view(_ styles, width, height int) ([]string, *tea.Cursor) {
	return p.View(width, height), nil
}

// nearbyPage shows who is nearby.
type nearbyPage struct{ *Nearby }

func (p *nearbyPage) title() string { return "Who is near you" }
func (p *nearbyPage) keys() string  { return "Enter to the chat · " + p.Keys() + " · ← back" }
func (p *nearbyPage) init() tea.Cmd { return p.Init() }

func (p *nearbyPage) update(msg tea.Msg) (move, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.Keystroke() {
		case "enter", "esc":
			return on, nil
		case "left":
			return back, nil
		}
	}
	return stay, p.Update(msg)
}

func (p *nearbyPage) view(_ styles, width, height int) ([]string, *tea.Cursor) {
	return p.View(width, height), nil
}
