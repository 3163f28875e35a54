//go:build root && linux

package main_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/truce-im/truce/node/api/client"
)

// said is a message as the model has it.
type said struct {
	from, to  *soaker
	id        string
	key       string
	texts     []string // the first one, and what it was edited to
	deleted   bool
	withdrawn bool                        // its writer says that nobody has it
	arrived   bool                        // the other has it, if only deleted
	reactions map[string]map[*soaker]bool // by emoji
}

func (w *said) text() string { return w.texts[len(w.texts)-1] }

// say draws a message from p; nothing is sent yet.
func (s *soak) say(p *soaker) *said {
	w := &said{from: p, to: s.another(p), reactions: map[string]map[*soaker]bool{}}
	w.key = fmt.Sprint("send-", len(s.said))
	w.texts = []string{s.words(fmt.Sprintf("%s to %s, number %d", p.name, w.to.name, len(s.said)))}
	s.said = append(s.said, w)
	return w
}

// words makes one in ten texts long.
func (s *soak) words(text string) string {
	if s.IntN(10) == 0 {
		text += strings.Repeat(" and so on", s.IntN(2000))
	}
	return text
}

// some draws a message, a recent one half of the time; nil: there is none.
func (s *soak) some() *said {
	const recent = 20
	switch n := len(s.said); {
	case n == 0:
		return nil
	case s.IntN(2) == 0:
		return s.said[n-1-s.IntN(min(n, recent))]
	default:
		return s.said[s.IntN(n)]
	}
}

func (s *soak) write(p *soaker) string {
	count := 1 + s.IntN(4)
	for range count {
		w := s.say(p)
		w.id = p.must("send", w.to.account, w.text(), "--key", w.key)[0].ID
	}
	return fmt.Sprintf("%s writes %d", p.name, count)
}

func (s *soak) edit(*soaker) string {
	w := s.some()
	text := s.words(fmt.Sprint("edit in step ", len(s.done)))
	if w == nil || w.deleted {
		return "nothing to edit"
	}
	w.texts = append(w.texts, text)
	w.from.must("edit", w.id, text)
	return fmt.Sprintf("%s edits %s", w.from.name, w.key)
}

func (s *soak) delete(*soaker) string {
	w := s.some()
	if w == nil || w.deleted {
		return "nothing to delete"
	}
	w.deleted = true
	w.from.must("delete", w.id)
	return fmt.Sprintf("%s deletes %s", w.from.name, w.key)
}

// cancel takes a message back if it cannot have left.
func (s *soak) cancel(*soaker) string {
	w := s.some()
	if w == nil || w.deleted {
		return "nothing to cancel"
	}
	_, status, diagnostics := w.from.do("cancel", w.id)
	if status != 0 && status != 4 {
		s.t.Fatalf("%s: cancel %s: exit %d: %s", w.from.name, w.key, status, diagnostics)
	}
	w.deleted = status == 0
	return fmt.Sprintf("%s cancels %s: %v", w.from.name, w.key, w.deleted)
}

// react is tried by recipients whose node may not have the message yet.
func (s *soak) react(*soaker) string {
	w, emoji, off, byReader := s.some(), []string{"👍", "😀", "❤️"}[s.IntN(3)], s.IntN(3) == 0, s.IntN(2) == 0
	if w == nil || w.deleted {
		return "nothing to react to"
	}
	p := w.from
	if byReader {
		p = w.to
	}
	args := []string{"react", w.id, emoji}
	if off {
		args = append(args, "--remove")
	}
	_, status, diagnostics := p.do(args...)
	switch {
	case status == 3 && byReader:
		return fmt.Sprintf("%s has not got %s", p.name, w.key)
	case status != 0:
		s.t.Fatalf("%s: %v: exit %d: %s", p.name, args, status, diagnostics)
	}
	if w.reactions[emoji] == nil {
		w.reactions[emoji] = map[*soaker]bool{}
	}
	w.reactions[emoji][p] = !off
	return fmt.Sprintf("%s reacts to %s, %s, remove: %v", p.name, w.key, emoji, off)
}

func (s *soak) read(p *soaker) string {
	other := s.another(p)
	p.must("read", other.account)
	return fmt.Sprintf("%s reads %s", p.name, other.name)
}

// storm has all four write at once, without a pause, while faults happen.
func (s *soak) storm(*soaker) string {
	const most = 30
	var writers sync.WaitGroup
	for _, p := range s.people {
		list := make([]*said, s.IntN(most))
		for i := range list {
			list[i] = s.say(p)
		}
		writers.Go(func() {
			for _, w := range list {
				w.send()
			}
		})
	}
	what := "storm"
	for range s.IntN(5) {
		p := s.people[s.IntN(len(s.people))]
		pause := time.Duration(s.IntN(300)) * time.Millisecond
		fault := []func(*soaker) string{s.crash, s.crash, s.drop, s.pull, s.move}[s.IntN(5)]
		time.Sleep(pause)
		what += ", " + fault(p)
	}
	writers.Wait()
	return what
}

// send sends over the socket or, where no node answers, by a command, until the
// message is taken. The key makes it one, however often it takes.
func (w *said) send() {
	c := client.Dial(w.from.home)
	defer c.Close()
	w.from.until("a message is taken", 2*time.Minute, func() bool {
		m, err := c.Send(w.from.t.Context(), w.to.account, client.SendRequest{Text: w.text(), Key: w.key})
		if err == nil {
			w.id = m.ID
			return true
		}
		if !errors.Is(err, client.ErrUnreachable) {
			w.from.t.Errorf("%s: sending %s: %v", w.from.name, w.key, err)
		}
		rows, status, diagnostics := w.from.do("send", w.to.account, w.text(), "--key", w.key)
		if status == 0 {
			w.id = rows[0].ID
		}
		if strings.Contains(diagnostics, "panic") {
			w.from.t.Errorf("%s: sending %s: %s", w.from.name, w.key, diagnostics)
		}
		return status == 0
	})
}
