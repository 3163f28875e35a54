//go:build root && linux

package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

// TestRootRewriteOnFullDisk rewrites on a small disk: one that has too little
// room from the start, one that somebody fills meanwhile, and one without a byte
// left in the midst of a step. Nothing changes, and with room it is done.
func TestRootRewriteOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path, ballast := filepath.Join(dir, "store"), filepath.Join(dir, "ballast")
	var fillAt, steps int
	var blind bool
	opt := storage.Options{}.WithRewrite(100, func(string) error {
		if steps++; steps == fillAt {
			occupy(t, ballast, 1<<30)
		}
		return nil
	})
	s := open(t, path, opt.WithFree(func() uint64 {
		if blind {
			return 1 << 40
		}
		var st syscall.Statfs_t
		if err := syscall.Statfs(dir, &st); err != nil {
			t.Error(err)
		}
		return st.Bavail * uint64(st.Bsize)
	}))
	f := feeder{convs: 3}
	f.feed(t, s, 5000)
	want := dumped(t, s)
	attempt := func(what string, wantErr error) {
		t.Helper()
		steps = 0
		if err := rewrite(s, storage.RewriteOptions{}); !errors.Is(err, wantErr) {
			t.Errorf("%s: %v", what, err)
		}
		if got := dumped(t, s); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: it is another store", what)
		}
		if _, err := os.Stat(path + ".rewrite"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the draft is left", what)
		}
		os.Remove(ballast)
	}
	occupy(t, ballast, 14<<20)
	attempt("no room from the start", chat.ErrFailed)
	fillAt = 10
	attempt("filled meanwhile", chat.ErrFailed)
	blind = true
	attempt("not a byte left", syscall.ENOSPC)
	fillAt = 0
	attempt("with room", nil)
}

// occupy makes a file of so many bytes, or as many as the disk takes.
func occupy(t *testing.T, path string, size int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<16); size > 0; size -= len(block) {
		if _, err := f.Write(block); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			return
		}
	}
}
