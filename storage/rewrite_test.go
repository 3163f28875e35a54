package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

var newKey = [32]byte{9, 8, 7}

func rewrite(s *storage.Store, opt storage.RewriteOptions) error {
	opt.Key = newKey
	r, err := s.Rewrite(context.Background(), opt)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Copy(context.Background()); err != nil {
		return err
	}
	switched, err := r.Switch(func() error { return nil })
	if !switched && err == nil {
		err = errors.New("neither switched nor failed")
	}
	return err
}

func openWith(t testing.TB, path string, key [32]byte) *storage.Store {
	t.Helper()
	s, err := storage.Open(path, storage.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A rewritten store holds the same under the new key alone, goes on at once,
// and keeps its cursors.
func TestRewriteStore(t *testing.T) {
	path := populated(t)
	s := open(t, path, storage.Options{}.WithRewrite(3, nil))
	want, generation := dumped(t, s), s.Generation()
	for range 2 {
		if err := rewrite(s, storage.RewriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := dumped(t, s); !reflect.DeepEqual(got, want) || s.Generation() != generation {
			t.Fatal("it is another store")
		}
	}
	if err := populate(s, 77); err != nil {
		t.Fatal(err)
	}
	want = dumped(t, s)
	s.Close()
	if _, err := storage.Open(path, storage.Options{Key: key}); !errors.Is(err, storage.ErrWrongKey) {
		t.Errorf("the old key: %v", err)
	}
	s = openWith(t, path, newKey)
	if got := dumped(t, s); !reflect.DeepEqual(got, want) || s.Generation() != generation {
		t.Error("it is another store after it was opened again")
	}
	if found, _ := filepath.Glob(path + "*"); len(found) != 1 {
		t.Errorf("there are %q", found)
	}
}

// What was deleted is not in the file in any form: none of the old file's
// values, live or not, and nothing that the old key opens.
func TestRewriteForgets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path, storage.Options{})
	f := feeder{convs: 3}
	f.feed(t, s, 300)
	deleted := chat.Event{Log: benchLog(1), Seq: 7}
	view(t, s, func(r chat.Reader) (err error) { deleted, err = r.Event(deleted.Log, deleted.Seq); return err })
	values := sealedValues(t, path)
	marked := s.Marked()
	update(t, s, func(tx chat.Tx) error {
		deleted.Wire.Stub, deleted.Wire.Body = true, make([]byte, 32)
		return tx.Rewrite(deleted)
	})
	<-marked
	if due := settingOf(t, s, storage.RewriteDue); due != storage.DueDeleted {
		t.Errorf("the mark says %q", due)
	}
	if n := count(t, path, values); n == 0 {
		t.Fatal("the old file has none of its own values: this test finds nothing")
	}
	if err := rewrite(s, storage.RewriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, path, values); n > 0 {
		t.Errorf("%d of %d old values are in the new file", n, len(values))
	}
	if due := settingOf(t, s, storage.RewriteDue); due != "" {
		t.Errorf("the mark still says %q", due)
	}
	if settingOf(t, s, storage.Rewritten) == "" {
		t.Error("it is not known when it was rewritten")
	}
	s.Close()
	raw(t, path, func(tx *bbolt.Tx) error {
		if opened := storage.OpenedBy(tx, key); opened > 0 {
			t.Errorf("the old key opens %d rows", opened)
		}
		if opened := storage.OpenedBy(tx, newKey); opened < 300 {
			t.Errorf("the new key opens %d rows: this test finds nothing", opened)
		}
		return nil
	})
}

func settingOf(t testing.TB, s *storage.Store, name string) (value string) {
	t.Helper()
	view(t, s, func(r chat.Reader) (err error) { value, err = r.Setting(name); return err })
	return value
}

// sealedValues returns all values of a file that are sealed.
func sealedValues(t testing.TB, path string) (values [][]byte) {
	t.Helper()
	look := filepath.Join(t.TempDir(), "look")
	copyFile(t, path, look)
	raw(t, look, func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(_, v []byte) error {
				if !clear[string(name)] {
					values = append(values, bytes.Clone(v))
				}
				return nil
			})
		})
	})
	return values
}

func count(t testing.TB, path string, values [][]byte) (n int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if bytes.Contains(b, v) {
			n++
		}
	}
	return n
}

// What is deleted while the store is rewritten marks it anew, for it may have
// been copied before.
func TestDeletedMeanwhile(t *testing.T) {
	var s *storage.Store
	steps := 0
	s = open(t, filepath.Join(t.TempDir(), "store"), storage.Options{}.WithRewrite(10, func(step string) error {
		if steps++; steps != 30 {
			return nil
		}
		return s.Update(func(tx chat.Tx) error {
			e, err := tx.Event(benchLog(1), 2)
			e.Wire.Stub, e.Wire.Body = true, make([]byte, 32)
			return errors.Join(err, tx.Rewrite(e))
		})
	}))
	f := feeder{convs: 3}
	f.feed(t, s, 300)
	if err := rewrite(s, storage.RewriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if due := settingOf(t, s, storage.RewriteDue); due != storage.DueDeleted {
		t.Errorf("the mark says %q", due)
	}
	view(t, s, func(r chat.Reader) error {
		if e, err := r.Event(benchLog(1), 2); err != nil || !e.Wire.Stub {
			t.Errorf("it is there again: %+v, %v", e, err)
		}
		return nil
	})
}

// At every step of a rewrite that is killed there, the home's file opens with
// the key that CheckKey says, and holds everything.
func TestRewriteKilledAtEachStep(t *testing.T) {
	path := populated(t)
	dir := t.TempDir()
	images := map[string][32]byte{}
	snap := func(name string, key [32]byte) {
		image := filepath.Join(dir, name)
		if err := os.CopyFS(image, os.DirFS(filepath.Dir(path))); err != nil {
			t.Error(err)
		}
		images[image] = key
	}
	steps := 0
	s := open(t, path, storage.Options{}.WithRewrite(7, func(step string) error {
		k := key
		if step == "swapped" {
			k = newKey
		}
		steps++
		snap(fmt.Sprint(steps, step), k)
		return nil
	}))
	want := dumped(t, s)
	if err := rewrite(s, storage.RewriteOptions{}); err != nil {
		t.Fatal(err)
	}
	snap("after", newKey)
	if len(images) < 10 {
		t.Fatalf("only %d steps", len(images))
	}
	for image, key := range images {
		path := filepath.Join(image, filepath.Base(path))
		for _, k := range [][32]byte{{1, 2, 3}, newKey} {
			if err := storage.CheckKey(path, k); (err == nil) != (k == key) {
				t.Errorf("%s: key %x: %v", image, k[:2], err)
			}
		}
		s := openWith(t, path, key)
		if got := dumped(t, s); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: it is another store", image)
		}
		if _, err := os.Stat(path + ".rewrite"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the draft is still there", image)
		}
		s.Close()
	}
}

// At every step a rewrite may fail: then nothing has changed, and the store goes
// on.
func TestRewriteFailsAtEachStep(t *testing.T) {
	path := populated(t)
	failAt, steps := 0, 0
	var failed string
	s := open(t, path, storage.Options{}.WithRewrite(7, func(step string) error {
		if steps++; steps != failAt {
			return nil
		}
		failed = step
		return errInjected
	}))
	want := dumped(t, s)
	for failAt = 1; failed != "swapped"; failAt++ {
		steps = 0
		if err := rewrite(s, storage.RewriteOptions{}); !errors.Is(err, errInjected) {
			t.Fatalf("at step %d (%s): %v", failAt, failed, err)
		}
		if got := dumped(t, s); !reflect.DeepEqual(got, want) {
			t.Fatalf("after step %d (%s) it is another store", failAt, failed)
		}
		if found, _ := filepath.Glob(path + "*"); len(found) != 1 {
			t.Fatalf("there are %q", found)
		}
	}
	s.Close()
	openWith(t, path, newKey) // the last step came after the switch
}

// A rename may be done and yet be said to have failed, on a disk over the network.
func TestRewriteRenamedInSpiteOfAnError(t *testing.T) {
	path := populated(t)
	s := open(t, path, storage.Options{}.WithRewrite(7, func(step string) error {
		if step == "swap" {
			return errors.Join(os.Rename(path+".rewrite", path), errInjected)
		}
		return nil
	}))
	want := dumped(t, s)
	r, err := s.Rewrite(t.Context(), storage.RewriteOptions{Key: newKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Copy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if switched, err := r.Switch(func() error { return nil }); !switched || !errors.Is(err, errInjected) {
		t.Errorf("switched: %v, %v", switched, err)
	}
	if got := dumped(t, s); !reflect.DeepEqual(got, want) {
		t.Error("it is another store")
	}
	if err := errors.Join(r.Close(), s.Close(), storage.CheckKey(path, newKey)); err != nil {
		t.Error(err)
	}
}

func TestRewriteNeedsRoom(t *testing.T) {
	free := uint64(1 << 40)
	path := populated(t)
	var small bool
	s := open(t, path, storage.Options{}.WithFree(func() uint64 { return free }).WithRewrite(7, func(string) error {
		if small {
			free = chat.MinFree - 1
		}
		return nil
	}))
	want := dumped(t, s)
	for _, small = range []bool{true, false} {
		if !small {
			free = chat.MinFree
		}
		var told *chat.Error
		if err := rewrite(s, storage.RewriteOptions{}); !errors.As(err, &told) || told.Code != chat.CodeFailed || told.Hint == "" {
			t.Errorf("got %v", err)
		}
	}
	if got := dumped(t, s); !reflect.DeepEqual(got, want) {
		t.Error("it is another store")
	}
	if found, _ := filepath.Glob(path + "*"); len(found) != 1 {
		t.Errorf("there are %q", found)
	}
}

func TestRewritesDoNotMeet(t *testing.T) {
	s := open(t, populated(t), storage.Options{})
	first, err := s.Rewrite(t.Context(), storage.RewriteOptions{Key: newKey})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Rewrite(t.Context(), storage.RewriteOptions{Key: newKey}); !errors.Is(err, storage.ErrRewriting) {
		t.Errorf("a second one: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Copy(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	first.Close()
	var done, total uint64
	pauses := 0
	err = rewrite(s, storage.RewriteOptions{
		Pause:    func(context.Context, time.Duration) error { pauses++; return nil },
		Progress: func(d, t uint64) { done, total = d, t },
	})
	if err != nil || pauses == 0 || done == 0 || done != total {
		t.Errorf("%v; %d pauses, %d of %d", err, pauses, done, total)
	}
	err = rewrite(s, storage.RewriteOptions{Pause: func(context.Context, time.Duration) error { return errInjected }})
	if !errors.Is(err, errInjected) {
		t.Errorf("a pause that is cut short: %v", err)
	}
}

// Orders of events that were moved between the copy of a row and the switch.
func TestMovedMeanwhile(t *testing.T) {
	var s *storage.Store
	moves, level := 0, false
	s = open(t, filepath.Join(t.TempDir(), "store"), storage.Options{}.WithRewrite(10, func(step string) error {
		if level = level || step == "level"; level || moves == 100 {
			return nil
		}
		moves++
		return s.Update(func(tx chat.Tx) error { return swapEvents(tx, uint64(moves)) })
	}))
	f := feeder{convs: 2}
	f.feed(t, s, 200)
	if err := rewrite(s, storage.RewriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if moves < 20 {
		t.Fatalf("only %d were moved", moves)
	}
	view(t, s, func(r chat.Reader) error {
		for conv := range uint64(2) {
			events, err := collect(r.Events(benchLog(conv), 1))
			history, historyErr := collect(r.After(benchLog(conv).Conv, nil))
			if err := errors.Join(err, historyErr); err != nil {
				return err
			}
			if len(events) != 100 || len(history) != 100 {
				t.Errorf("%d events, %d in the history", len(events), len(history))
			}
			if !slices.IsSortedFunc(history, func(a, b chat.Event) int { return compare(a.Position(), b.Position()) }) {
				t.Error("the history is out of order")
			}
			for i, e := range events {
				if got, err := r.ByID(e.ID); err != nil || got.Seq != uint64(i+1) || got.Log != e.Log {
					t.Errorf("event %d: %v %v", i+1, got.Seq, err)
				}
			}
		}
		return nil
	})
}

// swapEvents has two events of different logs change places.
func swapEvents(tx chat.Tx, seq uint64) error {
	a, err := tx.Event(benchLog(0), seq)
	if err != nil {
		return err
	}
	b, err := tx.Event(benchLog(1), seq)
	if err != nil {
		return err
	}
	spare := wire.Log{Conv: wire.ConvID{99}, Account: wire.Account{99}}
	from, to := chat.Ref{Log: a.Log, Seq: seq}, chat.Ref{Log: b.Log, Seq: seq}
	a.Log, a.Order, b.Log, b.Order = b.Log, b.Order, a.Log, a.Order
	parked := a
	parked.Log = spare
	return errors.Join(tx.Move(from, parked), tx.Move(to, b), tx.Move(chat.Ref{Log: spare, Seq: seq}, a))
}
