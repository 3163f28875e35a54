package welcome

import (
	"bytes"

	tea "charm.land/bubbletea/v2"
)

// passPage asks for a passphrase, twice; none is fine too.
type passPage struct {
	check        func([]byte) error
	first, again secret
	second       bool // again is typed
	wrong        string
}

func (p *passPage) title() string { return "A passphrase, if you like" }

func (p *passPage) keys() string {
	if len(p.first.typed) == 0 {
		return "Enter go on without one · Esc back"
	}
	return "Enter go on · Esc back"
}

// init forgets what was typed when the user comes back.
func (p *passPage) init() tea.Cmd {
	p.restart("")
	return nil
}

func (p *passPage) restart(why string) {
	p.first.wipe()
	p.again.wipe()
	p.second, p.wrong = false, why
}

func (p *passPage) update(msg tea.Msg) (move, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		key := k.Keystroke()
		switch {
		case key == "enter":
			return p.enter(), nil
		case key == "esc" && p.second:
			p.restart("")
			return stay, nil
		case key == "esc", key == "left" && len(p.first.typed) == 0:
			p.restart("")
			return back, nil
		}
		p.wrong = ""
	}
	if p.second {
		p.again.update(msg)
	} else {
		p.first.update(msg)
	}
	return stay, nil
}

func (p *passPage) enter() move {
	switch {
	case p.second && bytes.Equal(p.first.typed, p.again.typed):
		return on
	case p.second:
		p.restart("these two differ; begin again")
		return stay
	case len(p.first.typed) == 0:
		return on
	}
	if p.check != nil {
		if err := p.check(p.first.typed); err != nil {
			p.restart(err.Error())
			return stay
		}
	}
	p.second = true
	return stay
}

func (p *passPage) view(s styles, width, height int) ([]string, *tea.Cursor) {
	rows := text(width,
		"It locks your account and messages on this computer: whoever takes the disk cannot read them.",
		"You type it whenever Truce starts. "+s.strong.Render("Nobody can reset it:")+" if you forget it, what is on this disk is lost.")
	if height < 11 {
		rows = text(width, "It locks what is on this disk. "+s.strong.Render("Nobody can reset it."))
	}
	at, label := &p.first, "Passphrase, or nothing for none:"
	if p.second {
		at, label = &p.again, "The same once more:"
	}
	rows = append(rows, label)
	line, cursor := at.draw(width, len(rows))
	return append(append(rows, line, ""), s.note(p.wrong, min(width, 70))...), cursor
}

// seenPage asks whether people on this network may see me.
type seenPage struct{ yes bool }

func (p *seenPage) title() string { return "People near you" }
func (p *seenPage) keys() string  { return "y yes · n no · Enter as chosen · Esc back" }
func (p *seenPage) init() tea.Cmd { return nil }

func (p *seenPage) update(msg tea.Msg) (move, tea.Cmd) {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return stay, nil
	}
	switch k.Keystroke() {
	case "y":
		p.yes = true
		return on, nil
	case "n":
		p.yes = false
		return on, nil
	case "up", "down", "tab", "space":
		p.yes = !p.yes
	case "enter":
		return on, nil
	case "esc", "left":
		return back, nil
	}
	return stay, nil
}

func (p *seenPage) view(s styles, width, height int) ([]string, *tea.Cursor) {
	rows := text(width, s.strong.Render("May people on this network see you?")+
		" Then everybody on it, at home or in a café, sees your name and address, and can ask to be your contact.")
	if height >= 11 {
		rows = append(rows, text(width, "You see those who show themselves either way. `truce config nearby` changes it later.")...)
	}
	return append(rows, choice(s, "n", "No, keep me out of sight", !p.yes), choice(s, "y", "Yes, show me", p.yes)), nil
}

func choice(s styles, key, label string, chosen bool) string {
	if chosen {
		return s.strong.Render(prompt + key + "  " + label)
	}
	return "  " + key + "  " + label
}
