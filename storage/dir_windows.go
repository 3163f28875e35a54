package storage

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// syncDir does nothing: NTFS keeps names in its own journal.
func syncDir(string) error { return nil }

// diskFree returns what the disk of a file has left for us.
func diskFree(path string) (uint64, error) {
	dir, err := windows.UTF16PtrFromString(filepath.Dir(path))
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(dir, &free, nil, nil)
	return free, err
}

// release gives up a file that bbolt leaves open.
func release(f *os.File) { f.Close() }
