package tui

import (
	"context"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// maxHits is how many messages a search shows: the newest.
const maxHits = 200

// searchPage looks for messages, in one conversation or in all.
type searchPage struct {
	input  textinput.Model
	in     string // account; empty: everywhere
	asked  string // what was looked for last
	hits   []client.Message
	at     int
	top    int
	done   bool // the answer is here
	height int
}

type hitsMsg struct {
	text, in string
	list     []client.Message
}

func (m *model) openSearch() tea.Cmd { return m.search("") }

// search opens the page, and looks for text unless that is empty.
func (m *model) search(text string) tea.Cmd {
	p := &searchPage{input: newField("  ", text)}
	if c := m.people.contact(m.thread.with); c != nil {
		p.in = c.Account
	}
	return m.open(p, p.ask(m))
}

func (n node) search(text, in string) tea.Cmd {
	return do(n, func(ctx context.Context) (list []client.Message, err error) {
		for m, err := range n.api.Search(ctx, client.SearchRequest{Text: text, In: in, N: maxHits}) {
			if err != nil {
				return nil, err
			}
			list = append(list, m)
		}
		return list, nil
	}, func(list []client.Message) tea.Msg { return hitsMsg{text, in, list} })
}

func (p *searchPage) title() string { return "Search" }
func (p *searchPage) keys() string {
	return "Enter go there · ↑↓ choose · Tab here or everywhere · Esc back"
}

// ask looks for what stands in the input.
func (p *searchPage) ask(m *model) tea.Cmd {
	p.asked, p.done, p.at, p.top = strings.TrimSpace(p.input.Value()), false, 0, 0
	if p.asked == "" {
		p.hits = nil
		return nil
	}
	return m.node.search(p.asked, p.in)
}

func (p *searchPage) update(m *model, msg tea.Msg) (page, tea.Cmd) {
	switch msg := msg.(type) {
	case hitsMsg:
		if msg.text == p.asked && msg.in == p.in {
			p.hits, p.done = msg.list, true
		}
		return p, nil
	case tea.KeyPressMsg:
		switch msg.Keystroke() {
		case "esc":
			return nil, nil
		case "up":
			p.at = max(0, p.at-1)
			return p, nil
		case "down":
			p.at = max(0, min(p.at+1, len(p.hits)-1))
			return p, nil
		case "pgup":
			p.at = max(0, p.at-p.height/2)
			return p, nil
		case "pgdown":
			p.at = max(0, min(p.at+p.height/2, len(p.hits)-1))
			return p, nil
		case "tab":
			if p.in != "" {
				p.in = ""
			} else if m.people.contact(m.thread.with) != nil {
				p.in = m.thread.with
			}
			return p, p.ask(m)
		case "enter":
			if p.at >= len(p.hits) || p.asked != strings.TrimSpace(p.input.Value()) {
				return p, p.ask(m)
			}
			cmd := m.goTo(p.hits[p.at])
			m.thread.mark(match.New(p.asked))
			return m.page, cmd
		}
	}
	var cmd tea.Cmd
	p.input, cmd = p.input.Update(msg)
	if strings.TrimSpace(p.input.Value()) != p.asked {
		return p, tea.Batch(cmd, p.ask(m))
	}
	return p, cmd
}

func (p *searchPage) caret() *tea.Cursor { return p.input.Cursor() }

func (p *searchPage) view(m *model, width, height int) []string {
	where := "everywhere"
	if p.in != "" {
		where = "with " + m.name(p.in)
	}
	p.input.SetWidth(max(1, width-6-len(where)))
	rows := []string{m.styles.apart(p.input.View(), m.styles.dim.Render(term.Printable(where))+"  ", width), ""}
	switch {
	case p.asked == "":
		return append(rows, m.styles.dim.Render("  words that somebody wrote; capitals and accents do not matter"))
	case !p.done:
		return append(rows, m.styles.dim.Render("  …"))
	case len(p.hits) == 0:
		return append(rows, m.styles.dim.Render("  nothing found"))
	}
	p.height = max(3, height-len(rows))
	room := max(1, p.height/3)
	p.top = max(min(p.top, p.at), p.at-room+1, 0)
	for i := p.top; i < min(len(p.hits), p.top+room); i++ {
		rows = append(rows, p.hit(m, p.hits[i], i == p.at, width)...)
	}
	return rows
}

// hit draws a message found: who, where and when, and the words around the place.
func (p *searchPage) hit(m *model, msg client.Message, chosen bool, width int) []string {
	who := m.name(msg.From)
	if msg.Out() {
		who = "you to " + m.name(msg.Conversation)
	}
	head := m.styles.apart(" "+m.styles.name.Render(term.Printable(who)), m.styles.dim.Render(when(msg.Time.Time, time.Now()))+" ", width)
	words := match.New(p.asked)
	body := m.styles.message(excerpt(strings.Join(strings.Fields(msg.Text), " "), words), "   ", width, []match.Pattern{words})
	rows := []string{head, body[0], ""}
	if chosen {
		for i := range rows[:2] {
			rows[i] = m.styles.name.Render("▌") + strings.TrimPrefix(rows[i], " ")
		}
	}
	return rows
}

// excerpt cuts what stands far before the words that were found.
func excerpt(text string, words match.Pattern) string {
	const far, near = 40, 20 // bytes
	i, _ := words.Find(text)
	if i < far {
		return text
	}
	cut := strings.LastIndexByte(text[:i-near], ' ')
	if cut < 0 {
		return text
	}
	return "…" + text[cut:]
}
