package welcome

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// hostile is what a stranger may call themselves.
const hostile = "Eve\x1b[2J\u202e\a日本語" + "long long long long long long long long long long long long"

// fakeAPI is a node with two people nearby.
type fakeAPI struct{ asked []string }

func (f *fakeAPI) Link(context.Context) (string, error) {
	return "truce:" + strings.Repeat("a", 56) + "?k=" + strings.Repeat("b", 52) + "&n=Ann", nil
}

func (f *fakeAPI) Nearby(context.Context) ([]client.Neighbour, error) {
	return []client.Neighbour{{Account: strings.Repeat("c", 56), Name: "Ben"}, {Account: strings.Repeat("d", 56), Name: hostile}}, nil
}

func (f *fakeAPI) Contacts(context.Context) ([]client.Contact, error) { return nil, nil }

func (f *fakeAPI) Add(_ context.Context, in client.AddRequest) (client.Changed, error) {
	f.asked = append(f.asked, in.Link)
	return client.Changed{Contact: client.Contact{Account: in.Link, State: "asked"}}, nil
}

var words = strings.Fields("abandon ability able about above absent absorb abstract absurd abuse access accident " +
	"account accuse achieve acid acoustic acquire across act action actor actress actual")

func everything(words []string) Options {
	return Options{
		CheckName: func(name string) error {
			if strings.HasPrefix(name, "#") {
				return errors.New("a name does not begin with #")
			}
			return nil
		},
		CheckPassphrase: func(pass []byte) error {
			if len(pass) < 4 {
				return errors.New("too short")
			}
			return nil
		},
		AskPassphrase: true, AskNearby: true, Words: strings.Join(words, " "),
	}
}

// press gives keys to a flow, and all messages that follow, but for those that wait.
func press(t *testing.T, f *flow, keys ...string) {
	t.Helper()
	for _, key := range keys {
		msg := tea.KeyPressMsg{Text: key}
		if code, special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "backspace": tea.KeyBackspace}[key]; special {
			msg = tea.KeyPressMsg{Code: code}
		} else if len(key) == 1 {
			msg.Code = rune(key[0])
		}
		_, cmd := f.Update(msg)
		follow(f, cmd)
	}
}

// follow runs what a flow asks for, unless that is to wait.
func follow(f *flow, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, cmd := range msg {
			follow(f, cmd)
		}
	case LinkMsg, AddedMsg:
		f.Update(msg)
	case NearbyMsg:
		f.Update(msg) // what it asks for next is to wait
	}
}

// typed gives text one key at a time.
func typed(t *testing.T, f *flow, text string) {
	t.Helper()
	for _, r := range text {
		press(t, f, string(r))
	}
}

func sized(f *flow) *flow {
	f.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	return f
}

func shown(f *flow) string {
	rows, _ := f.screen()
	return ansi.Strip(strings.Join(rows, "\n"))
}

func TestAsk(t *testing.T) {
	f, answers := newAsk(everything(nil))
	sized(f)
	typed(t, f, "#no")
	press(t, f, "enter")
	if !strings.Contains(shown(f), "A name does not begin with #.") {
		t.Fatalf("a bad name is not explained:\n%s", shown(f))
	}
	press(t, f, "backspace", "backspace", "backspace")
	typed(t, f, "Ann")
	press(t, f, "enter")
	typed(t, f, "abc")
	press(t, f, "enter")
	if !strings.Contains(shown(f), "Too short.") {
		t.Fatalf("a bad passphrase is not explained:\n%s", shown(f))
	}
	typed(t, f, "secret words")
	if strings.Contains(shown(f), "secret") {
		t.Fatalf("the passphrase is shown:\n%s", shown(f))
	}
	press(t, f, "enter")
	typed(t, f, "secret wards")
	press(t, f, "enter")
	if !strings.Contains(shown(f), "differ") {
		t.Fatalf("two passphrases are taken for one:\n%s", shown(f))
	}
	typed(t, f, "secret words")
	press(t, f, "enter")
	typed(t, f, "secret words")
	press(t, f, "enter", "esc")
	if !strings.Contains(shown(f), "A passphrase") {
		t.Fatalf("Esc does not go back:\n%s", shown(f))
	}
	typed(t, f, "other words")
	press(t, f, "enter")
	typed(t, f, "other words")
	press(t, f, "enter", "y")
	if !f.done() {
		t.Fatalf("there is more to ask:\n%s", shown(f))
	}
	got := answers.take()
	if got.Name != "Ann" || string(got.Passphrase) != "other words" || !got.Nearby {
		t.Errorf("the answers are %+v", got)
	}
	if string(answers.pass.first.typed) != "" || strings.Contains(string(answers.pass.first.typed[:cap(answers.pass.first.typed)]), "words") {
		t.Error("the passphrase is kept")
	}
}

func TestNothingIsAnAnswer(t *testing.T) {
	f, answers := newAsk(everything(nil))
	sized(f)
	press(t, f, "enter")
	if !strings.Contains(shown(f), "Press Enter again") {
		t.Fatalf("no name is taken without a word:\n%s", shown(f))
	}
	press(t, f, "enter", "enter", "enter")
	if got := answers.take(); !f.done() || got.Name != "" || got.Passphrase != nil || got.Nearby {
		t.Errorf("done %v, answers %+v", f.done(), got)
	}
}

func TestShow(t *testing.T) {
	api := &fakeAPI{}
	f := sized(newShow(t.Context(), api, everything(words)))
	for i, word := range words {
		if !strings.Contains(shown(f), fmt.Sprintf("%d %s", i+1, word)) {
			t.Fatalf("word %d is missing:\n%s", i+1, shown(f))
		}
	}
	press(t, f, "enter")
	typed(t, f, "wrong")
	press(t, f, "enter")
	if !strings.Contains(shown(f), "is another one") {
		t.Fatalf("a wrong word is taken:\n%s", shown(f))
	}
	p := f.pages[0].(*wordsPage)
	for range asksFor {
		typed(t, f, words[p.asked[p.right]])
		press(t, f, "enter")
	}
	if !strings.Contains(shown(f), "truce:aaaa") {
		t.Fatalf("there is no link:\n%s", shown(f))
	}
	press(t, f, "c")
	if !strings.Contains(shown(f), "Copied") {
		t.Fatalf("it is not said that the link was copied:\n%s", shown(f))
	}
	press(t, f, "enter")
	if !strings.Contains(shown(f), "Ben") || strings.Contains(shown(f), "\x1b") {
		t.Fatalf("who is nearby is not shown, or not as it may be:\n%q", shown(f))
	}
	press(t, f, "a")
	if len(api.asked) != 1 || api.asked[0] != strings.Repeat("c", 56) || !strings.Contains(shown(f), "✓ asked") {
		t.Fatalf("one key asks %q:\n%s", api.asked, shown(f))
	}
	press(t, f, "a", "enter")
	if len(api.asked) != 1 || !f.done() {
		t.Errorf("asked %q, done %v", api.asked, f.done())
	}
}

// The words can be left unchecked, but not by one key pressed by mistake.
func TestSkip(t *testing.T) {
	f := sized(newShow(t.Context(), &fakeAPI{}, everything(words)))
	press(t, f, "esc")
	if !strings.Contains(shown(f), "a lost disk is a lost account") {
		t.Fatalf("what is risked is not said:\n%s", shown(f))
	}
	press(t, f, "esc")
	if !strings.Contains(shown(f), "24 actual") {
		t.Fatalf("the words are not shown again:\n%s", shown(f))
	}
	press(t, f, "esc", "y")
	if !strings.Contains(shown(f), "truce:") {
		t.Errorf("skipping does not go on:\n%s", shown(f))
	}
}

// At any size a screen has no more rows and columns than the window, and nothing
// that others wrote touches the terminal.
func TestEveryPageFits(t *testing.T) {
	flows := map[string]*flow{}
	for at := range 3 {
		f, _ := newAsk(everything(nil))
		f.at = at
		flows[fmt.Sprint("ask ", at)] = f
		f = newShow(t.Context(), &fakeAPI{}, everything(words))
		f.at = at
		follow(f, f.pages[at].init())
		flows[fmt.Sprint("show ", at)] = f
	}
	for name, f := range flows {
		for _, size := range [][2]int{{80, 24}, {140, 40}, {60, 20}, {40, 12}, {20, 6}, {19, 5}, {1, 1}, {300, 100}} {
			f.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			rows, cursor := f.screen()
			if len(rows) > size[1] {
				t.Errorf("%s at %v has %d rows", name, size, len(rows))
			}
			for _, row := range rows {
				if n := ansi.StringWidth(row); n > size[0] {
					t.Errorf("%s at %v: a row of %d cells: %q", name, size, n, ansi.Strip(row))
				}
				if text := ansi.Strip(row); term.Printable(text) != text {
					t.Errorf("%s at %v shows %q", name, size, text)
				}
			}
			if cursor != nil && (cursor.X >= size[0] || cursor.Y >= size[1]) {
				t.Errorf("%s at %v: the cursor is at %d, %d", name, size, cursor.X, cursor.Y)
			}
		}
	}
}
