//go:build unix

package main_test

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// window is a terminal in which a program runs.
type window struct {
	t   *testing.T
	pty *os.File
	cmd *exec.Cmd

	mu      sync.Mutex // guards what follows
	screen  *vt.Emulator
	raw     bytes.Buffer // all that the program wrote
	changed chan struct{}
	ended   chan struct{}
}

// open runs a command in a window of that size.
func open(t *testing.T, cmd *exec.Cmd, width, height int, light bool) *window {
	t.Helper()
	w := &window{t: t, cmd: cmd, screen: vt.NewEmulator(width, height), changed: make(chan struct{}, 1), ended: make(chan struct{})}
	w.screen.SetDefaultBackgroundColor(color.Black)
	w.screen.SetDefaultForegroundColor(color.White)
	if light {
		w.screen.SetDefaultBackgroundColor(color.White)
		w.screen.SetDefaultForegroundColor(color.Black)
	}
	// It draws whole graphemes, and says so; its own answer does not know the mode.
	w.screen.RegisterCsiHandler(ansi.Command('?', '$', 'p'), func(params ansi.Params) bool {
		mode, _, _ := params.Param(0, 0)
		if mode != ansi.ModeUnicodeCore.Mode() {
			return false
		}
		io.WriteString(w.screen.InputPipe(), ansi.ReportMode(ansi.ModeUnicodeCore, ansi.ModeReset))
		return true
	})
	var err error
	if w.pty, err = pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { io.Copy(w.pty, w.screen) }) // what the terminal answers
	running.Go(w.show)
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-w.ended
		w.screen.InputPipe().(io.Closer).Close() // its own Close is not safe beside a Read
		w.pty.Close()
		running.Wait()
	})
	return w
}

// show lets the terminal show what the program writes, until it ends. The terminal
// takes the end of a write for the end of a grapheme: one that may go on waits.
func (w *window) show() {
	defer close(w.ended)
	buf := make([]byte, 64<<10)
	var held []byte
	for {
		n, err := w.pty.Read(buf)
		held = append(held, buf[:n]...)
		end := len(held)
		for end > 0 && held[end-1] >= utf8.RuneSelf {
			end--
		}
		w.mu.Lock()
		w.raw.Write(buf[:n])
		w.screen.Write(held[:end])
		w.mu.Unlock()
		held = append(held[:0], held[end:]...)
		select {
		case w.changed <- struct{}{}:
		default:
		}
		if err != nil {
			w.cmd.Wait()
			return
		}
	}
}

// keys are those that do not stand for themselves.
var keys = map[string]string{
	"enter": "\r", "esc": "\x1b", "tab": "\t", "up": "\x1b[A", "down": "\x1b[B", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
	"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "ctrl+c": "\x03", "ctrl+f": "\x06", "ctrl+k": "\x0b", "ctrl+j": "\n",
	"backspace": "\x7f", "alt+u": "\x1bu",
}

// press presses keys, or writes text.
func (w *window) press(list ...string) {
	w.t.Helper()
	for _, key := range list {
		if text, ok := keys[key]; ok {
			key = text
		}
		if _, err := w.pty.WriteString(key); err != nil {
			w.t.Fatal(err)
		}
	}
}

// click presses the mouse at a cell, counted from 0.
func (w *window) click(x, y int) {
	w.press(fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1))
}

// resize makes the window another size.
func (w *window) resize(width, height int) {
	w.mu.Lock()
	w.screen.Resize(width, height)
	w.mu.Unlock()
	if err := pty.Setsize(w.pty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		w.t.Fatal(err)
	}
}

// wait waits until the screen fulfils a condition, and returns what is on it.
func (w *window) wait(what string, fulfilled func(text string) bool) string {
	w.t.Helper()
	deadline := time.After(time.Minute)
	for {
		if text := w.text(); fulfilled(text) {
			return text
		}
		select {
		case <-w.changed:
		case <-w.ended:
			w.t.Fatalf("the program ended while this was waited for: %s\n%s", what, w.text())
		case <-deadline:
			w.t.Fatalf("this never came: %s\n%s", what, w.text())
		}
	}
}

// settle waits until nothing has changed for a while: for what nobody knows yet.
func (w *window) settle() {
	for {
		select {
		case <-w.changed:
		case <-time.After(700 * time.Millisecond):
			return
		}
	}
}

// until waits until all of these stand on the screen.
func (w *window) until(texts ...string) string {
	w.t.Helper()
	return w.wait(strings.Join(texts, ", "), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// gone waits until a text no longer stands on the screen.
func (w *window) gone(text string) string {
	w.t.Helper()
	return w.wait("no "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

// wrote waits until the program has written something, seen or unseen.
func (w *window) wrote(bytes string) {
	w.t.Helper()
	w.wait(fmt.Sprintf("%q", bytes), func(string) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return strings.Contains(w.raw.String(), bytes)
	})
}

// text is what stands on the screen, without the spaces at the ends of rows.
func (w *window) text() string {
	rows, _ := w.cells()
	return strings.Join(rows, "\n")
}

// cells are the rows of the screen, and for each row how its cells look.
func (w *window) cells() (rows []string, looks [][]uv.Style) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for y := range w.screen.Height() {
		var row strings.Builder
		var look []uv.Style
		for x := 0; x < w.screen.Width(); {
			cell := w.screen.CellAt(x, y)
			if cell == nil || cell.Content == "" {
				row.WriteByte(' ')
				look = append(look, uv.Style{})
				x++
				continue
			}
			row.WriteString(cell.Content)
			for range max(1, cell.Width) {
				look = append(look, cell.Style)
			}
			x += max(1, cell.Width)
		}
		rows, looks = append(rows, strings.TrimRight(row.String(), " ")), append(looks, look)
	}
	return rows, looks
}

// What differs from run to run, and what stands for it, which is as wide.
var (
	clock   = regexp.MustCompile(`\b\d\d:\d\d\b`)
	day     = regexp.MustCompile(`─+ [A-Z][a-z]+, \d{1,2} [A-Z][a-z]+ \d{4} ─+`)
	account = regexp.MustCompile(`\b[a-z2-7]{40,56}\b`)
)

// steady is a screen without what differs from run to run.
func steady(rows []string) string {
	text := clock.ReplaceAllString(strings.Join(rows, "\n"), "12:00")
	text = account.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("a", len(s)) })
	return day.ReplaceAllStringFunc(text, func(s string) string {
		const name = " Monday, 2 January 2006 "
		n := len([]rune(s)) - len(name)
		return strings.Repeat("─", n/2) + name + strings.Repeat("─", n-n/2)
	})
}
