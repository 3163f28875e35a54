//go:build unix

package main_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/node/api/client"
)

var update = flag.Bool("update", false, "write the screens that are expected anew")

// programs is a directory that goes when the tests end.
var programs string

// program builds the program, once.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programs, "truce")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	os.Setenv("TRUCE_BOOTSTRAP", "none") // tests do not reach the internet
	var err error
	if programs, err = os.MkdirTemp("", "truce-test"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(programs)
	os.Exit(code)
}

// home is the directory of an account, and how to work with it.
type home struct {
	t    *testing.T
	path string
}

func newHome(t *testing.T, name string) home {
	t.Helper()
	h := home{t: t, path: filepath.Join(t.TempDir(), strings.ToLower(name))}
	h.must("init", "--name", name)
	h.must("config", "mdns", "false")
	h.must("config", "listen", "/ip4/127.0.0.1/tcp/0")
	return h
}

// command is the program with arguments.
func (h home) command(args ...string) *exec.Cmd {
	h.t.Helper()
	path, err := program()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.CommandContext(h.t.Context(), path, append([]string{"--home", h.path}, args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LANG=C.UTF-8", "TERM=xterm-256color")
	return cmd
}

// must runs a command to its end, and returns what it says.
func (h home) must(args ...string) string {
	h.t.Helper()
	cmd := h.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("truce %s: %v: %s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// value is what a command says in JSON, in a field.
func (h home) value(field string, args ...string) string {
	h.t.Helper()
	var object map[string]any
	line, _, _ := strings.Cut(h.must(append(args, "--json")...), "\n")
	if err := json.Unmarshal([]byte(line), &object); err != nil {
		h.t.Fatalf("truce %s: %v in %s", strings.Join(args, " "), err, line)
	}
	return fmt.Sprint(object[field])
}

// start runs the node of a home until the test ends.
func (h home) start() {
	h.t.Helper()
	cmd := h.command("run")
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
}

// colours describes how the cells of rows look: one letter for each look, and
// what the letters mean.
func colours(looks [][]uv.Style) string {
	var out strings.Builder
	letters := map[string]byte{"": '.'}
	var legend []string
	for _, row := range looks {
		line := make([]byte, len(row))
		for i, style := range row {
			name := describe(style)
			if _, ok := letters[name]; !ok {
				letters[name] = byte('a' + len(legend))
				legend = append(legend, fmt.Sprintf("%c %s", letters[name], name))
			}
			line[i] = letters[name]
		}
		out.WriteString(strings.TrimRight(string(line), ".") + "\n")
	}
	return out.String() + strings.Join(legend, "\n") + "\n"
}

func describe(s uv.Style) string {
	var words []string
	for _, a := range []struct {
		bit  uint8
		name string
	}{{uv.AttrBold, "bold"}, {uv.AttrFaint, "faint"}, {uv.AttrItalic, "italic"}, {uv.AttrReverse, "reverse"}, {uv.AttrStrikethrough, "struck"}} {
		if s.Attrs&a.bit != 0 {
			words = append(words, a.name)
		}
	}
	if s.Underline != 0 {
		words = append(words, "underlined")
	}
	for name, c := range map[string]color.Color{"": s.Fg, "on ": s.Bg} {
		switch c := c.(type) {
		case nil:
		case ansi.BasicColor:
			words = append(words, fmt.Sprintf("%scolour %d", name, c))
		default:
			r, g, b, _ := c.RGBA()
			words = append(words, fmt.Sprintf("%s#%02x%02x%02x", name, r>>8, g>>8, b>>8))
		}
	}
	return strings.Join(words, " ")
}

// looks are the terminals that the story is told in.
var terminals = []struct {
	name          string
	width, height int
	light         bool
	env           []string
}{
	{"small-dark", 80, 24, false, nil},
	{"large-light", 140, 40, true, []string{"COLORTERM=truecolor"}},
	{"small-bare", 80, 24, false, []string{"NO_COLOR=1"}},
	{"large-sixteen", 140, 40, false, []string{"TERM=xterm"}},
}

// TestScreens tells one story of two people in several terminals, and compares what
// stands on Ann's screen with testdata/screens.
func TestScreens(t *testing.T) {
	for _, terminal := range terminals {
		t.Run(terminal.name, func(t *testing.T) {
			t.Parallel()
			ben, ann := newHome(t, "Ben"), newHome(t, "Ann")
			ben.start()
			ann.must("config", "peer", ben.address())
			cmd := ann.command()
			cmd.Env = append(cmd.Env, terminal.env...)
			s := &story{window: open(t, cmd, terminal.width, terminal.height, terminal.light), ann: ann, ben: ben, name: terminal.name}
			s.tell()
			s.leave()
		})
	}
}

// story is what happens to Ann and Ben.
type story struct {
	*window
	ann, ben home
	name     string
}

// footCompared is how many columns of the lowest row are compared. In a narrow window
// none are: what it has room for depends on the machine.
func footCompared(width int) int {
	if width < 80 {
		return 0
	}
	return 40
}

// shot waits until the screen is the one that is expected, colours included.
func (s *story) shot(name string) {
	s.t.Helper()
	path := filepath.Join("testdata", "screens", s.name, name+".txt")
	now := func() string {
		rows, looks := s.cells()
		foot := len(rows) - 1 // it ends with how this machine's network is
		n := footCompared(len(looks[foot]))
		rows[foot], looks[foot] = strings.TrimRight(ansi.Truncate(rows[foot], n, ""), " "), looks[foot][:n]
		return steady(rows) + "\n\n" + colours(looks)
	}
	if *update {
		s.settle()
		os.MkdirAll(filepath.Dir(path), 0o777)
		if err := os.WriteFile(path, []byte(now()), 0o666); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.wait(name+"\n"+string(want), func(string) bool { return now() == string(want) })
	s.draw(name)
}

func (s *story) tell() {
	s.until("There is nobody here yet.")
	s.shot("empty")

	s.ben.must("add", strings.TrimSpace(s.ann.must("link")), "--note", "it is me, from the chess club")
	s.until("asks to be your contact", "chess club")
	s.shot("request")
	s.press("y")
	s.until("● Ben", "Ben  available")

	s.ben.must("send", "Ann", "Hi Ann! **This** is *really* nice: `go run` and it ~~may~~ works.")
	s.ben.must("send", "Ann", "--", "- one\n- two\n> somebody else said that\n```\nfunc main() {}\n```\nhttps://truce.example/a_page?of=mine, you know")
	s.ben.must("send", "Ann", "日本語のテキスト、とても長い文章なので折り返しが必要です。👍 🎉 é שלום עולם")
	id := s.ben.value("id", "send", "Ann", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")
	s.until("Donaudampf", "日本語", "one")
	s.shot("conversation")

	s.press("That is a long word", "enter")
	s.until("That is a long word", "✓")
	s.ben.must("read", "Ann")
	s.until("✓✓")
	mine := s.message("That is a long word")
	s.ben.must("send", "Ann", "--reply-to", mine, "There are longer ones")
	s.ben.must("react", mine, "😂")
	s.ben.must("edit", id, "Donaudampfschiff")
	gone := s.ben.value("id", "send", "Ann", "forget this")
	s.until("There are longer ones", "😂 Ben", "edited", "forget this")
	s.ben.must("delete", gone)
	s.gone("forget this")
	s.until("deleted")
	s.shot("ticks, reply, reaction, edit, delete")

	s.typing(true)
	s.until("writes…")
	s.shot("typing")
	s.typing(false)
	s.gone("writes…")

	s.press("ctrl+k", "be")
	s.until("find be")
	s.shot("find somebody")
	s.press("esc")
	s.gone("find be")

	s.press("ctrl+f", "long")
	s.until("long", "you to Ben")
	s.wait("two hits", func(text string) bool {
		return strings.Count(text, "longer ones") == 1 && strings.Contains(text, "everywhere")
	})
	s.shot("search")
	s.press("enter")
	s.gone("everywhere")
	s.until("r reply")
	s.shot("found")
	s.press("esc")
	s.gone("r reply")

	s.press("f1")
	s.until("While you write", "Ctrl+K")
	s.shot("help")
	s.press("esc")
	s.gone("While you write")
	s.press("f2")
	s.until("interface", "disk")
	s.press("esc")
	s.gone("interface")
	s.press("f3")
	s.until("read receipts")
	s.shot("settings")
	s.press("esc")
	s.gone("read receipts")
	s.press("f4")
	s.until("not verified")
	s.press("esc")
	s.gone("not verified")

	s.press("esc")
	s.until("r reply")
	s.press("k")
	s.until("▌  │ you: That is a long word", "▌  There are longer ones")
	s.shot("choose")
	s.press("i")
	s.until("A message")
	s.press("esc")
	s.gone("A message")
	s.press("esc")
	s.gone("r reply")

	s.press("up")
	s.until("changes what you wrote")
	s.shot("change")
	s.press("esc")
	s.gone("changes what you wrote")

	s.press("\x1b[200~first line\r\nsecond \x1b[31mline\x07\x1b[201~")
	s.until("first line", "second")
	s.shot("paste")
	s.press("ctrl+c")
	s.until("Leave the node running?")
	s.shot("leave")
	s.press("esc")
	s.gone("Leave the node running?")
}

// address is where the node of a home listens.
func (h home) address() string {
	h.t.Helper()
	waitFor(h.t, filepath.Join(h.path, "api.sock"))
	var id struct{ Addrs []string }
	if err := json.Unmarshal([]byte(h.must("id", "--json")), &id); err != nil {
		h.t.Fatal(err)
	}
	return id.Addrs[0]
}

// message returns the id of Ann's newest message with a text.
func (s *story) message(text string) string {
	s.t.Helper()
	var found string
	for line := range strings.Lines(s.ann.must("history", "Ben", "--json")) {
		var m struct{ ID, Text string }
		if json.Unmarshal([]byte(line), &m) == nil && m.Text == text {
			found = m.ID
		}
	}
	return found
}

// typing has Ben begin to write, or cease.
func (s *story) typing(on bool) {
	s.t.Helper()
	c := client.Dial(s.ben.path)
	defer c.Close()
	if err := c.Typing(s.t.Context(), "Ann", on); err != nil {
		s.t.Fatal(err)
	}
}

// leave closes the screen and stops the node.
func (s *story) leave() {
	s.press("ctrl+c")
	s.until("Leave the node running?")
	s.press("n")
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("the program ends with %d", code)
	}
}
