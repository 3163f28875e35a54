package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

func offline(c *node.Config) { c.Offline = true }

// refused opens a home that cannot be opened, and returns what the user is
// told: one line, and no secret.
func refused(t *testing.T, home string) error {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{Home: home, Offline: true})
	if err == nil {
		n.Close()
		t.Fatal("it opened")
	}
	var told *chat.Error
	if !errors.As(err, &told) {
		t.Errorf("the error is a %T, not in words for the user: %v", err, err)
	}
	if text := err.Error(); text == "" || strings.Contains(text, "\n") {
		t.Errorf("the user is told %q", text)
	}
	return err
}

func TestTwoNodesOnOneHome(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t)
	err := refused(t, ann.home)
	if !errors.Is(err, node.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("the second is told %q", err)
	}
	a.Close()
	ann.start(t, offline)
	if err := refused(t, ann.home); !errors.Is(err, node.ErrLocked) || strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("of one that did not say which process it is, the second is told %q", err)
	}
}

// A running node does not need the account key (rule 2).
func TestAccountKeyTakenAway(t *testing.T) {
	ann, _, a, b := friends(t)
	account := a.Chat().Account()
	a.Close()
	if err := os.Remove(filepath.Join(ann.home, "account.key")); err != nil {
		t.Fatal(err)
	}
	a = ann.start(t)
	if a.Chat().Account() != account {
		t.Error("it is another account now")
	}
	numbered(t, a, b, 0, 3)
	inOrder(t, a, b, 3)
}

func TestDataKeyMissingOrDamaged(t *testing.T) {
	ann := newPerson(t, "Ann")
	ann.start(t, offline).Close()
	path := filepath.Join(ann.home, "data.key")
	right, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Repeat([]byte("00"), 32)
	for name, content := range map[string][]byte{
		"short": right[:20], "no hex": bytes.Repeat([]byte("x"), 65), "empty": {}, "another": wrong,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		err := refused(t, ann.home)
		t.Logf("%s: %v", name, err)
		if bytes.Contains([]byte(err.Error()), right[:20]) {
			t.Errorf("%s: the error names the key", name)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	t.Logf("missing: %v", refused(t, ann.home))
	if _, err := os.Stat(path); err == nil {
		t.Error("a new key was made for an old store")
	}
	if err := os.WriteFile(path, right, 0o600); err != nil {
		t.Fatal(err)
	}
	ann.start(t, offline)
}

// To look is not to write: the bytes of the store stay.
func TestOfflineWritesNothing(t *testing.T) {
	ann, _, a, b := friends(t)
	numbered(t, a, b, 0, 3)
	inOrder(t, a, b, 3)
	a.Close()
	b.Close()
	path := filepath.Join(ann.home, "store.db")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a = ann.start(t, offline)
	texts(t, a, b)
	a.Close()
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the store has changed")
	}
}

func TestOpenAfterContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n, err := node.Open(ctx, node.Config{Home: newPerson(t, "Ann").home, NoMDNS: true, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	cancel() // bounds the opening alone
	if _, err := n.Chat().Link(n.Addrs()); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBadPeerAddress(t *testing.T) {
	ann := newPerson(t, "Ann")
	_, err := node.Open(t.Context(), node.Config{Home: ann.home, NoMDNS: true, Peers: []string{"/ip4/1.2.3.4/tcp/1"}})
	var told *chat.Error
	if !errors.As(err, &told) || told.Code != chat.CodeUsage {
		t.Errorf("it is %v", err)
	}
	ann.start(t, offline) // and the home is free
}
