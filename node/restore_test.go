package node_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/backup"
)

func backUp(t *testing.T, n *node.Node) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := n.Backup(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asks(pass string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(pass), nil }
}

// A home that was restored has its history and goes on with its contact, under
// a new device key; what it had sent since the backup comes back to it.
func TestBackupAndRestore(t *testing.T) {
	ann, _, a, b := friends(t)
	m := send(t, a, b, "one")
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	account, device, phrase := a.Chat().Account(), a.Chat().Device(), words(t, ann.home, "")
	kept := backUp(t, a) // while the node runs
	m = send(t, a, b, "after the backup")
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	a.Close()

	second := newPerson(t, "Ann")
	if err := node.Restore(second.home, bytes.NewReader(kept), nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data.key", "account.key", "store.db"} {
		info, err := os.Stat(filepath.Join(second.home, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, _ := os.ReadDir(second.home); len(entries) > 4 { // and the lock
		t.Errorf("more than that lies there: %v", entries)
	}
	c := second.start(t)
	if c.Chat().Account() != account || words(t, second.home, "") != phrase {
		t.Error("it is another account")
	}
	if c.Chat().Device() == device {
		t.Error("it writes under the old device key")
	}
	send(t, c, b, "from the restored home")
	agree(t, c, b, "one", "after the backup", "from the restored home")
}

// Without the account key what was restored can be read, and nothing is written.
func TestRestoredWithoutAccountKey(t *testing.T) {
	ann, _, a, b := friends(t)
	numbered(t, a, b, 0, 2)
	inOrder(t, a, b, 2)
	if err := os.Remove(filepath.Join(ann.home, "account.key")); err != nil {
		t.Fatal(err)
	}
	kept := backUp(t, a)
	second := newPerson(t, "Ann")
	if err := node.Restore(second.home, bytes.NewReader(kept), nil); err != nil {
		t.Fatal(err)
	}
	c := second.start(t, offline)
	if got := texts(t, c, b); len(got) != 2 {
		t.Errorf("it holds %q", got)
	}
	if _, err := c.Chat().Send(b.Chat().Account(), "no", chat.SendOptions{}); err == nil {
		t.Error("it wrote under the old device key")
	}
}

// Sealed keys stay sealed: the passphrase of then opens what is restored.
func TestBackupOfProtectedHome(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline, func(c *node.Config) { c.Protect = []byte(oldPass) })
	want := words(t, ann.home, oldPass)
	kept := backUp(t, a)
	if err := a.SetPassphrase([]byte(oldPass), []byte(newPass)); err != nil {
		t.Fatal(err)
	}
	second := newPerson(t, "Ann")
	for pass, why := range map[string]error{newPass: node.ErrPassphrase, "": node.ErrProtected} {
		if err := node.Restore(second.home, bytes.NewReader(kept), asks(pass)); !errors.Is(err, why) {
			t.Errorf("with %q: %v", pass, err)
		}
	}
	if exists(second.home) {
		t.Error("a home was begun")
	}
	if err := node.Restore(second.home, bytes.NewReader(kept), asks(oldPass)); err != nil {
		t.Fatal(err)
	}
	onlyOpensWith(t, second.home, oldPass)
	if words(t, second.home, oldPass) != want {
		t.Error("the words are others")
	}
	if b := second.start(t, offline, knows(oldPass)); b.Chat().Device() == a.Chat().Device() {
		t.Error("it writes under the old device key")
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// What is torn, or is something else, is refused before anything is made.
func TestTornBackup(t *testing.T) {
	ann := newPerson(t, "Ann")
	kept := backUp(t, ann.start(t, offline))
	pack := func(files ...string) []byte {
		var b bytes.Buffer
		w := backup.NewWriter(&b)
		for i := 0; i < len(files); i += 2 {
			w.AddBytes(files[i], []byte(files[i+1]))
		}
		w.Close()
		return b.Bytes()
	}
	files := filesOf(t, ann.home)
	data, account := files["data.key"], files["account.key"]
	flipped := bytes.Clone(kept)
	flipped[len(flipped)/2] ^= 1
	home := newPerson(t, "Eve").home
	for name, b := range map[string][]byte{
		"empty": {}, "half": kept[:len(kept)/2], "short by one": kept[:len(kept)-1], "long by one": append(bytes.Clone(kept), 0),
		"flipped": flipped, "a database": []byte("SQLite format 3\x00"),
		"no store": pack("data.key", data), "no key": pack("account.key", account, "store.db", "x"),
		"bad key":      pack("data.key", "truce key v1 data plain\nxyz\n", "store.db", "x"),
		"large key":    pack("data.key", strings.Repeat("0", 5000), "store.db", "x"),
		"twice":        pack("data.key", data, "data.key", data, "store.db", "x"),
		"more in it":   pack("data.key", data, "store.db", "x", "api.sock", "x"),
		"wrong kind":   pack("data.key", account, "store.db", "x"),
		"greedy key":   pack("data.key", strings.Replace(data, "plain", "argon2id t=3 m=999999999 p=4 salt="+strings.Repeat("0", 32), 1), "store.db", "x"),
		"newer backup": bytes.Replace(bytes.Clone(kept), []byte("v1"), []byte("v9"), 1),
	} {
		err := node.Restore(home, bytes.NewReader(b), nil)
		var told *chat.Error
		if !errors.As(err, &told) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if exists(home) {
			t.Fatalf("%s: a home was begun", name)
		}
	}
	for name, b := range map[string][]byte{
		"damaged store": pack("data.key", data, "account.key", account, "store.db", strings.Repeat("x", 1<<16)),
		"empty store":   pack("data.key", data, "account.key", account, "store.db", ""),
	} {
		if err := node.Restore(home, bytes.NewReader(b), nil); err == nil || node.Exists(home) || len(filesOf(t, home)) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := node.Restore(home, bytes.NewReader(kept), nil); err != nil {
		t.Errorf("after all that the good one: %v", err)
	}
}

// Nothing that is there is written over; a restore that a crash broke off can be
// repeated.
func TestRestoreOverSomething(t *testing.T) {
	ann, ben := newPerson(t, "Ann"), newPerson(t, "Ben")
	a, b := ann.start(t, offline), ben.start(t, offline)
	kept := backUp(t, a)
	restore := func(home, want string) {
		t.Helper()
		before := filesOf(t, home)
		if err := node.Restore(home, bytes.NewReader(kept), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if !same(before, filesOf(t, home)) {
			t.Error("the keys have changed")
		}
	}
	restore(ben.home, "there is an account")
	b.Close()
	restore(ben.home, "there is an account")
	if err := os.Remove(filepath.Join(ben.home, "store.db")); err != nil {
		t.Fatal(err)
	}
	restore(ben.home, "another key")
	half := newPerson(t, "Ann")
	if err := node.Restore(half.home, bytes.NewReader(kept), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(half.home, "store.db")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(half.home, "restore.tmp", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := node.Restore(half.home, bytes.NewReader(kept), nil); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// A store that cannot be read is told of in a line, with the way out, and that
// way works.
func TestRestoreInPlaceOfUnreadableStore(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	account, kept := a.Chat().Account(), backUp(t, a)
	a.Close()
	path := filepath.Join(ann.home, "store.db")
	if err := os.Truncate(path, 10_000); err != nil {
		t.Fatal(err)
	}
	var told *chat.Error
	if err := refused(t, ann.home); !errors.As(err, &told) || !strings.Contains(told.Hint, "restore") {
		t.Errorf("the user is told %+v", told)
	}
	if err := os.Rename(ann.home, ann.home+".damaged"); err != nil {
		t.Fatal(err)
	}
	if err := node.Restore(ann.home, bytes.NewReader(kept), nil); err != nil {
		t.Fatal(err)
	}
	if a := ann.start(t, offline); a.Chat().Account() != account {
		t.Error("it is another account")
	}
}

// A backup that cannot be written says so, and the node goes on.
func TestBackupThatFails(t *testing.T) {
	a := newPerson(t, "Ann").start(t, offline)
	r, w := io.Pipe()
	r.Close()
	if err := a.Backup(w); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	backUp(t, a)
}
