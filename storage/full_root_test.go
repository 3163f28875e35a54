//go:build root && linux

package storage_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

// TestRootFullDisk fills a small disk by appending, until commits fail, and checks
// that each of them left nothing and that all before are there; then makes room
// and goes on.
func TestRootFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "store")
	s := open(t, path, storage.Options{}.WithTail(50))
	said := map[wire.Log]uint64{}
	fills := func() (failures int) {
		for n := 0; failures < 20; n++ {
			conv := uint64(n % 3)
			var seq uint64
			err := s.Update(func(tx chat.Tx) (err error) { seq, err = appendNext(tx, conv); return err })
			switch {
			case err == nil:
				said[benchLog(conv)] = seq
			case errors.Is(err, syscall.ENOSPC) && errors.Is(err, chat.ErrFailed):
				failures++
				view(t, s, func(r chat.Reader) error {
					if head, err := r.Log(benchLog(conv)); err != nil || head.Head >= seq {
						t.Fatalf("the head is %d after %d failed: %v", head.Head, seq, err)
					}
					return nil
				})
			default:
				t.Fatal(err)
			}
		}
		return failures
	}
	fills()
	if free, err := s.Free(); err != nil || free > 64<<10 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	s.Close()
	checkLogs(t, path, said)

	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=2m"); err != nil {
		t.Fatal(err)
	}
	before := said[benchLog(0)]
	s = open(t, path, storage.Options{}.WithTail(50))
	fills()
	s.Close()
	if said[benchLog(0)] == before {
		t.Error("nothing was written to the room made")
	}
	checkLogs(t, path, said)
}
