package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// binding is what some keys do. A binding that does not apply lets the key
// through to the input.
type binding struct {
	keys  []string // as Bubble Tea names them
	shown string   // as people do
	help  string
	do    func(m *model) (tea.Cmd, bool)
}

// always, writing and choosing are the bindings everywhere but on pages, while
// one writes, and while a message is chosen. The page of help shows them. init
// fills them, as they lead to pages that list them.
var always, writing, choosing []binding

func does(f func(m *model) tea.Cmd) func(*model) (tea.Cmd, bool) {
	return func(m *model) (tea.Cmd, bool) { return f(m), true }
}

func init() {
	always = []binding{
		{[]string{"f1"}, "F1", "this help", does(func(m *model) tea.Cmd { return m.open(&helpPage{}) })},
		{[]string{"f2"}, "F2", "how the node is", does((*model).openHealth)},
		{[]string{"f3"}, "F3", "settings", does(func(m *model) tea.Cmd { return m.open(&settingsPage{}) })},
		{[]string{"f4"}, "F4", "whom you talk to", does((*model).openContact)},
		{[]string{"ctrl+f"}, "Ctrl+F", "search", does((*model).openSearch)},
		{[]string{"ctrl+k"}, "Ctrl+K", "find somebody by name", does((*model).toPeople)},
		{[]string{"alt+down", "ctrl+pgdown"}, "Alt+↓", "next conversation", does(func(m *model) tea.Cmd { return m.step(1) })},
		{[]string{"alt+up", "ctrl+pgup"}, "Alt+↑", "the one before", does(func(m *model) tea.Cmd { return m.step(-1) })},
		{[]string{"pgup"}, "PgUp", "scroll up", does(func(m *model) tea.Cmd { return m.scroll(m.talkHeight() - 1) })},
		{[]string{"pgdown"}, "PgDn", "scroll down", does(func(m *model) tea.Cmd { return m.scroll(1 - m.talkHeight()) })},
		{[]string{"ctrl+end", "alt+end"}, "Ctrl+End", "newest message", does((*model).newest)},
		{[]string{"alt+u"}, "Alt+U", "what was unread", does((*model).oldUnread)},
		{[]string{"ctrl+l"}, "Ctrl+L", "draw the screen again", does(func(*model) tea.Cmd { return tea.ClearScreen })},
		{[]string{"ctrl+c", "ctrl+q"}, "Ctrl+C", "leave", does((*model).leave)},
	}
	writing = []binding{
		{[]string{"enter"}, "Enter", "send", does((*model).send)},
		{nil, "Alt+Enter", "a new line (or Ctrl+J)", nil},
		{[]string{"tab"}, "Tab", "complete; else next one", does((*model).tab)},
		{[]string{"shift+tab"}, "Shift+Tab", "conversation before", does(func(m *model) tea.Cmd { return m.step(-1) })},
		{[]string{"up"}, "↑", "change your last message", (*model).up},
		{[]string{"down"}, "", "", (*model).down},
		{[]string{"ctrl+p"}, "Ctrl+P", "what you wrote before", does(func(m *model) tea.Cmd { m.input.recall(-1); m.lay(); return nil })},
		{[]string{"ctrl+n"}, "Ctrl+N", "and after", does(func(m *model) tea.Cmd { m.input.recall(1); m.lay(); return nil })},
		{[]string{"esc"}, "Esc", "choose a message", does((*model).escape)},
		{[]string{"shift+up"}, "", "", does((*model).toThread)},
		{[]string{"ctrl+d"}, "Ctrl+D", "leave, if all is sent", func(m *model) (tea.Cmd, bool) {
			if m.input.area.Length() > 0 {
				return nil, false
			}
			return m.leave(), true
		}},
	}
	choosing = []binding{
		{[]string{"up", "k", "shift+up"}, "↑ ↓", "another message", does(func(m *model) tea.Cmd { m.thread.move(-1, m.talkHeight()); return m.scroll(0) })},
		{[]string{"down", "j", "shift+down"}, "", "", does(func(m *model) tea.Cmd { m.thread.move(1, m.talkHeight()); return m.scroll(0) })},
		{[]string{"r", "enter"}, "r", "reply", does((*model).replyChosen)},
		{[]string{"e"}, "e", "change yours", does((*model).editChosen)},
		{[]string{"d", "delete"}, "d", "delete yours", does((*model).deleteChosen)},
		{[]string{"+", "1", "2", "3", "4", "5", "6", "7", "8"}, "+", "react (1 to 8: at once)", does((*model).reactChosen)},
		{[]string{"c", "y"}, "c", "copy", does((*model).copyChosen)},
		{[]string{"g"}, "g", "go to what it answers", does((*model).toQuoted)},
		{[]string{"i"}, "i", "times, id, who reacted", does((*model).infoChosen)},
		{[]string{"?"}, "", "", does(func(m *model) tea.Cmd { return m.open(&helpPage{}) })},
		{[]string{"esc", "q", "tab"}, "Esc", "back to writing", does((*model).toInput)},
	}
}

// key acts on a key.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.Keystroke()
	m.note, m.wrong = "", false
	if m.page != nil && !m.leavesPage(name) {
		return m.inPage(k)
	}
	if m.focus == onInput && m.input.menu.key(m, name) {
		m.lay()
		return nil
	}
	lists := [][]binding{always, writing}
	switch m.focus {
	case onThread:
		lists[1] = choosing
		if k.Text != "" && k.Text != " " {
			name = k.Text // whatever the keyboard does to bring it forth
		}
	case onPeople:
		return m.filterKey(k)
	}
	m.pressed = name
	for _, list := range lists {
		for _, b := range list {
			if slices.Contains(b.keys, name) {
				if cmd, done := b.do(m); done {
					return cmd
				}
			}
		}
	}
	if m.focus == onThread {
		return nil
	}
	if r := m.chosen().request; r != nil && m.input.area.Length() == 0 && (name == "y" || name == "n") {
		return m.answer(*r, name)
	}
	return m.typed(k)
}

// leavesPage reports whether a key does on a page what it does elsewhere.
func (m *model) leavesPage(name string) bool {
	if _, asks := m.page.(*question); asks {
		return name == "ctrl+c" || name == "ctrl+q"
	}
	return slices.Contains([]string{"ctrl+c", "ctrl+q", "f1", "f2", "f3", "f4"}, name)
}

// up changes the newest message of mine where nothing is written.
func (m *model) up() (tea.Cmd, bool) {
	if m.input.area.Length() > 0 {
		return nil, false
	}
	return nil, m.editLast()
}

func (m *model) down() (tea.Cmd, bool) {
	return nil, m.input.area.Length() == 0
}

// tab completes, or goes to the next conversation where there is nothing to.
func (m *model) tab() tea.Cmd {
	if m.input.area.Length() == 0 {
		return m.step(1)
	}
	return nil
}

func (m *model) escape() tea.Cmd {
	if m.input.cancel() {
		m.thread.choose("")
		m.lay()
		return nil
	}
	if len(m.thread.marks) > 0 {
		m.thread.mark()
		return nil
	}
	return m.toThread()
}

func (m *model) toInput() tea.Cmd {
	m.focus = onInput
	m.thread.choose("")
	if len(m.thread.marks) > 0 {
		m.thread.mark()
	}
	return nil
}

func (m *model) toThread() tea.Cmd {
	if len(m.thread.list) == 0 {
		return nil
	}
	m.focus = onThread
	m.thread.move(0, m.talkHeight())
	return nil
}
