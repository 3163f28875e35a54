//go:build unix

package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// TestScreensOfMany is what happens where Ann talks to one and another writes.
func TestScreensOfMany(t *testing.T) {
	t.Parallel()
	ann, ben, cleo := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cleo")
	ben.start()
	cleo.start()
	s := &story{window: open(t, ann.command(), 140, 40, false), ann: ann, ben: ben, name: "many"}
	s.until("There is nobody here yet.")
	s.befriend("Cleo", cleo)
	s.befriend("Ben", ben)
	s.talkTo("Ben")
	s.told(cleo)
	s.unread(cleo)
	s.resized()
	s.written()
}

// befriend has somebody ask Ann, who accepts.
func (s *story) befriend(name string, h home) {
	s.t.Helper()
	h.must("add", strings.TrimSpace(s.ann.must("link")), "--note", "hello")
	s.until("? " + name)
	s.ann.must("accept", name)
	s.until("● " + name)
}

// told goes through the ways to be told of a message.
func (s *story) told(cleo home) {
	s.t.Helper()
	rung := make(chan struct{}, 16)
	s.mu.Lock()
	s.screen.SetCallbacks(vt.Callbacks{Bell: func() { rung <- struct{}{} }})
	s.mu.Unlock()
	cleo.must("send", "Ann", "message 1")
	s.wait("the bell", func(string) bool { return len(rung) == 1 })
	s.until(" 1 ")
	s.press("f3")
	s.until("read receipts")
	for i, way := range []struct{ name, wrote string }{
		{"osc9", "\x1b]9;Cleo wrote to you\a"},
		{"osc777", "\x1b]777;notify;Truce;Cleo wrote to you\a"},
	} {
		s.press("enter")
		s.until("notify is now " + way.name)
		cleo.must("send", "Ann", fmt.Sprint("message ", i+2))
		s.wrote(way.wrote)
	}
	s.press("enter")
	s.until("notify is now off")
	s.press("esc")
	s.gone("read receipts")
	if len(rung) != 1 {
		s.t.Errorf("it rang %d times", len(rung))
	}
}

// unread goes to the oldest of many messages that nobody read, by the mouse.
func (s *story) unread(cleo home) {
	s.t.Helper()
	for i := 4; i <= 60; i++ {
		cleo.must("send", "Ann", fmt.Sprint("message ", i))
	}
	rows := strings.Split(s.until("Cleo", " 60 "), "\n")
	for y, row := range rows {
		if strings.Contains(row, "Cleo  ") {
			s.click(5, y)
		}
	}
	s.until("Cleo  available", " new ", "message 1\n")
	s.shot("unread")
	s.press("\x1b[1;5F") // Ctrl+End
	s.until("message 60")
	s.gone(" new ")
	s.shot("newest")
	s.press("alt+u")
	s.until(" new ")
	s.shot("unread again")
}

// resized looks at the same place in windows of all sizes.
func (s *story) resized() {
	s.t.Helper()
	for _, size := range [][2]int{{80, 24}, {40, 12}, {140, 40}} {
		s.resize(size[0], size[1])
		s.shot(fmt.Sprintf("resized to %dx%d", size[0], size[1]))
	}
}

// written goes through what helps to write, and to find it again.
func (s *story) written() {
	s.t.Helper()
	s.resize(80, 24)
	s.press("/st")
	s.until("› /st", "/status")
	s.shot("completion")
	s.press("esc")
	s.gone("/status")
	s.press("\x15") // Ctrl+U
	s.gone("/st")
	s.press("one", "ctrl+j", "👨‍👩‍👧‍👦 two 🇩🇪", "ctrl+j", "שלום", "ctrl+j", "four")
	s.until("four")
	s.shot("lines")
	s.press("enter")
	s.until("you ", "✓")
	s.shot("lines sent")
	s.press("ctrl+f", "message 3", "tab")
	s.until("everywhere", "message 3")
	s.shot("search everywhere")
}
