package node_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// steal copies a home as it lies there.
func steal(t *testing.T, home string) *person {
	t.Helper()
	thief := newPerson(t, "thief")
	if err := os.CopyFS(thief.home, os.DirFS(home)); err != nil {
		t.Fatal(err)
	}
	return thief
}

// Who steals a home that a passphrase protects, with the node stopped, gets
// neither texts nor names nor keys, and is nobody.
func TestThiefOfALockedBox(t *testing.T) {
	ann, _, a, b := friends(t)
	const text = "the key is under the third flower pot"
	delivered(t, a, b, text)
	data, err := os.ReadFile(filepath.Join(ann.home, "data.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	account := b.Chat().Account()
	a.Close()
	thief := steal(t, ann.home)
	for _, name := range []string{"store.db", "data.key", "account.key"} {
		b, err := os.ReadFile(filepath.Join(thief.home, name))
		if err != nil {
			t.Fatal(err)
		}
		secrets := [][]byte{[]byte(text), []byte("flower"), []byte("Ben"), account[:], []byte(account.String()), data[len(data)-65:]}
		if i := slices.IndexFunc(secrets, func(s []byte) bool { return bytes.Contains(b, s) }); i >= 0 {
			t.Errorf("%s holds secret %d in clear", name, i)
		}
	}
	if _, err := node.Open(t.Context(), node.Config{Home: thief.home, Offline: true}); !errors.Is(err, node.ErrProtected) {
		t.Errorf("without a passphrase: %v", err)
	}
	wrong := node.Config{Home: thief.home, Offline: true}
	knows(newPass)(&wrong)
	if _, err := node.Open(t.Context(), wrong); !errors.Is(err, node.ErrPassphrase) {
		t.Errorf("with a wrong one: %v", err)
	}
}

// Who steals one that nothing protects has everything, and is its owner.
func TestThiefOfAnUnlockedBox(t *testing.T) {
	ann, _, a, b := friends(t)
	delivered(t, a, b, "secret")
	phrase := words(t, ann.home, "")
	a.Close()
	thief := steal(t, ann.home)
	x := thief.start(t)
	if got := texts(t, x, b); !slices.Equal(got, []string{"secret"}) || words(t, thief.home, "") != phrase {
		t.Errorf("the thief reads %q", got)
	}
	delivered(t, x, b, "it is me, Ann")
}

// The words restore the account on an empty home, whose contacts have to be
// asked anew: they see the same person. The old home is refused from then on, and
// stops writing (rules 2, 13).
func TestOldHomeAfterTheWords(t *testing.T) {
	ann, _, a, b := friends(t)
	delivered(t, a, b, "before")
	phrase := words(t, ann.home, "")
	a.Close()
	seed, account, err := node.ParsePhrase(phrase)
	if err != nil {
		t.Fatal(err)
	}
	later := func() time.Time { return time.Now().Add(time.Minute) } // lists are numbered by the second
	x := newPerson(t, "Ann").start(t, func(c *node.Config) { c.Seed, c.Now = &seed, later })
	if got, err := x.Chat().Contacts(); x.Chat().Account() != account || err != nil || len(got) != 0 {
		t.Errorf("from the words came %v, %v", got, err)
	}
	ask(t, x, link(t, b))
	eventually(t, x, "Ben takes it for Ann", func() bool { return relation(x, b.Chat().Account()) == chat.Accepted })
	delivered(t, x, b, "after")

	a = ann.start(t)
	lost := send(t, a, b, "from the old home")
	eventually(t, a, "the old home learns that it is retired", func() bool { return a.Chat().Stopped() != nil })
	delivered(t, x, b, "and on")
	if got := texts(t, b, x); !slices.Equal(got, []string{"before", "after", "and on"}) {
		t.Errorf("Ben has %q", got)
	}
	if got := state(t, a, lost.ID); got != chat.Queued {
		t.Errorf("at the old home it is %s", got)
	}
}
