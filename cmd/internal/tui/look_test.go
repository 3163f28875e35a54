package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// arrive has them write so many messages.
func arrive(m *model, count int) {
	for range count {
		n := len(m.thread.list)
		at := client.Time{Time: time.Date(2026, 1, 3, 15, 4, n, 0, time.UTC)}
		m.Update(eventMsg{Event: client.EventMessage, Time: at, Message: &client.Message{
			ID: fmt.Sprint("new", n), Conversation: "them", From: "them", FromName: "Ben", Direction: "in", Text: fmt.Sprint("new", n), State: "received", Time: at, Received: at,
		}})
	}
}

// While nobody looks nothing is read, and what comes then is not passed over: the
// oldest of it is on the screen when somebody looks again.
func TestNotRead(t *testing.T) {
	for name, away := range map[string][2]func(m *model){
		"another window": {func(m *model) { m.Update(tea.BlurMsg{}) }, func(m *model) { m.Update(tea.FocusMsg{}) }},
		"a page":         {func(m *model) { m.open(&helpPage{}) }, func(m *model) { m.Update(tea.KeyPressMsg{Code: tea.KeyEscape}) }},
		"a tiny window": {
			func(m *model) { m.Update(tea.WindowSizeMsg{Width: 10, Height: 4}) },
			func(m *model) { m.Update(tea.WindowSizeMsg{Width: 80, Height: 24}) },
		},
		"people in its place": {
			func(m *model) { m.Update(tea.WindowSizeMsg{Width: 40, Height: 24}); m.toPeople() },
			func(m *model) { m.Update(tea.KeyPressMsg{Code: tea.KeyEscape}) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := full(t)
			m.Update(nil)
			away[0](m)
			seen, first := m.thread.seen, fmt.Sprint("new", len(m.thread.list))
			arrive(m, 60)
			if m.thread.seen != seen {
				t.Errorf("up to %s is read, and nobody looks", m.thread.seen)
			}
			away[1](m)
			screen := m.screen()
			if !strings.Contains(screen, first) || !strings.Contains(screen, " new ") {
				t.Errorf("%s is not on the screen:\n%s", first, screen)
			}
			if i := m.thread.index(m.thread.seen); i < 0 || i > len(m.thread.list)-30 {
				t.Errorf("up to %s is read, which was not on the screen", m.thread.seen)
			}
			m.newest()
			arrive(m, 1)
			if m.thread.below != 0 {
				t.Error("what comes while somebody looks is not followed")
			}
		})
	}
}

// Enter opens whom it was on, however news of others move the list.
func TestPickStays(t *testing.T) {
	m := full(t)
	m.people.contacts = append(m.people.contacts, client.Contact{Account: "third", Name: "Ben too", State: "accepted"})
	m.toPeople()
	letters(m, "ben")
	was := m.people.pick
	for i, account := range []string{"them", "third", "them"} {
		m.people.heard(account, time.Date(2030, 1, i+1, 0, 0, 0, 0, time.UTC))
		m.View()
	}
	if m.people.rows()[0].account() == was {
		t.Fatal("nothing moved")
	}
	m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	if m.thread.with != was {
		t.Errorf("%s was chosen, %s is opened", was, m.thread.with)
	}
}

// What is left of a filter hides nobody, and a page is never below the list.
func TestFilterEnds(t *testing.T) {
	for name, end := range map[string]func(m *model){
		"click":  func(m *model) { m.Update(tea.MouseClickMsg{X: 50, Y: 20, Button: tea.MouseLeft}) },
		"input":  func(m *model) { m.Update(tea.MouseClickMsg{X: 50, Y: 22, Button: tea.MouseLeft}) },
		"answer": func(m *model) { m.Update(ranMsg{Talk: "them"}) },
		"page":   func(m *model) { m.Update(ranMsg{Show: "settings"}) },
	} {
		m := full(t)
		m.toPeople()
		letters(m, "zzz")
		end(m)
		if m.people.filter != "" || m.focus == onPeople {
			t.Errorf("%s: the filter is %q still", name, m.people.filter)
		}
	}
}

// A click where people would stand chooses none of them if they are not there.
func TestClickOnWidePage(t *testing.T) {
	m := full(t)
	m.open(&helpPage{})
	m.Update(tea.MouseClickMsg{X: 5, Y: 4, Button: tea.MouseLeft})
	if m.page == nil || m.thread.with != "them" {
		t.Errorf("the page is %v, the conversation with %s", m.page, m.thread.with)
	}
}
