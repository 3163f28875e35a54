package node_test

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// logged is what nodes have logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) all(c *node.Config) {
	c.Log = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Two people become contacts, talk, part and move; the log of both, at its most
// talkative, has nobody's account, name, words, link or whole address in it.
func TestLogTellsNobody(t *testing.T) {
	var log logged
	ann, ben := newPerson(t, "Annabelle"), newPerson(t, "Benedict")
	a, b := ann.start(t, log.all), ben.start(t, log.all)
	links := []string{link(t, a).String(), link(t, b).String()}
	befriend(t, a, b)
	m := send(t, a, b, "meet me at the well")
	eventually(t, a, "the message is delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	peers := []string{a.PeerID(), b.PeerID()}

	b.Close()
	awaited(t, "a dial fails", func() bool { return strings.Contains(log.String(), "127.0.0.x") })
	b = ben.start(t, log.all)
	answer := send(t, b, a, "by moonlight then")
	eventually(t, b, "the answer is delivered", func() bool { return state(t, b, answer.ID) == chat.Delivered })
	if _, _, err := a.Chat().Remove(b.Chat().Account()); err != nil {
		t.Fatal(err)
	}
	if err := a.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	peers = append(peers, a.PeerID())
	accounts := []string{a.Chat().Account().String(), b.Chat().Account().String()}
	a.Close()
	b.Close()

	text := log.String()
	secrets := append(append(append(peers, accounts...), links...),
		"Annabelle", "Benedict", "meet me", "the well", "moonlight", "truce:")
	for _, s := range secrets {
		if strings.Contains(strings.ToLower(text), strings.ToLower(s)) {
			t.Errorf("the log has %q:\n%s", s, text)
		}
	}
	if at := regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b`).FindString(strings.ReplaceAll(text, "0.0.0.0", "")); at != "" {
		t.Errorf("the log has the address %s:\n%s", at, text)
	}
}
