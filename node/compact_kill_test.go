package node_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// envCompacting makes TestCompactingChild a process of its own: home, account
// that is written to, and the number of the first text.
const envCompacting = "TRUCE_TEST_COMPACTING"

// TestCompactingChild writes texts and rewrites its store, again and again, until
// it is killed. It says of each text that it is on disk.
func TestCompactingChild(t *testing.T) {
	var home, to string
	var first int
	if n, _ := fmt.Sscan(os.Getenv(envCompacting), &home, &to, &first); n != 3 {
		t.Skip("runs as a process of its own")
	}
	account, err := wire.ParseAccount(to)
	if err != nil {
		t.Fatal(err)
	}
	n := start(t, home, "Ann", offline, knows(oldPass))
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			if _, err := n.Compact(t.Context(), nil); err != nil {
				fmt.Println("failed", err)
				return
			}
			fmt.Println("compacted")
		}
	})
	for i := first; ; i++ {
		if _, err := n.Chat().Send(account, fmt.Sprintf("number %d", i), chat.SendOptions{}); err != nil {
			fmt.Println("failed", err)
			break
		}
		fmt.Println("sent", i)
	}
	wg.Wait()
}

// A process is killed again and again in the midst of a rewrite: whatever it said
// is on disk is there, and the home opens.
func TestKilledWhileCompacting(t *testing.T) {
	ann, a, b := hoard(t, 0)
	account := b.Chat().Account()
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	device := a.Chat().Device()
	a.Close()
	said, rewrites := 0, 0
	for range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCompactingChild$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", envCompacting, ann.home, account, said))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for left := 5 + rand.IntN(10); lines.Scan(); {
			switch line := lines.Text(); {
			case line == "compacted":
				rewrites++
				if left--; left == 0 {
					time.AfterFunc(rand.N(30*time.Millisecond), func() { cmd.Process.Kill() }) // in the midst of the next
				}
			case strings.HasPrefix(line, "sent "):
				fmt.Sscanf(line, "sent %d", &said)
				said++
			case strings.HasPrefix(line, "failed"):
				t.Error(line)
			}
		}
		cmd.Wait()
		a = ann.start(t, offline, knows(oldPass))
		if a.Chat().Device() != device {
			t.Fatal("the home is taken for a copy")
		}
		got := texts(t, a, b)[1:]
		if len(got) < said {
			t.Fatalf("it said %d are on disk, there are %d", said, len(got))
		}
		for i, text := range got {
			if text != fmt.Sprintf("number %d", i) {
				t.Fatalf("text %d is %q", i, text)
			}
		}
		said = len(got)
		a.Close()
		for _, name := range []string{"data.key.new", "store.db.rewrite"} {
			if exists(filepath.Join(ann.home, name)) {
				t.Errorf("%s lies about", name)
			}
		}
	}
	t.Logf("%d texts, %d rewrites", said, rewrites)
}
