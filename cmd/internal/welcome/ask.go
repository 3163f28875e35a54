package welcome

import (
	"bytes"

	tea "charm.land/bubbletea/v2"
)

// asked are the pages that were answered.
type asked struct {
	name *namePage
	pass *passPage
	seen *seenPage
}

// steps are how many there are before there is a node, and in all.
func steps(opt Options) (before, total int) {
	before, total = 1, 3
	if opt.AskPassphrase {
		before, total = before+1, total+1
	}
	if opt.AskNearby {
		before, total = before+1, total+2
	}
	return before, total
}

func newAsk(opt Options) (*flow, asked) {
	a := asked{&namePage{check: opt.CheckName, field: newField()}, &passPage{check: opt.CheckPassphrase, first: newSecret(), again: newSecret()}, &seenPage{}}
	pages := []page{a.name}
	if opt.AskPassphrase {
		pages = append(pages, a.pass)
	}
	if opt.AskNearby {
		pages = append(pages, a.seen)
	}
	_, total := steps(opt)
	return newFlow(0, total, pages...), a
}

func (a asked) wipe() {
	a.pass.first.wipe()
	a.pass.again.wipe()
}

func (a asked) take() Answers {
	defer a.wipe()
	out := Answers{Name: a.name.field.Value(), Nearby: a.seen.yes}
	if len(a.pass.first.typed) > 0 {
		out.Passphrase = bytes.Clone(a.pass.first.typed)
	}
	return out
}

// namePage asks for a name.
type namePage struct {
	check func(string) error
	field field
	wrong string
	meant bool // none is, if Enter comes again
}

func (p *namePage) title() string { return "Welcome to Truce" }
func (p *namePage) keys() string  { return "Enter go on" }
func (p *namePage) init() tea.Cmd { return nil }

func (p *namePage) update(msg tea.Msg) (move, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		if k.Keystroke() == "enter" {
			return p.enter(), nil
		}
		p.wrong, p.meant = "", false
	}
	return stay, p.field.update(msg)
}

func (p *namePage) enter() move {
	name := p.field.Value()
	if name == "" {
		if p.meant {
			return on
		}
		p.meant = true
		return stay
	}
	if p.check != nil {
		if err := p.check(name); err != nil {
			p.wrong = err.Error()
			return stay
		}
	}
	return on
}

func (p *namePage) view(s styles, width, height int) ([]string, *tea.Cursor) {
	rows := text(width, "Messages go straight from your computer to your friends'. Nobody is in between.")
	if height < 10 {
		rows = nil
	}
	rows = append(rows, text(width, s.strong.Render("What is your name?")+" Others see it when you ask them to be a contact. You can change it at any time.")...)
	line, cursor := p.field.draw(width, len(rows))
	rows = append(rows, line, "")
	if p.meant {
		rows = append(rows, wrap("Without a name, others see the first 8 characters of your address. Press Enter again if you mean it.", min(width, 70))...)
	}
	return append(rows, s.note(p.wrong, min(width, 70))...), cursor
}
