package api_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

func TestPassphrase(t *testing.T) {
	n := open(t, "Ann")
	c := client.New(api.Local(api.New(n, api.Options{})))
	set := func(old, new, code string, protected bool) {
		t.Helper()
		got, err := c.SetPassphrase(t.Context(), client.PassphraseRequest{Old: old, New: new})
		var e *client.Error
		if errors.As(err, &e) != (code != "") || e != nil && e.Code != code {
			t.Errorf("from %q to %q: %v, want code %q", old, new, err, code)
		}
		if e != nil && (strings.Contains(e.Message+e.Hint, "first one") || strings.Contains(e.Message+e.Hint, "second one")) {
			t.Errorf("the error tells a passphrase: %+v", e)
		}
		if id, err := c.ID(t.Context()); err != nil || id.Protected != protected || code == "" && got.Protected != protected {
			t.Errorf("from %q to %q: protected %v, %v", old, new, id.Protected, err)
		}
	}
	set("", "", client.CodeUsage, false)
	set("first one", "second one", client.CodeFailed, false)
	set("", "first one", "", true)
	set("", "second one", client.CodeFailed, true)
	set("second one", "first one", client.CodeFailed, true)
	set("first one", "second one", "", true)
	set("second one", "", "", false)
}

func TestBackup(t *testing.T) {
	n := open(t, "Ann")
	c, _ := serve(t, n.Home(), api.New(n, api.Options{}))
	var b bytes.Buffer
	if err := c.Backup(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	if err := node.Restore(home, bytes.NewReader(b.Bytes()), nil); err != nil {
		t.Fatal(err)
	}
	n.Close()
	var e *client.Error
	if err := c.Backup(t.Context(), io.Discard); !errors.As(err, &e) || e.Message == "" {
		t.Errorf("of a closed node: %v", err)
	}
}

// A disk that is full is told as what it is, not as a node that went away.
func TestBackupOntoFullDisk(t *testing.T) {
	n := open(t, "Ann")
	c, _ := serve(t, n.Home(), api.New(n, api.Options{}))
	full := errors.New("no space left on device")
	if err := c.Backup(t.Context(), fails{full}); !errors.Is(err, full) || errors.Is(err, client.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

type fails struct{ err error }

func (f fails) Write([]byte) (int, error) { return 0, f.err }
