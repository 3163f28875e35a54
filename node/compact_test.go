package node_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
	"github.com/truce-im/truce/storage"
)

const marker = "a text that must die: 7f3a"

// hoard are two people who never meet: the first has queued texts for the
// second, marker among them.
func hoard(t *testing.T, count int, change ...func(*node.Config)) (ann *person, a, b *node.Node) {
	t.Helper()
	ann = newPerson(t, "Ann")
	a, b = ann.start(t, append(change, offline)...), newPerson(t, "Ben").start(t, offline)
	ask(t, a, link(t, b))
	numbered(t, a, b, 0, count)
	send(t, a, b, marker)
	return ann, a, b
}

func newestOf(t *testing.T, n, other *node.Node) chat.Message {
	t.Helper()
	list, err := n.Chat().History(other.Chat().Account(), chat.HistoryOptions{N: 1})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0]
}

func compact(t testing.TB, n *node.Node) node.Compacted {
	t.Helper()
	c, err := n.Compact(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// homeOf returns the contents of all files of a home.
func homeOf(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

func putHome(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// plainKey returns the data key of a home that is not protected.
func plainKey(t testing.TB, dir string) (key [32]byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "data.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := bytes.Cut(b, []byte("\n"))
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != len(key) {
		t.Fatal(len(raw), err)
	}
	return [32]byte(raw)
}

// A deleted text is nowhere in the home after a rewrite, in no form that the old
// key opens; everything else is there, cursors stay good, and the home is not
// taken for a copy.
func TestCompact(t *testing.T) {
	ann, a, b := hoard(t, 200)
	if _, err := a.Chat().Delete(newestOf(t, a, b).ID, ""); err != nil {
		t.Fatal(err)
	}
	old, device, cursor := plainKey(t, ann.home), a.Chat().Device(), a.Chat().Cursor()
	if c := compact(t, a); c.Before <= 0 || c.After <= 0 || c.After > c.Before {
		t.Errorf("%+v", c)
	}
	numbered(t, a, b, 200, 210) // it goes on at once
	sent := 0
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for u, err := range a.Chat().Watch(ctx, cursor) {
		if err != nil || u.Kind == chat.UpdateReset {
			t.Fatal(u, err)
		}
		if sent++; sent == 10 {
			break
		}
	}
	a.Close()
	for name, content := range homeOf(t, ann.home) {
		if bytes.Contains([]byte(content), []byte(marker)) {
			t.Errorf("%s holds it", name)
		}
	}
	if err := storage.CheckKey(filepath.Join(ann.home, "store.db"), old); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("the old key: %v", err)
	}
	a = ann.start(t, offline)
	if a.Chat().Device() != device {
		t.Error("the home is taken for a copy")
	}
	if got := texts(t, a, b); len(got) != 211 || got[7] != "number 7" || got[200] != "" {
		t.Errorf("there are %d texts", len(got))
	}
}

// Who knows an earlier passphrase, and has the key file of then, does not open
// what was written since; the new passphrase goes on opening the home.
func TestCompactAfterThePassphrase(t *testing.T) {
	ann, a, _ := hoard(t, 5)
	before := homeOf(t, ann.home)
	if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
		t.Fatal(err)
	}
	compact(t, a)
	if !a.Protected() {
		t.Error("it is not protected any more")
	}
	a.Close()
	onlyOpensWith(t, ann.home, oldPass)
	after := homeOf(t, ann.home)
	stolen := maps.Clone(after)
	stolen["data.key"] = before["data.key"]
	putHome(t, ann.home, stolen)
	if _, err := node.Open(t.Context(), node.Config{Home: ann.home, Offline: true}); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("the key of before the passphrase: %v", err)
	}
}

// A crash at any moment of a rewrite leaves a home that opens with everything in
// it, and nothing lies about afterwards.
func TestCrashWhileCompacting(t *testing.T) {
	for _, pass := range []string{"", oldPass} {
		t.Run(fmt.Sprintf("protected=%v", pass != ""), func(t *testing.T) {
			ann, a, b := hoard(t, 50, func(c *node.Config) { c.Protect = []byte(pass) })
			a.Close()
			before := homeOf(t, ann.home)
			a = ann.start(t, offline, knows(pass))
			compact(t, a)
			a.Close()
			after := homeOf(t, ann.home)

			draft := with(before, "store.db.rewrite", after["store.db"])
			for name, crash := range map[string]struct{ files, end map[string]string }{
				"before":          {before, before},
				"store begun":     {with(before, "store.db.rewrite", after["store.db"][:5000]), before},
				"store whole":     {draft, before},
				"key begun":       {with(draft, ".data.key.new-1", after["data.key"][:20]), before},
				"key there":       {with(draft, "data.key.new", after["data.key"]), before},
				"rewrite undone":  {with(before, "data.key.new", after["data.key"]), before},
				"key torn":        {with(before, "data.key.new", after["data.key"][:30]), before},
				"store replaced":  {with(with(after, "data.key", before["data.key"]), "data.key.new", after["data.key"]), after},
				"key replaced":    {after, after},
				"key left behind": {with(after, "data.key.new", before["data.key"]), after},
			} {
				putHome(t, ann.home, crash.files)
				a := ann.start(t, offline, knows(pass))
				if got := texts(t, a, b); len(got) != 51 || got[50] != marker {
					t.Errorf("%s: there are %d texts", name, len(got))
				}
				if err := a.Backup(io.Discard); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				a.Close()
				got := homeOf(t, ann.home)
				if got["data.key"] != crash.end["data.key"] || exists(filepath.Join(ann.home, "data.key.new")) ||
					exists(filepath.Join(ann.home, "store.db.rewrite")) {
					t.Errorf("%s: the files are not settled", name)
				}
			}
		})
	}
}

// A home whose new key did not get into its place is not copied only to find that
// out at the end, again and again.
func TestCompactAnUnsettledHome(t *testing.T) {
	ann, a, _ := hoard(t, 1)
	if err := os.WriteFile(filepath.Join(ann.home, "data.key.new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := a.Compact(t.Context(), func(uint64, uint64) { t.Error("it is copied") })
	if e := (*chat.Error)(nil); !errors.As(err, &e) || e.Code != chat.CodeFailed || e.Hint == "" {
		t.Error(err)
	}
}

// Messages flow, backups are written and the passphrase changes while the store
// is rewritten again and again: nothing is lost, and all goes on.
func TestCompactMeanwhile(t *testing.T) {
	ann, _, a, b := friends(t)
	const count = 120
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if _, err := a.Compact(ctx, nil); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := a.Backup(io.Discard); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		for pass, next := "", oldPass; ctx.Err() == nil; pass, next = next, pass {
			if err := a.SetPassphrase([]byte(pass), []byte(next)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	numbered(t, a, b, 0, count)
	within(t, a, 2*time.Minute, "all is delivered", func() bool {
		out, err := a.Chat().Outbox()
		return err == nil && len(out) == 0
	})
	inOrder(t, a, b, count)
	cancel()
	wg.Wait()
	a.Close()
	a = ann.start(t, offline, knows(oldPass))
	if got := texts(t, a, b); len(got) != count {
		t.Errorf("there are %d texts", len(got))
	}
}

// A node that closes, or a caller that gives up, ends a rewrite, and nothing is
// left of it.
func TestCompactGivenUp(t *testing.T) {
	ann, a, _ := hoard(t, 20)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Compact(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() {
		once := sync.OnceFunc(func() { close(begun) })
		for {
			if _, err := a.Compact(context.Background(), func(_, _ uint64) { once() }); err != nil {
				done <- err
				return
			}
		}
	}()
	<-begun
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("it was done")
	}
	if exists(filepath.Join(ann.home, "store.db.rewrite")) {
		t.Error("the draft is left")
	}
	ann.start(t, offline)
}

// A running node rewrites its store by itself: when it is quiet after a text was
// deleted, but not for every one of them; and soon after the passphrase changed.
func TestIdleRewrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann, ben := newVirtual(t, &net, "Ann", "1.0.0.1"), newVirtual(t, &net, "Ben", "1.0.0.2")
		a, b := ann.start(t), ben.start(t)
		befriend(t, a, b)
		key := plainKey(t, ann.home)
		turned := func(what string, want bool, after time.Duration) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if now := plainKey(t, ann.home); (now != key) != want {
				t.Errorf("%s: rewritten %v", what, now != key)
			} else {
				key = now
			}
		}
		remove := func() {
			t.Helper()
			if _, err := a.Chat().Delete(send(t, a, b, "x").ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		turned("nothing deleted", false, 48*time.Hour)
		remove()
		turned("in use", false, 5*time.Minute)
		turned("quiet", true, time.Hour)
		remove()
		turned("rewritten a while ago", false, 12*time.Hour)
		turned("the next day", true, 24*time.Hour)
		turned("nothing more deleted", false, 10*24*time.Hour)
		remove()
		turned("after ten days", true, time.Hour)
		if err := a.SetPassphrase(nil, []byte(oldPass)); err != nil {
			t.Fatal(err)
		}
		if err := a.SetPassphrase([]byte(oldPass), nil); err != nil {
			t.Fatal(err)
		}
		turned("the passphrase changed", true, time.Hour)
		remove()
		a.Close()
		a = ann.start(t)
		turned("marked before the start", true, 48*time.Hour)
		if got := texts(t, a, b); len(got) != 4 {
			t.Errorf("there are %d texts", len(got))
		}
	})
}

// A rewrite that fails is not tried again at once, whatever is deleted meanwhile:
// each try may write the whole store.
func TestIdleRewriteThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		var failures warnings
		ann, ben := newVirtual(t, &net, "Ann", "1.0.0.1"), newVirtual(t, &net, "Ben", "1.0.0.2")
		a, b := ann.start(t, func(c *node.Config) { c.Log = slog.New(&failures) }), ben.start(t)
		befriend(t, a, b)
		if err := os.MkdirAll(filepath.Join(ann.home, "store.db.rewrite", "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			after time.Duration
			want  int
		}{{30 * time.Minute, 1}, {20 * time.Minute, 1}, {time.Hour, 2}} {
			if _, err := a.Chat().Delete(send(t, a, b, "x").ID, ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(step.after)
			synctest.Wait()
			if got := int(failures.count.Load()); got != step.want {
				t.Errorf("step %d: %d failures, not %d", i, got, step.want)
			}
		}
	})
}

// warnings counts what a log says of rewrites that fail.
type warnings struct {
	slog.Handler
	count atomic.Int32
}

func (*warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler         { return w }
func (w *warnings) WithGroup(string) slog.Handler              { return w }

func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "rewritten") {
		w.count.Add(1)
	}
	return nil
}
