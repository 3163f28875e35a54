package node_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

const oldPass, newPass = "correct horse battery", "staple 🕊 in a haystack"

func knows(pass string) func(*node.Config) {
	return func(c *node.Config) {
		c.Passphrase = func() ([]byte, error) { return []byte(pass), nil }
	}
}

// opens reports whether the home opens with the passphrase, none if it is
// empty, and fails unless one that does not is told so in words.
func opens(t *testing.T, home, pass string) bool {
	t.Helper()
	cfg := node.Config{Home: home, Offline: true}
	if pass != "" {
		knows(pass)(&cfg)
	}
	n, err := node.Open(t.Context(), cfg)
	if err == nil {
		return n.Close() == nil
	}
	var told *chat.Error
	if !errors.As(err, &told) || told.Code != chat.CodeFailed || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v", err)
	}
	want := node.ErrPassphrase
	if pass == "" {
		want = node.ErrProtected
	}
	if !errors.Is(err, want) {
		t.Errorf("with the passphrase %q: %v, want %v", pass, err, want)
	}
	return false
}

// onlyOpensWith tries all three.
func onlyOpensWith(t *testing.T, home, pass string) {
	t.Helper()
	for _, p := range []string{oldPass, newPass} {
		if got := opens(t, home, p); got != (p == pass || pass == "") {
			t.Errorf("with %q it opens: %v", p, got)
		}
	}
	if got := opens(t, home, ""); got != (pass == "") {
		t.Errorf("without a passphrase it opens: %v", got)
	}
	if got, err := node.Protected(home); got != (pass != "") || err != nil {
		t.Errorf("protected: %v, %v", got, err)
	}
}

func words(t *testing.T, home, pass string) string {
	t.Helper()
	words, err := node.Phrase(home, func() ([]byte, error) { return []byte(pass), nil })
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestPassphrase(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	account := a.Chat().Account()
	want := words(t, ann.home, "")
	for _, step := range []struct{ old, new string }{{"", oldPass}, {oldPass, newPass}, {newPass, ""}} {
		if err := a.SetPassphrase([]byte(step.old), []byte(step.new)); err != nil {
			t.Fatal(err)
		}
		if a.Protected() != (step.new != "") {
			t.Error("Protected tells the old state")
		}
		a.Close()
		onlyOpensWith(t, ann.home, step.new)
		if got := words(t, ann.home, step.new); got != want {
			t.Errorf("the words are others now")
		}
		a = ann.start(t, offline, knows(step.new))
		if a.Chat().Account() != account || a.Protected() != (step.new != "") {
			t.Error("opened again it is not the same")
		}
	}
}

func TestRefusedChangesOfThePassphrase(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	refuses := func(old, new string, want chat.Code) {
		t.Helper()
		before := filesOf(t, ann.home)
		var told *chat.Error
		if err := a.SetPassphrase([]byte(old), []byte(new)); !errors.As(err, &told) || told.Code != want {
			t.Errorf("from %q to %q: %v, want %s", old, new, err, want)
		} else if new != "" && strings.Contains(err.Error(), new) || old != "" && strings.Contains(err.Error(), old) {
			t.Errorf("the error tells a passphrase: %v", err)
		}
		if !same(before, filesOf(t, ann.home)) {
			t.Errorf("from %q to %q: something has changed", old, new)
		}
	}
	refuses("", "", chat.CodeUsage)
	refuses("", "two\nlines", chat.CodeUsage)
	refuses("", "\xff\xfe", chat.CodeUsage)
	refuses(oldPass, newPass, chat.CodeFailed) // it has none
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	refuses("", newPass, chat.CodeFailed) // it has one already
	refuses("wrong one", newPass, chat.CodeFailed)
	refuses("wrong one", "", chat.CodeFailed)
	refuses(oldPass, strings.Repeat("x", 2000), chat.CodeUsage)
	refuses(strings.Repeat("x", 2000), newPass, chat.CodeFailed)
	if err := os.Mkdir(filepath.Join(ann.home, "account.key.new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(ann.home, "account.key.new", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(oldPass, newPass, chat.CodeFailed) // the machine would not
}

// filesOf returns the contents of the key files.
func filesOf(t *testing.T, home string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.Contains(e.Name(), ".key") || e.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(home, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

// A crash at any moment of a change leaves a home that opens with the old
// passphrase or with the new one, whose account key is there, and nothing lies
// about afterwards.
func TestCrashWhileThePassphraseChanges(t *testing.T) {
	for _, step := range []struct{ name, old, new string }{
		{"set", "", oldPass}, {"change", oldPass, newPass}, {"remove", oldPass, ""},
	} {
		t.Run(step.name, func(t *testing.T) {
			ann := newPerson(t, "Ann")
			a := ann.start(t, offline, func(c *node.Config) { c.Protect = []byte(step.old) })
			want := words(t, ann.home, step.old)
			before := filesOf(t, ann.home)
			if err := a.SetPassphrase([]byte(step.old), []byte(step.new)); err != nil {
				t.Fatal(err)
			}
			a.Close()
			after := filesOf(t, ann.home)
			torn := after["account.key"][:20]
			for name, crash := range map[string]struct {
				files map[string]string
				pass  string
			}{
				"before":              {before, step.old},
				"account key begun":   {with(before, ".account.key.new-1", torn), step.old},
				"account key drafted": {with(before, "account.key.new", after["account.key"]), step.old},
				"data key begun": {with(with(before, "account.key.new", after["account.key"]),
					".data.key-1", after["data.key"]), step.old},
				"data key replaced": {with(with(before, "account.key.new", after["account.key"]),
					"data.key", after["data.key"]), step.new},
				"after": {after, step.new},
			} {
				putFiles(t, ann.home, crash.files)
				if got := words(t, ann.home, crash.pass); got != want {
					t.Errorf("%s: the words are others", name)
				}
				if !opens(t, ann.home, crash.pass) {
					t.Errorf("%s: it does not open with %q", name, crash.pass)
				}
				end := before
				if crash.pass == step.new {
					end = after
				}
				if !same(filesOf(t, ann.home), end) {
					t.Errorf("%s: the files are not settled", name)
				}
			}
		})
	}
}

func with(files map[string]string, name, content string) map[string]string {
	m := map[string]string{name: content}
	for n, c := range files {
		if n != name {
			m[n] = c
		}
	}
	return m
}

func putFiles(t *testing.T, home string, files map[string]string) {
	t.Helper()
	for name := range filesOf(t, home) {
		if err := os.Remove(filepath.Join(home, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The home is not held up for others while somebody looks for a passphrase.
func TestThePassphraseIsAskedForWhileTheHomeIsFree(t *testing.T) {
	ann := newPerson(t, "Ann")
	ann.start(t, offline, func(c *node.Config) { c.Protect = []byte(oldPass) }).Close()
	asked := 0
	a := ann.start(t, offline, func(c *node.Config) {
		c.Passphrase = func() ([]byte, error) {
			if asked++; asked == 1 {
				ann.start(t, offline, knows(oldPass)).Close()
			}
			return []byte(oldPass), nil
		}
	})
	_, err := node.Open(t.Context(), node.Config{Home: ann.home, Offline: true, Passphrase: func() ([]byte, error) {
		asked++
		return nil, nil
	}})
	if !errors.Is(err, node.ErrLocked) || asked != 1 {
		t.Errorf("asked %d times; %v", asked, err)
	}
	a.Close()
}

// Key files have their mode, and the plain key is overwritten when it is sealed.
func TestOldKeyIsOverwritten(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	var held []*os.File
	for _, name := range []string{"data.key", "account.key"} {
		f, err := os.Open(filepath.Join(ann.home, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		held = append(held, f)
	}
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	for _, f := range held {
		b := make([]byte, 1000)
		n, _ := f.ReadAt(b, 0)
		if n == 0 || len(bytes.Trim(b[:n], "\x00")) > 0 {
			t.Errorf("the old %s holds %q", filepath.Base(f.Name()), b[:n])
		}
		info, err := os.Stat(f.Name())
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
}

// Somebody's hard link to a key is a copy that is his.
func TestHardLinkedKeyStays(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	path, kept := filepath.Join(ann.home, "data.key"), filepath.Join(t.TempDir(), "kept")
	if err := os.Link(path, kept); err != nil {
		t.Skip(err)
	}
	want, _ := os.ReadFile(path)
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(kept); err != nil || !bytes.Equal(got, want) {
		t.Errorf("it holds %q, %v", got, err)
	}
}

// The first homes have keys of one line of hex: they open, and can be protected.
func TestOldKeyFiles(t *testing.T) {
	ann := newPerson(t, "Ann")
	ann.start(t, offline).Close()
	want := words(t, ann.home, "")
	files := filesOf(t, ann.home)
	for name, content := range files {
		_, hex, _ := strings.Cut(content, "\n")
		files[name] = hex
	}
	putFiles(t, ann.home, files)
	a := ann.start(t, offline)
	if got := words(t, ann.home, ""); got != want || !same(filesOf(t, ann.home), files) {
		t.Error("the old files are read otherwise, or were changed")
	}
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	a.Close()
	onlyOpensWith(t, ann.home, oldPass)
	if got := words(t, ann.home, oldPass); got != want {
		t.Error("the words are others now")
	}
}

// A protected home whose account key was taken away works; a plain account key
// that comes back is sealed.
func TestProtectedWithoutAccountKey(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	want := words(t, ann.home, "")
	path := filepath.Join(ann.home, "account.key")
	plain, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	a.Close()
	onlyOpensWith(t, ann.home, oldPass)
	if _, err := node.Phrase(ann.home, nil); err == nil || !strings.Contains(err.Error(), "account key is not in this home") {
		t.Errorf("the words: %v", err)
	}
	if err := os.WriteFile(path, plain, 0o600); err != nil {
		t.Fatal(err)
	}
	ann.start(t, offline, knows(oldPass)).Close()
	if got, err := os.ReadFile(path); err != nil || bytes.Equal(got, plain) {
		t.Errorf("it lies there plain: %v", err)
	}
	if got := words(t, ann.home, oldPass); got != want {
		t.Error("the words are others now")
	}
}

// A node that runs has closed the account key again.
func TestRunningNodeCannotOpenTheAccountKey(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline, func(c *node.Config) { c.Protect = []byte(oldPass) })
	device := a.Chat().Device()
	if err := a.Renew(nil); err == nil || a.Chat().Device() != device {
		t.Errorf("it signed a device list: %v", err)
	}
}

// Nothing of a passphrase, a key or the words is ever logged.
func TestNoSecretInTheLog(t *testing.T) {
	var log bytes.Buffer
	ann := newPerson(t, "Ann")
	a := ann.start(t, func(c *node.Config) {
		c.Protect = []byte(oldPass)
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	a.SetPassphrase([]byte("wrong one"), []byte(newPass))
	if err := a.SetPassphrase([]byte(oldPass), []byte(newPass)); err != nil {
		t.Fatal(err)
	}
	secrets := append(strings.Fields(words(t, ann.home, newPass)), oldPass, newPass, "wrong one")
	a.Close()
	for _, s := range secrets {
		if len(s) > 5 && strings.Contains(log.String(), s) {
			t.Errorf("the log has %q", s)
		}
	}
}

// The account of a new home is the one that was asked for, unless the key of
// another lies there.
func TestAccountFromWords(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	seed, account, err := node.ParsePhrase(words(t, ann.home, ""))
	if err != nil || account != a.Chat().Account() {
		t.Fatalf("the words stand for %v: %v", account, err)
	}
	from := func(c *node.Config) { c.Seed = &seed }
	again := newPerson(t, "Ann").start(t, offline, from)
	if again.Chat().Account() != account || again.Chat().Device() == a.Chat().Device() {
		t.Error("it is another account, or the same device")
	}
	other := newPerson(t, "Ben")
	other.start(t, offline).Close()
	if err := os.Remove(filepath.Join(other.home, "store.db")); err != nil {
		t.Fatal(err)
	}
	before := filesOf(t, other.home)
	_, err = node.Open(t.Context(), node.Config{Home: other.home, Offline: true, Seed: &seed})
	if err == nil || !strings.Contains(err.Error(), "another account") || !same(before, filesOf(t, other.home)) {
		t.Errorf("over the key of another account: %v", err)
	}
}
