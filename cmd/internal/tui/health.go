package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// health is how the node is, as far as was asked.
type health struct {
	checks []client.Check
	linked int  // contacts with a connection
	known  bool // the node has answered
	waits  bool // it is about to be asked again
}

type (
	healthMsg struct {
		checks []client.Check
		peers  []client.Peer
	}
	healthDueMsg struct{}
)

func (n node) health() tea.Cmd {
	return do(n, func(ctx context.Context) (h healthMsg, err error) {
		if h.checks, err = n.api.Doctor(ctx); err != nil {
			return h, err
		}
		h.peers, err = n.api.Peers(ctx)
		return h, err
	}, func(h healthMsg) tea.Msg { return h })
}

func (h *health) took(msg healthMsg) {
	h.checks, h.known = msg.checks, true
	accounts := map[string]bool{}
	for _, p := range msg.peers {
		if p.Account != "" {
			accounts[p.Account] = true
		}
	}
	h.linked = len(accounts)
}

// failing are the checks of the node itself that do not pass.
func (h *health) failing() (list []client.Check) {
	for _, c := range h.checks {
		if !c.OK && c.Check != "contact" && c.Check != "protection" {
			list = append(list, c)
		}
	}
	return list
}

// beyond tells whether others are found over the internet: there is a DHT, and it works.
func (h *health) beyond() bool {
	used, works := false, false
	for _, c := range h.checks {
		used = used || c.Check == "reachability" && c.OK
		works = works || c.Check == "dht" && c.OK
	}
	return used && works
}

// brief is the health in a few words.
func (h *health) brief(s styles) string {
	if !h.known {
		return ""
	}
	up := false
	for _, c := range h.checks {
		up = up || c.Check == "interface" && c.OK
	}
	if !up {
		return s.alarm.Render("○ offline: no network")
	}
	where := "LAN"
	if h.beyond() {
		where = "LAN and internet"
	}
	text := where + " · nobody linked"
	if h.linked > 0 {
		text = fmt.Sprintf("%s · %d linked", where, h.linked)
	}
	if list := h.failing(); len(list) > 0 {
		return s.away.Render("◐ ") + s.dim.Render(text) + s.away.Render(" · "+list[0].Check+": F2")
	}
	return s.here.Render("●") + " " + s.dim.Render(text)
}

// openHealth shows everything that the node found out about itself.
func (m *model) openHealth() tea.Cmd { return m.open(&healthPage{}, m.node.health()) }

// healthPage shows every check.
type healthPage struct{ scroller }

func (p *healthPage) title() string { return "How the node is" }
func (p *healthPage) keys() string  { return "r look again · ↑↓ scroll · Esc back" }

func (p *healthPage) update(m *model, msg tea.Msg) (page, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.Keystroke() == "r" {
		return p, m.node.health()
	}
	return p.scroll(p, m, msg)
}

func (p *healthPage) view(m *model, width, height int) []string {
	rows := []string{""}
	if !m.health.known {
		rows = append(rows, "  …")
	}
	for _, c := range m.health.checks {
		sign := m.styles.here.Render("✓")
		if !c.OK {
			sign = m.styles.alarm.Render("✗")
		}
		text := m.styles.body(c.Detail, strings.Repeat(" ", 17), width)
		text[0] = "  " + sign + " " + m.styles.fit(c.Check, 13) + strings.TrimLeft(text[0], " ")
		rows = append(rows, text...)
		if c.Hint != "" {
			rows = append(rows, m.styles.body("→ "+c.Hint, strings.Repeat(" ", 17), width, m.styles.dim)...)
		}
	}
	return p.cut(rows, height)
}
