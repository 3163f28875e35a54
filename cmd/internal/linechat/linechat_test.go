package linechat_test

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/cmd/internal/linechat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is a terminal that a test types on and reads.
type screen struct {
	typed chan string // closed: the user leaves
	keyed chan string

	mu     sync.Mutex
	text   string
	seen   int // up to where expect has read
	prompt string
	more   chan struct{} // closed by the next change
}

func newScreen() *screen {
	return &screen{typed: make(chan string), keyed: make(chan string), more: make(chan struct{})}
}

func (s *screen) ReadLine() (string, error) {
	line, ok := <-s.typed
	if !ok {
		return "", io.EOF
	}
	return line, nil
}

func (s *screen) Keyed() <-chan string { return s.keyed }

func (s *screen) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.more)
	s.more = make(chan struct{})
}

func (s *screen) SetPrompt(p string) { s.change(func() { s.prompt = p }) }

func (s *screen) Write(p []byte) (int, error) {
	s.change(func() { s.text += string(p) })
	return len(p), nil
}

// await waits until ok, which is called with the lock held.
func (s *screen) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	timeout := time.After(2 * time.Minute)
	for {
		s.mu.Lock()
		done, more := ok(), s.more
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("no %s; the screen:\n%s", what, s.text)
		}
	}
}

// expect waits for text that matches, after what was expected before.
func (s *screen) expect(t *testing.T, pattern string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	s.await(t, pattern, func() bool {
		at := re.FindStringIndex(s.text[s.seen:])
		if at != nil {
			s.seen += at[1]
		}
		return at != nil
	})
}

func (s *screen) expectPrompt(t *testing.T, prompt string) {
	t.Helper()
	s.await(t, "prompt "+prompt, func() bool { return s.prompt == prompt })
}

// person is somebody at a screen, with a node of their own.
type person struct {
	*screen
	node *node.Node
	end  context.CancelFunc // of the chat
	done chan error         // what Run returned
}

func chat(t *testing.T, name string) *person {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{
		Home: t.TempDir(), Name: name, NoMDNS: true, Listen: []string{"/ip4/127.0.0.1/tcp/0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := api.Listen(n.Home())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, l, api.New(n, api.Options{})) }()
	c := client.Dial(n.Home())

	p := &person{screen: newScreen(), node: n, done: make(chan error, 1)}
	chatting, end := context.WithCancel(context.Background())
	p.end = end
	go func() { p.done <- linechat.Run(chatting, c, p.screen) }()
	t.Cleanup(func() {
		end()
		c.Close()
		cancel()
		<-served
		n.Close()
	})
	return p
}

func TestTwoPeopleChat(t *testing.T) {
	ann, bob := chat(t, "Ann"), chat(t, "Bob")
	ann.expect(t, `You have no contacts yet`)
	ann.typed <- "/link"
	ann.expect(t, `truce:\S+`)
	link := regexp.MustCompile(`truce:\S+`).FindString(ann.text)

	bob.typed <- "hello?"
	bob.expect(t, `! say whom you talk to first`)
	bob.typed <- "/add " + link
	bob.expect(t, `Ann is asked`)
	ann.expect(t, `\* Bob asks to be your contact +\(/accept Bob or /decline Bob\)`)
	ann.typed <- "/accept Bob"
	ann.expect(t, `\* Bob is your contact now`)
	ann.expectPrompt(t, "Bob> ")
	bob.expect(t, `\* Ann is your contact now`)
	bob.expectPrompt(t, "Ann> ")

	bob.typed <- "hello"
	ann.expect(t, `\d\d:\d\d #1 Bob: hello\n`)
	bob.expect(t, `✓ #1 delivered`)
	bob.expect(t, `✓✓ #1 read`)
	ann.typed <- "/reply #1 hello you"
	bob.expect(t, `#2 Ann \(to #1\): hello you\n`)
	ann.expect(t, `✓✓ #2 read`)
	bob.typed <- "/react 2 👍"
	ann.expect(t, `#2 you \(to #1\): hello you  \[👍 Bob; ✓✓\]`)
	bob.typed <- "/edit #1 hullo"
	ann.expect(t, `#1 Bob: hullo  \[edited\]`)
	bob.typed <- "/delete 1"
	ann.expect(t, `#1 was deleted`)
	bob.typed <- "//slash"
	ann.expect(t, `#3 Bob: /slash\n`)

	bob.typed <- "/history 2"
	bob.expect(t, `#2 Ann(.*\n)+.*#3 you: /slash`)
	bob.typed <- "/nonsense"
	bob.expect(t, `! there is no /nonsense`)
	bob.typed <- "/to Nobody"
	bob.expect(t, `! nobody you know is called Nobody\n  /contacts and /requests list them\n`)
	bob.typed <- "/edit 99 x"
	bob.expect(t, `! name a message by the number`)
	bob.typed <- "/block"
	bob.expect(t, `! name somebody: /block NAME`)
	bob.typed <- "/block Ann"
	bob.expect(t, `  Ann is blocked\n`)
	bob.typed <- "/contacts"
	bob.expect(t, `Ann +blocked`)
	bob.typed <- "/unblock Ann"
	bob.expect(t, `  Ann is not blocked any more\n`)
	bob.typed <- "/remove Ann"
	bob.expect(t, `  Ann is removed\n`)
	ann.expect(t, `\* Bob is no contact of yours any more`)
	bob.typed <- "/quit"
	if err := <-bob.done; err != nil {
		t.Error(err)
	}
	close(ann.typed)
	if err := <-ann.done; err != nil {
		t.Error(err)
	}
	close(bob.typed)
}

// sees waits until p is told how another is there.
func (p *person) sees(t *testing.T, other *person) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := p.node.Chat()
	for u, err := range c.Watch(ctx, c.Cursor()) { // which begins with how all are there
		if err != nil {
			t.Fatal(err)
		}
		if u.Contact != nil && u.Contact.Account == other.node.Chat().Account() && u.Contact.Presence.State == wire.PresenceAvailable {
			return
		}
	}
	t.Fatal("they are not seen")
}

func TestNudgeAndTyping(t *testing.T) {
	ann, bob := chat(t, "Ann"), chat(t, "Bob")
	ann.typed <- "/nudge"
	ann.expect(t, `! say whom you talk to first`)
	ann.typed <- "/link"
	ann.expect(t, `truce:\S+`)
	bob.typed <- "/add " + regexp.MustCompile(`truce:\S+`).FindString(ann.text)
	ann.expect(t, `asks to be your contact`)
	ann.typed <- "/accept Bob"
	ann.expectPrompt(t, "Bob> ")
	bob.expectPrompt(t, "Ann> ")

	ann.sees(t, bob)
	bob.keyed <- "/nudge"
	bob.keyed <- "h"
	ann.expect(t, `\n  Bob is writing…\n`)
	bob.typed <- "/nudge"
	ann.expect(t, `\x07\d\d:\d\d #1 Bob nudges you\n`)
	bob.expect(t, `#1 you nudge Ann  \[.+\]\n`)
	bob.typed <- "/nudge"
	bob.expect(t, `! you nudged Ann less than a minute ago`)
	ann.typed <- "/react #1 👍"
	ann.expect(t, `#1 Bob nudges you  \[👍 you\]\n`)
	if n := strings.Count(ann.text, "\a"); n != 1 {
		t.Errorf("the bell rang %d times", n)
	}
	close(ann.typed)
	close(bob.typed)
}

// What others write cannot touch the terminal, nor look like a line of ours.
func TestHostileText(t *testing.T) {
	ann, bob := chat(t, "Ann"), chat(t, "Bob")
	ann.typed <- "/link"
	ann.expect(t, `truce:\S+`)
	link := regexp.MustCompile(`truce:\S+`).FindString(ann.text)
	c := client.Dial(bob.node.Home())
	defer c.Close()
	const evil = "\x1b[2J\u009b1m\u202e\x07"
	if _, err := c.Add(t.Context(), client.AddRequest{Link: link, Note: evil}); err != nil {
		t.Fatal(err)
	}
	ann.expect(t, `asks to be your contact`)
	ann.typed <- "/requests"
	ann.expect(t, `asks to be your contact: �\[2J�1m��`)
	ann.typed <- "/accept Bob"
	ann.expect(t, `is your contact now`)
	if _, err := c.Send(t.Context(), "Ann", client.SendRequest{Text: evil + "\n! #1 was not delivered"}); err != nil {
		t.Fatal(err)
	}
	ann.expect(t, `Bob: �\[2J�1m��\n {6}! #1 was not delivered`)
	if i := strings.IndexAny(ann.text, "\x1b\x07\u009b\u202e"); i >= 0 {
		t.Errorf("the screen was touched at %d: %q", i, ann.text)
	}
	close(ann.typed)
	close(bob.typed)
}

// A number stands for a message of one conversation, and is of no use in another.
func TestReplyElsewhere(t *testing.T) {
	ann, bob, cleo := chat(t, "Ann"), chat(t, "Bob"), chat(t, "Cleo")
	ann.typed <- "/link"
	ann.expect(t, `truce:\S+`)
	link := regexp.MustCompile(`truce:\S+`).FindString(ann.text)
	for _, s := range []*person{bob, cleo} {
		s.typed <- "/add " + link
		ann.expect(t, `asks to be your contact`)
		ann.typed <- "/accept " + s.node.Chat().Name()
		ann.expect(t, `is your contact now`)
		s.expectPrompt(t, "Ann> ")
	}
	bob.typed <- "hello"
	ann.expect(t, `#1 Bob: hello`)
	ann.typed <- "/to Cleo"
	ann.expectPrompt(t, "Cleo> ")
	ann.typed <- "/reply #1 hello you"
	ann.expect(t, `! #1 belongs to the conversation with Bob: /to Bob first`)
	for _, s := range []*person{ann, bob, cleo} {
		close(s.typed)
	}
}

func TestEndOfTheNode(t *testing.T) {
	n, err := node.Open(t.Context(), node.Config{Home: t.TempDir(), Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	l, err := api.Listen(n.Home())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, l, api.New(n, api.Options{})) }()
	c := client.Dial(n.Home())
	defer c.Close()
	s := newScreen()
	defer close(s.typed)
	done := make(chan error, 1)
	go func() { done <- linechat.Run(t.Context(), c, s) }()
	s.expect(t, "no contacts yet")
	cancel()
	<-served
	if err := <-done; !errors.Is(err, linechat.ErrStopped) {
		t.Errorf("got %v", err)
	}
}
