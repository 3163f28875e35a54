package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

func setting(name string) func(chat.Tx) error {
	return func(tx chat.Tx) error { return tx.PutSetting(name, "set") }
}

func isSet(t testing.TB, s *storage.Store, name string) (set bool) {
	t.Helper()
	view(t, s, func(r chat.Reader) error {
		v, err := r.Setting(name)
		set = v == "set"
		return err
	})
	return set
}

// TestViewKeepsItsState: what is committed meanwhile is not in a view.
func TestViewKeepsItsState(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there an update may have to wait for views")
	}
	s := openNew(t)
	var f feeder
	update(t, s, func(tx chat.Tx) error {
		f = feeder{convs: 1} // an update may run more than once
		return f.write(tx, 3)
	})
	view(t, s, func(r chat.Reader) error {
		var id wire.MessageID
		done := make(chan error)
		go func() {
			done <- s.Update(func(tx chat.Tx) error {
				e := f.next()
				id = e.ID
				return tx.Append(&e)
			})
		}()
		if err := <-done; err != nil {
			t.Error(err)
		}
		l := benchLog(0)
		for what, seq := range map[string]func() ([]chat.Event, error){
			"Before": func() ([]chat.Event, error) { return collect(r.Before(l.Conv, nil)) },
			"After":  func() ([]chat.Event, error) { return collect(r.After(l.Conv, nil)) },
			"Events": func() ([]chat.Event, error) { return collect(r.Events(l, 0)) },
			"ids":    func() ([]chat.Event, error) { return r.ByPrefix("", 10) },
		} {
			if events, err := seq(); err != nil || len(events) != 3 {
				t.Errorf("%s: %d events, %v", what, len(events), err)
			}
		}
		if _, err := r.ByID(id); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("ByID: %v", err)
		}
		if _, err := r.Event(l, 4); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("Event: %v", err)
		}
		if r.Cursor() != 3 {
			t.Errorf("the cursor is %d", r.Cursor())
		}
		return nil
	})
}

// TestViewWaitsForTheDisk: bbolt shows a commit to its readers before the last
// sync; a view does not.
func TestViewWaitsForTheDisk(t *testing.T) {
	var s *storage.Store
	var armed, synced atomic.Bool
	var wg sync.WaitGroup
	opt := storage.Options{}.WithCommit(func(tx *bbolt.Tx) error {
		err := tx.Commit()
		if !armed.Load() {
			return err
		}
		started := make(chan struct{})
		wg.Go(func() {
			close(started)
			if isSet(t, s, "late") && !synced.Load() {
				t.Error("a view saw what was not yet synced")
			}
		})
		<-started
		for range 10_000 {
			runtime.Gosched()
		}
		synced.Store(true)
		return err
	})
	s = open(t, filepath.Join(t.TempDir(), "store"), opt)
	update(t, s, setting("early"))
	armed.Store(true)
	update(t, s, setting("late"))
	wg.Wait()
}

// TestUpdatesShareCommits: those that come while one is committed go together,
// in their order; one that fails leaves nothing and harms nobody.
func TestUpdatesShareCommits(t *testing.T) {
	const n = 64
	var commits atomic.Int32
	var hold sync.Mutex
	opt := storage.Options{}.WithCommit(func(tx *bbolt.Tx) error {
		commits.Add(1)
		hold.Lock()
		defer hold.Unlock()
		return tx.Commit()
	})
	s := open(t, filepath.Join(t.TempDir(), "store"), opt)
	update(t, s, setting("first"))
	commits.Store(0)

	hold.Lock()
	var wg sync.WaitGroup
	errs := make([]error, n)
	wg.Go(func() { s.Update(setting("blocker")) })
	for commits.Load() == 0 {
		runtime.Gosched()
	}
	for i := range n {
		wg.Go(func() {
			errs[i] = s.Update(func(tx chat.Tx) error {
				if err := tx.PutSetting(fmt.Sprint(i), "set"); err != nil {
					return err
				}
				if i%8 == 0 {
					return errScript
				}
				return nil
			})
		})
	}
	for storage.Waiting(s) < n {
		runtime.Gosched()
	}
	hold.Unlock()
	wg.Wait()

	if got := commits.Load(); got != 2 {
		t.Errorf("%d commits", got)
	}
	for i, err := range errs {
		if fails := i%8 == 0; errors.Is(err, errScript) != fails || isSet(t, s, fmt.Sprint(i)) == fails {
			t.Errorf("update %d: %v", i, err)
		}
	}
}

func TestPanicComesBackToItsCaller(t *testing.T) {
	s := openNew(t)
	func() {
		defer func() {
			if p := recover(); p != "mine" {
				t.Errorf("recovered %v", p)
			}
		}()
		s.Update(func(tx chat.Tx) error {
			setting("x")(tx)
			panic("mine")
		})
	}()
	if isSet(t, s, "x") {
		t.Error("what was written before the panic is there")
	}
	update(t, s, setting("x"))
}

func TestChanged(t *testing.T) {
	s := openNew(t)
	ch := s.Changed()
	s.Update(func(tx chat.Tx) error { tx.PutSetting("x", "y"); return errScript })
	view(t, s, func(chat.Reader) error { return nil })
	ch2 := s.Changed()
	update(t, s, setting("x"))
	<-ch
	<-ch2
	select {
	case <-s.Changed():
		t.Error("closed without a commit")
	default:
	}
}

func TestClosed(t *testing.T) {
	s := openNew(t)
	update(t, s, setting("x"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Update": s.Update(setting("x")), "View": s.View(func(chat.Reader) error { return nil }), "Close": s.Close(),
	} {
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestRefusedLeavesTheFile: an update that is refused, or that writes nothing,
// does not touch the file, even if it is the first of this run.
func TestRefusedLeavesTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	s, err := storage.Open(path, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(func(tx chat.Tx) error { return tx.PutSetting("a", "b") }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = storage.Open(path, storage.Options{}); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	if err := s.Update(func(tx chat.Tx) error { return errors.Join(tx.PutSetting("a", "c"), refused) }); !errors.Is(err, refused) {
		t.Errorf("Update: %v", err)
	}
	if err := s.Update(func(tx chat.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
	s.Close()
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed: %v", err)
	}
}
