//go:build unix

package node_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// envChild makes TestChild a node in a process of its own: "home port count".
const envChild = "TRUCE_TEST_CHILD"

// TestChild is the body of a node's process. It sends its only contact the
// messages 0 to count-1, those that a former life has sent left out, and ends
// with its input.
func TestChild(t *testing.T) {
	var home string
	var port, count int
	if n, _ := fmt.Sscan(os.Getenv(envChild), &home, &port, &count); n != 3 {
		t.Skip("runs as a process of its own")
	}
	n := (&person{name: "Ben", home: home, port: port}).start(t)
	list, err := n.Chat().Contacts()
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	fmt.Println("up")
	go func() {
		for i := range count {
			opt := chat.SendOptions{Key: "message-" + strconv.Itoa(i)}
			if _, err := n.Chat().Send(list[0].Account, fmt.Sprintf("number %d", i), opt); err != nil {
				t.Error(err)
			}
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

// child is a node in a process of its own.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func (p *person) spawn(t *testing.T, count int) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", envChild, p.home, p.port, count))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd, in}
	t.Cleanup(c.kill)
	if line, err := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, "up") {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return c
}

// kill ends the process as a power cut would.
func (c *child) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// stop ends it cleanly.
func (c *child) stop() {
	c.stdin.Close()
	c.cmd.Wait()
}

// One side is killed again and again while both send 400 messages: nothing is
// lost, doubled or out of order, and both have one history.
func TestKilled(t *testing.T) {
	const count, kills = 400, 6
	_, ben, a, b := friends(t)
	account := b.Chat().Account()
	b.Close()

	c := ben.spawn(t, count)
	sent := make(chan error, 1)
	go func() {
		for i := range count {
			if _, err := a.Chat().Send(account, fmt.Sprintf("number %d", i), chat.SendOptions{}); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for k := range kills {
		eventually(t, a, "some arrive", func() bool { return received(t, a, b) >= (k+1)*count/(kills+1) })
		c.kill()
		c = ben.spawn(t, count)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	eventually(t, a, "all arrive", func() bool {
		out, err := a.Chat().Outbox()
		return err == nil && len(out) == 0 && received(t, a, b) == count
	})
	c.stop()
	b = ben.start(t, offline)
	sameHistory(t, a, b, count)
}

func received(t *testing.T, n, from *node.Node) (count int) {
	t.Helper()
	h, err := n.Chat().History(from.Chat().Account(), chat.HistoryOptions{N: 100000})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range h {
		if !m.Out {
			count++
		}
	}
	return count
}

// sameHistory checks that both see the same, and of each other every number
// once and in order.
func sameHistory(t *testing.T, a, b *node.Node, count int) {
	t.Helper()
	ha, err := a.Chat().History(b.Chat().Account(), chat.HistoryOptions{N: 100000})
	if err != nil {
		t.Fatal(err)
	}
	hb, err := b.Chat().History(a.Chat().Account(), chat.HistoryOptions{N: 100000})
	if err != nil {
		t.Fatal(err)
	}
	var out, in []string
	for i, m := range ha {
		if i >= len(hb) || hb[i].ID != m.ID || hb[i].Text != m.Text || hb[i].Out == m.Out {
			t.Fatalf("the histories differ at %d of %d and %d: %q", i, len(ha), len(hb), m.Text)
		}
		if m.Out {
			out = append(out, m.Text)
		} else {
			in = append(in, m.Text)
		}
	}
	var all []string
	for i := range count {
		all = append(all, fmt.Sprintf("number %d", i))
	}
	if !slices.Equal(out, all) || !slices.Equal(in, all) {
		t.Errorf("not every number is there once and in order: out %q, in %q", out, in)
	}
}

// A process that is frozen, with its TCP connection open, is noticed within
// 15 s of a message that waits; when it goes on the message arrives.
func TestFrozen(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 12 s")
	}
	_, ben, a, b := friends(t)
	b.Close()
	c := ben.spawn(t, 1)
	eventually(t, a, "the child is there", func() bool { return received(t, a, b) == 1 })
	c.cmd.Process.Signal(syscall.SIGSTOP)
	began := time.Now()
	m := send(t, a, b, "number 0")
	eventually(t, a, "the frozen peer is noticed", func() bool { return !online(t, a, b) })
	if d := time.Since(began); d > 15*time.Second {
		t.Errorf("it was noticed after %v", d)
	}
	c.cmd.Process.Signal(syscall.SIGCONT)
	within(t, a, time.Minute, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	c.stop()
	b = ben.start(t, offline)
	sameHistory(t, a, b, 1)
}
