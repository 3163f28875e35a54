package tui

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// deaf is a node that never answers.
type deaf struct{}

func (deaf) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("deaf") }

const evil = "\x1b[2J\u009b1m\u202eevil\u2028\U000e0041"

// full is a screen with everything on it that others can write.
func full(t testing.TB) *model {
	t.Helper()
	m := newModel(node{context.Background(), client.New(deaf{})}, Options{Own: true})
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	now := client.Time{Time: time.Date(2026, 1, 2, 15, 4, 0, 0, time.UTC)}
	m.Update(peopleMsg{
		me:       client.Identity{Account: "me", Name: "Ann" + evil},
		requests: []client.Request{{Account: "asker", Name: "Cleo " + evil, Note: evil + "\nsecond"}},
		contacts: []client.Contact{
			{Account: "them", Name: "Ben 日本語日本語日本語日本語 " + evil, State: "accepted", Presence: "away", Status: evil, Idle: now, Unread: 3},
			{Account: "other", Name: strings.Repeat("👨‍👩‍👧‍👦", 20), State: "asked"},
		},
	})
	m.talkTo("them")
	var list []client.Message
	for i, text := range []string{
		"hello", evil, strings.Repeat("long", 300), strings.Repeat("日本語", 40), "שלום עולם", "👨‍👩‍👧‍👦👍🏽🇩🇪", "e\u0301\u0302\u0303" + strings.Repeat("\u0301", 500),
		"\t\ttabs\tand\r\nlines\n\n\n", strings.Repeat("*", 5000), "**bold** `code` ~~gone~~ https://example.org/" + strings.Repeat("x", 200),
	} {
		msg := client.Message{
			ID: strings.Repeat(string(rune('a'+i)), 64), Conversation: "them", From: "them", FromName: "Ben " + evil, Direction: "in",
			Text: text, Time: now, Received: now, State: "received", Reactions: map[string][]string{evil + "👍": {"me", "them"}},
		}
		if i%3 == 0 {
			msg.Direction, msg.From, msg.State, msg.Why = "out", "me", "queued", evil
		}
		if i > 0 {
			msg.ReplyTo = list[i-1].ID
		}
		list = append(list, msg)
	}
	m.Update(pageMsg{with: "them", at: newest, list: list, end: true, round: m.thread.round})
	m.Update(healthMsg{checks: []client.Check{{Check: "interface", OK: true, Detail: evil}, {Check: "disk", Detail: evil, Hint: evil}}})
	return m
}

// looks are the states of the screen that the tests go through.
var looks = map[string]func(m *model){
	"talk":     func(*model) {},
	"chosen":   func(m *model) { m.toThread() },
	"asks":     func(m *model) { m.talkTo("asker") },
	"find":     func(m *model) { m.toPeople() },
	"help":     func(m *model) { m.page = &helpPage{} },
	"health":   func(m *model) { m.page = &healthPage{} },
	"settings": func(m *model) { m.page = &settingsPage{} },
	"info":     func(m *model) { m.page = &infoPage{msg: m.thread.list[1]} },
	"contact":  func(m *model) { m.openContact() },
	"react":    func(m *model) { m.page = newReact(m.thread.list[1]) },
	"leave":    func(m *model) { m.leave() },
	"said":     func(m *model) { m.page = &saidPage{lines: []string{evil, strings.Repeat(evil, 100)}} },
	"failed":   func(m *model) { m.fail(errors.New(evil + strings.Repeat("long ", 100))) },
	"reply":    func(m *model) { m.reply(m.thread.list[1]) },
	"menu":     func(m *model) { m.Update(tea.PasteMsg{Content: "/"}) },
	"lines":    func(m *model) { m.Update(tea.PasteMsg{Content: strings.Repeat("line\r\n", 50) + evil}) },
	"hits": func(m *model) {
		m.search("evil")
		m.Update(hitsMsg{"evil", "them", m.thread.list})
	},
}

// Every row is exactly as wide as the window, there are exactly as many rows, and
// nothing that others wrote touches the terminal: at any size, in every state.
func TestScreenIsWhole(t *testing.T) {
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			for _, value := range []ansi.ModeSetting{ansi.ModeNotRecognized, ansi.ModeReset} {
				m := full(t)
				m.Update(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: value})
				look(m)
				for _, size := range [][2]int{{80, 24}, {140, 40}, {60, 20}, {59, 12}, {40, 12}, {20, 6}, {21, 7}, {200, 60}, {19, 5}, {1, 1}, {80, 6}, {80, 24}} {
					m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					check(t, m.screen(), size[0], size[1], m.terminal.cells)
					if c := m.cursor(); c != nil && (c.X < 0 || c.X >= size[0] || c.Y < 0 || c.Y >= size[1]) {
						t.Errorf("%v: the cursor is at %d, %d", size, c.X, c.Y)
					}
				}
			}
		})
	}
}

func check(t *testing.T, screen string, width, height int, cells ansi.Method) {
	t.Helper()
	rows := strings.Split(screen, "\n")
	if width >= minWidth && height >= minHeight && len(rows) != height {
		t.Errorf("%dx%d: there are %d rows", width, height, len(rows))
	}
	for i, row := range rows {
		if n := cells.StringWidth(row); n != width {
			t.Errorf("%dx%d: row %d is %d wide: %q", width, height, i, n, ansi.Strip(row))
		}
		text := strings.ReplaceAll(ansi.Strip(row), leftToRight, "")
		if strings.ReplaceAll(term.Printable(text), "�", "") != strings.ReplaceAll(text, "�", "") {
			t.Errorf("%dx%d: row %d holds what may not be printed: %q", width, height, i, text)
		}
	}
}

// What stands behind a name that is written from right to left stays where it is,
// also in a terminal that orders scripts by itself.
func TestRightToLeft(t *testing.T) {
	m := full(t)
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	m.people.contacts[0].Name, m.people.contacts[0].Unread = "דנה", 3
	for row := range strings.SplitSeq(ansi.Strip(m.screen()), "\n") {
		if i := strings.Index(row, "דנה"); i >= 0 && strings.ContainsAny(row[i:], "│0123456789") {
			behind := row[i+len("דנה"):]
			if at := strings.IndexAny(behind, "│0123456789✓"); !strings.Contains(behind[:at], leftToRight) {
				t.Errorf("nothing holds %q in its place", row)
			}
		}
	}
}
