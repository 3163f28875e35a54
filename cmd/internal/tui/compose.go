package tui

import (
	"strings"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
)

const (
	maxInput   = 6        // rows
	maxText    = 64 << 10 // bytes; the node takes no longer messages
	maxLines   = 10_000   // what the textarea of bubbles holds: it drops the rest
	maxHistory = 100      // things written that can be had back
)

// compose is what is being written, and to what end.
type compose struct {
	area    textarea.Model
	drafts  map[string]string // by account
	history []string          // oldest first
	at      int               // index in history; len(history): what is new
	draft   string            // what is new, while something older is shown
	reply   string            // id of the message that is answered
	edit    string            // id of the message that is changed
	aside   string            // what was being written before that
	menu    menu
}

func newCompose() compose {
	area := textarea.New()
	area.Prompt, area.ShowLineNumbers, area.Placeholder = "", false, ""
	area.SetVirtualCursor(false)
	area.KeyMap.InsertNewline.SetKeys("alt+enter", "shift+enter", "ctrl+j")
	area.DynamicHeight, area.MinHeight, area.MaxHeight, area.MaxContentHeight = true, 1, maxInput, maxLines
	area.SetHeight(1)
	styles := area.Styles()
	styles.Focused.CursorLine = styles.Focused.Base
	area.SetStyles(styles)
	area.Focus()
	return compose{area: area, drafts: map[string]string{}}
}

// turn keeps what was being written to one person, and takes up what was being
// written to another.
func (c *compose) turn(from, to string) {
	c.drafts[from] = c.area.Value()
	if c.edit != "" {
		c.drafts[from] = c.aside
	}
	if c.drafts[from] == "" {
		delete(c.drafts, from)
	}
	c.reply, c.edit, c.aside, c.at = "", "", "", len(c.history)
	c.set(c.drafts[to])
}

func (c *compose) set(text string) {
	c.area.SetValue(text)
	c.area.MoveToEnd()
	c.menu = menu{}
}

func (c *compose) text() string { return strings.TrimSpace(c.area.Value()) }

// clear is for after sending.
func (c *compose) clear() {
	if text := c.area.Value(); strings.TrimSpace(text) != "" {
		c.history = append(c.history, text)
		c.history = c.history[max(0, len(c.history)-maxHistory):]
	}
	aside := c.aside
	c.at, c.draft, c.reply, c.edit, c.aside = len(c.history), "", "", "", ""
	c.set(aside)
}

// change takes up a message to change it. What was being written is there again
// afterwards.
func (c *compose) change(id, text string) {
	c.cancel()
	c.aside = c.area.Value()
	c.set(text)
	c.edit = id
}

// recall shows what was written so many before.
func (c *compose) recall(by int) {
	at := c.at + by
	if at < 0 || at > len(c.history) {
		return
	}
	if c.at == len(c.history) {
		c.draft = c.area.Value()
	}
	c.at = at
	if at == len(c.history) {
		c.set(c.draft)
	} else {
		c.set(c.history[at])
	}
}

// cancel gives up an answer or a change, and reports whether there was one.
func (c *compose) cancel() bool {
	was := c.reply != "" || c.edit != ""
	if c.edit != "" {
		c.set(c.aside)
	}
	c.reply, c.edit, c.aside = "", "", ""
	return was
}

func (c *compose) update(msg tea.Msg) (cmd tea.Cmd) {
	c.area, cmd = c.area.Update(msg)
	return cmd
}
