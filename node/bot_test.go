package node_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// parrot answers every message that comes after cursor, each once even if it is
// told of it again, until ctx ends. It returns where to go on.
func parrot(ctx context.Context, n *node.Node, cursor string) string {
	for u, err := range n.Chat().Watch(ctx, cursor) {
		if err != nil {
			break
		}
		if m := u.Message; u.Kind == chat.UpdateMessage && !m.Out && m.Notice == "" && !m.Deleted {
			if _, err := n.Chat().Send(m.Peer, "you said: "+m.Text, chat.SendOptions{Key: m.ID.String()}); err != nil {
				break
			}
		}
		cursor = u.Cursor
	}
	return cursor
}

// A bot that says what it is told. It keeps its cursor in a file, so that it
// misses nothing while it is down.
func Example_bot() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // a real one runs until a signal comes

	home, _ := os.MkdirTemp("", "bot")
	defer os.RemoveAll(home)
	bot, err := node.Open(context.Background(), node.Config{Home: home, Name: "Echo", Offline: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()

	file := filepath.Join(home, "bot.cursor")
	cursor, _ := os.ReadFile(file)
	os.WriteFile(file, []byte(parrot(ctx, bot, string(cursor))), 0o600)
	// Output:
}

// The bot of the example answers each message once, also what came while it
// was down, and when it is told of everything again.
func TestBot(t *testing.T) {
	_, _, a, bot := friends(t)
	begin := bot.Chat().Cursor()
	run := func(cursor string, answers ...string) string {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		next := make(chan string, 1)
		go func() { next <- parrot(ctx, bot, cursor) }()
		last := answers[len(answers)-1]
		eventually(t, a, "the answer to "+last, func() bool { return slices.Contains(texts(t, a, bot), "you said: "+last) })
		cancel()
		return <-next
	}
	send(t, a, bot, "one")
	cursor := run(begin, "one")
	send(t, a, bot, "two")
	run(cursor, "one", "two")
	send(t, a, bot, "three")
	run(begin, "one", "two", "three")
	got := texts(t, a, bot)
	slices.Sort(got)
	want := []string{"one", "three", "two", "you said: one", "you said: three", "you said: two"}
	if !slices.Equal(got, want) {
		t.Errorf("they say %q", got)
	}
}
