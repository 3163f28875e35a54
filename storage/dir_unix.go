//go:build linux || darwin || freebsd || dragonfly

package storage

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// syncDir makes the name of a new file as durable as its content.
func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// diskFree returns what the disk of a file has left for us.
func diskFree(path string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}

// release gives up bbolt's lock on a file that it leaves mapped, which keeps
// the lock beyond Close.
func release(f *os.File) {
	unix.Flock(int(f.Fd()), unix.LOCK_UN)
	f.Close()
}
