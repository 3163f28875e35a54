package node_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// tally counts what was logged.
type tally struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *tally) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// count tells how often a text was logged since the last call.
func (l *tally) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.buf.Reset()
	return bytes.Count(l.buf.Bytes(), []byte(text))
}

func (l *tally) listen(c *node.Config) {
	c.Log = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// A home that was retired, and whose links end as soon as they begin, goes to
// its contact ever more seldom; a contact with whom links last is gone to at
// once.
func TestLinksThatEndAtOnce(t *testing.T) {
	for name, given := range map[string]bool{"found": false, "given": true} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T, net *nodetest.Network, ann, ben *virtual, a, b *node.Node) {
				delivered(t, a, b, "before")
				seed, _, err := node.ParsePhrase(words(t, ann.home, ""))
				if err != nil {
					t.Fatal(err)
				}
				a.Close()
				time.Sleep(time.Minute) // lists are numbered by the second
				x := newVirtual(t, net, "Ann", "1.0.0.3").start(t, func(c *node.Config) { c.Seed = &seed })
				ask(t, x, link(t, b))
				eventually(t, x, "Ben takes it for Ann", func() bool { return relation(x, b.Chat().Account()) == chat.Accepted })

				var log tally
				a = ann.start(t, log.listen, func(c *node.Config) {
					if given {
						c.Peers = b.Addrs()[:1]
					}
				})
				time.Sleep(10 * time.Minute)
				if a.Chat().Stopped() == nil {
					t.Error("the old home does not know that it is retired")
				}
				if n := log.count("link ended"); n < 5 || n > 120 {
					t.Errorf("in 10 minutes %d links began", n)
				}
				time.Sleep(time.Hour)
				if n := log.count("link ended"); n > 600 {
					t.Errorf("in an hour %d links began", n)
				}
				delivered(t, x, b, "and on")
			})
		})
	}
}
