package welcome

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// again is how long a list of people nearby stands: the node tells of nobody who
// comes or goes.
const again = 3 * time.Second

// Nearby is a component that lists the people on this network who let themselves be
// seen, and asks one of them to be a contact by one key. While its messages reach
// Update it looks again every three seconds; it never quits. Bubble Tea's goroutine
// alone may touch it.
type Nearby struct {
	ctx    context.Context
	api    API
	styles styles

	round  int // of looking; answers to earlier ones are dropped
	known  bool
	people []client.Neighbour
	states map[string]string // of contacts, by account
	chosen string            // account
	wrong  string
}

// NearbyMsg tells a Nearby who is there.
type NearbyMsg struct {
	People   []client.Neighbour
	Contacts []client.Contact
	Err      error
	of       *Nearby
	round    int
}

// AddedMsg tells a Nearby that somebody was asked.
type AddedMsg struct {
	Contact client.Changed
	Err     error
	of      *Nearby
}

// dueMsg tells a Nearby to look again.
type dueMsg struct {
	of    *Nearby
	round int
}

// NewNearby makes a component for colours on a dark ground. What it asks of api ends
// with ctx.
func NewNearby(ctx context.Context, api API) *Nearby {
	return &Nearby{ctx: ctx, api: api, styles: newStyles(true, true), states: map[string]string{}}
}

// Restyle takes the colours for a dark ground or a light one, or none.
func (n *Nearby) Restyle(dark, colour bool) { n.styles = newStyles(dark, colour) }

// Keys names the keys that Update acts on.
func (n *Nearby) Keys() string {
	if n.at() < 0 {
		return "r look again"
	}
	return "a add · ↑↓ choose · r look again"
}

// Init looks around; to be run whenever the component is come to.
func (n *Nearby) Init() tea.Cmd {
	n.round++
	round := n.round
	return func() tea.Msg {
		people, err := n.api.Nearby(n.ctx)
		contacts, err2 := n.api.Contacts(n.ctx)
		return NearbyMsg{people, contacts, errors.Join(err, err2), n, round}
	}
}

// Update takes the component's own messages and keys; others change nothing.
func (n *Nearby) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case NearbyMsg:
		if msg.of == n && msg.round == n.round {
			n.took(msg)
			return n.later()
		}
	case dueMsg:
		if msg.of == n && msg.round == n.round {
			return n.Init()
		}
	case AddedMsg:
		if msg.of == n {
			n.added(msg)
		}
	case tea.KeyPressMsg:
		return n.key(msg.Keystroke())
	}
	return nil
}

func (n *Nearby) key(key string) tea.Cmd {
	switch key {
	case "r":
		return n.Init()
	case "a":
		return n.add()
	case "up", "k":
		n.choose(-1)
	case "down", "j":
		n.choose(1)
	}
	return nil
}

func (n *Nearby) took(msg NearbyMsg) {
	if msg.Err != nil {
		n.wrong = term.Printable(msg.Err.Error())
		return
	}
	n.known, n.wrong, n.people = true, "", msg.People
	clear(n.states)
	for _, c := range msg.Contacts {
		n.states[c.Account] = c.State
	}
	if n.at() < 0 {
		n.chosen = ""
		n.choose(0)
	}
}

func (n *Nearby) later() tea.Cmd {
	due := dueMsg{n, n.round}
	return func() tea.Msg {
		t := time.NewTimer(again)
		defer t.Stop()
		select {
		case <-t.C:
			return due
		case <-n.ctx.Done():
			return nil
		}
	}
}

// at is where the one chosen stands; -1: nowhere.
func (n *Nearby) at() int {
	return slices.IndexFunc(n.people, func(x client.Neighbour) bool { return x.Account == n.chosen })
}

func (n *Nearby) choose(step int) {
	if len(n.people) > 0 {
		n.chosen = n.people[max(0, min(n.at()+step, len(n.people)-1))].Account
	}
}

// add asks the one chosen, unless that was done.
func (n *Nearby) add() tea.Cmd {
	at := n.at()
	if at < 0 || n.states[n.chosen] != "" {
		return nil
	}
	n.wrong, n.states[n.chosen] = "", "asking"
	in := client.AddRequest{Link: n.chosen}
	return func() tea.Msg {
		contact, err := n.api.Add(n.ctx, in)
		contact.Account = in.Link
		return AddedMsg{contact, err, n}
	}
}

func (n *Nearby) added(msg AddedMsg) {
	if msg.Err != nil {
		delete(n.states, msg.Contact.Account)
		n.wrong = term.Printable(msg.Err.Error())
		return
	}
	n.states[msg.Contact.Account] = msg.Contact.State
}

// View draws at most height rows of at most width columns.
func (n *Nearby) View(width, height int) []string {
	switch {
	case n.wrong == "" && !n.known:
		return fitted([]string{n.styles.dim.Render("looking around…")}, width, height)
	case n.wrong == "" && len(n.people) == 0:
		return fitted(text(width, "Nobody on this network shows themselves right now. Who does appears here by itself."), width, height)
	}
	foot := n.styles.note(n.wrong, width)
	if len(foot) == 0 {
		foot = wrap(n.styles.dim.Render("Anybody can take any name: compare the letters on the right with theirs."), width)
	}
	if height < 2*len(foot)+2 && n.wrong == "" {
		foot = nil
	}
	room := max(1, height-len(foot)-1)
	top := max(0, min(n.at()-room/2, len(n.people)-room))
	var rows []string
	for _, x := range n.people[top:min(top+room, len(n.people))] {
		rows = append(rows, n.row(x, width))
	}
	return fitted(append(append(rows, ""), foot...), width, height)
}

func (n *Nearby) row(x client.Neighbour, width int) string {
	name := "  " + term.Printable(x.Name)
	if x.Account == n.chosen {
		name = n.styles.strong.Render(prompt + term.Printable(x.Name))
	}
	right := n.styles.dim.Render(term.Printable(x.Account[:min(8, len(x.Account))]))
	switch state := n.states[x.Account]; state {
	case "":
	case "accepted":
		right = n.styles.good.Render("✓ your contact") + "  " + right
	case "asked":
		right = n.styles.good.Render("✓ asked") + "  " + right
	default:
		right = n.styles.dim.Render(term.Printable(state)) + "  " + right
	}
	return apart(name, right, min(width, 70))
}
