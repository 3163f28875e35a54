package storage

import (
	"sync"
	"time"
)

// freeFor is how long an answer of Free is good: a second of writing at full
// speed is far below what the service keeps free.
const freeFor = time.Second

type freeCache struct {
	mu    sync.Mutex
	asked time.Time
	bytes uint64
}

// DiskFree returns the bytes that are left on the disk of a file, which need
// not be there, while its directory must.
func DiskFree(path string) (uint64, error) { return diskFree(path) }

// Free returns the bytes that the disk has left for the store, as of at most a
// second ago.
func (s *Store) Free() (uint64, error) {
	c := &s.free
	c.mu.Lock()
	defer c.mu.Unlock()
	now := s.opt.Now()
	if age := now.Sub(c.asked); !c.asked.IsZero() && age >= 0 && age < freeFor {
		return c.bytes, nil
	}
	bytes, err := s.opt.hooks.free(s.path)
	if err != nil {
		return 0, err
	}
	c.asked, c.bytes = now, bytes
	return bytes, nil
}
