package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	tea "charm.land/bubbletea/v2"

	real "github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
	"github.com/truce-im/truce/node/keyfile"
	"github.com/truce-im/truce/storage"
	"github.com/truce-im/truce/storage/storagetest"
)

// conversationOf opens the screen, of 140 by 40, on a conversation of so many
// messages at a node of this process, over its socket.
func conversationOf(b *testing.B, messages int) *model {
	b.Helper()
	home := filepath.Join(b.TempDir(), "home")
	must(b, os.Mkdir(home, 0o700))
	key, err := (*keyfile.Lock)(nil).Seal(keyfile.Data, storagetest.Key)
	must(b, err)
	must(b, os.WriteFile(filepath.Join(home, "data.key"), key, 0o600))
	s, err := storage.Open(filepath.Join(home, "store.db"), storage.Options{Key: storagetest.Key})
	must(b, err)
	must(b, storagetest.Fill(s, 1, messages))
	must(b, s.Close())
	n, err := real.Open(b.Context(), real.Config{Home: home, NoMDNS: true, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	must(b, err)
	l, err := api.Listen(home)
	must(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, l, api.New(n, api.Options{})) }()
	c := client.Dial(home)
	b.Cleanup(func() {
		c.Close()
		cancel()
		<-served
		n.Close()
	})
	m := newModel(node{b.Context(), c}, Options{})
	m.Update(tea.WindowSizeMsg{Width: 140, Height: 40})
	run(m, m.node.people(m.people.news))
	if len(m.thread.list) == 0 {
		b.Fatal("nothing is on the screen")
	}
	return m
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// run does a command, and what follows from it, one after the other.
func run(m *model, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			run(m, c)
		}
	default:
		_, next := m.Update(msg)
		run(m, next)
	}
}

func key(m *model, k tea.Key) tea.Cmd {
	_, cmd := m.Update(tea.KeyPressMsg(k))
	return cmd
}

// BenchmarkKeystroke is a letter typed, up to the screen that shows it, in a
// conversation of 100,000 messages; the baseline is one of 50.
func BenchmarkKeystroke(b *testing.B) {
	for _, messages := range []int{50, 100_000} {
		b.Run(fmt.Sprint(messages), func(b *testing.B) {
			m := conversationOf(b, messages)
			for i := 0; b.Loop(); i++ {
				key(m, tea.Key{Code: 'x', Text: "x"})
				m.View()
				if i%100 == 99 {
					m.input.clear()
				}
			}
		})
	}
}

// BenchmarkFrame is the screen drawn while one scrolls three rows at a time, up
// and at the top to the end, with the pages that are asked for on the way.
func BenchmarkFrame(b *testing.B) {
	for _, messages := range []int{50, 100_000} {
		b.Run(fmt.Sprint(messages), func(b *testing.B) {
			m := conversationOf(b, messages)
			for b.Loop() {
				was := m.thread.below
				run(m, m.scroll(3))
				if m.thread.below == was {
					run(m, m.newest())
				}
				m.View()
			}
		})
	}
}
