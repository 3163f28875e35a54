//go:build unix

package node_test

import (
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
)

// The home is closed to others, whatever the umask and whatever it was before.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	home := filepath.Join(t.TempDir(), "deep", "home")
	start(t, home, "Ann").Close()
	err := filepath.WalkDir(home, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has the mode %o", path, got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
