package storage_test

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
	"github.com/truce-im/truce/storage/storagetest"
)

// feeder makes events of 100 bytes for a number of conversations in turn.
type feeder struct {
	convs int
	n     uint64
}

func (f *feeder) next() chat.Event {
	conv := f.n % uint64(f.convs)
	seq := f.n/uint64(f.convs) + 1
	f.n++
	e := chat.Event{
		Log: benchLog(conv), Seq: seq, Order: 1_700_000_000_000 + f.n, Received: 1_700_000_000_000 + f.n, Listed: true,
		Wire: wire.Event{Kind: wire.KindContent, Stamp: 1_700_000_000_000 + f.n, Body: make([]byte, 100)},
	}
	rand.Read(e.ID[:])
	rand.Read(e.Wire.Prev[:])
	rand.Read(e.Wire.Body)
	return e
}

func benchLog(conv uint64) (l wire.Log) {
	binary.BigEndian.PutUint64(l.Conv[:], conv+1)
	l.Account[0], l.Device[0] = 1, byte(conv)
	return l
}

// write appends a group of events and rewrites the states of their logs.
func (f *feeder) write(tx chat.Tx, group int) error {
	for range group {
		e := f.next()
		if err := tx.Append(&e); err != nil {
			return err
		}
		if err := tx.PutLog(chat.LogState{Log: e.Log, Head: e.Seq, Chain: e.Wire.Prev, Order: e.Order}); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ group, convs int }{{1, 1}, {1, 100}, {128, 1}, {128, 100}} {
		b.Run(fmt.Sprintf("group=%d/convs=%d", c.group, c.convs), func(b *testing.B) {
			s := openNew(b)
			f := feeder{convs: c.convs}
			groups := 0
			for b.Loop() {
				f.feed(b, s, c.group)
				groups++
			}
			b.ReportMetric(float64(groups*c.group)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkBare is what bbolt does at best: one bucket, sequential keys, and
// values of the size of our rows.
func BenchmarkBare(b *testing.B) {
	for _, group := range []int{1, 128} {
		b.Run(fmt.Sprintf("group=%d", group), func(b *testing.B) {
			db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			n, value := uint64(0), make([]byte, 250)
			for b.Loop() {
				err := db.Update(func(tx *bbolt.Tx) error {
					bucket, err := tx.CreateBucketIfNotExists([]byte("rows"))
					for range group {
						n++
						if err == nil {
							err = bucket.Put(binary.BigEndian.AppendUint64(nil, n), value)
						}
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// rows is how many events the benchmarks of reading stand on.
func rows() int {
	if n, err := strconv.Atoi(os.Getenv("TRUCE_BENCH_ROWS")); err == nil {
		return n
	}
	return 100_000
}

func filled(b *testing.B, convs int) (path string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "store")
	s := open(b, path, storage.Options{})
	f := feeder{convs: convs}
	for n := 0; n < rows(); n += 1000 {
		f.feed(b, s, 1000)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// feed has n events written in one update, which may run more than once.
func (f *feeder) feed(t testing.TB, s *storage.Store, n int) {
	begun := *f
	update(t, s, func(tx chat.Tx) error {
		*f = begun
		return f.write(tx, n)
	})
}

func BenchmarkRead(b *testing.B) {
	const convs = 100
	path := filled(b, convs)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			open(b, path, storage.Options{}).Close()
		}
		b.ReportMetric(float64(info.Size())/float64(rows()), "bytes/row")
	})
	s := open(b, path, storage.Options{})
	b.Run("newest=50", func(b *testing.B) {
		for b.Loop() {
			newest(b, s, benchLog(7).Conv, 50)
		}
	})
	b.Run("event", func(b *testing.B) {
		seq := uint64(0)
		for b.Loop() {
			seq = seq*7919%uint64(rows()/convs) + 1
			view(b, s, func(r chat.Reader) error { _, err := r.Event(benchLog(7), seq); return err })
		}
	})
	b.Run("id-miss", func(b *testing.B) {
		for b.Loop() {
			view(b, s, func(r chat.Reader) error {
				var id wire.MessageID
				rand.Read(id[:])
				r.ByID(id)
				return nil
			})
		}
	})
}

// BenchmarkTail is what the length of the tail decides: rows a second in groups
// of 128 over 100 conversations on top of a full store, and the time to open it
// with a tail at its longest. A tail of 1 is none.
func BenchmarkTail(b *testing.B) {
	const convs = 100
	full := filled(b, convs)
	for _, tail := range []int{1, 512, 1024, 2048, 4096, 8192} {
		path := filepath.Join(b.TempDir(), "store")
		copyFile(b, full, path)
		f := feeder{convs: convs, n: uint64(rows())}
		opt := storage.Options{}.WithTail(tail)
		b.Run(fmt.Sprintf("append/tail=%d", tail), func(b *testing.B) {
			s := open(b, path, opt)
			defer s.Close()
			for b.Loop() {
				f.feed(b, s, 128)
			}
			b.ReportMetric(float64(128*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
		s := open(b, path, opt)
		f.feed(b, s, tail+1) // folded
		f.feed(b, s, tail)
		s.Close()
		b.Run(fmt.Sprintf("open/tail=%d", tail), func(b *testing.B) {
			for b.Loop() {
				open(b, path, opt).Close()
			}
		})
	}
}

// BenchmarkUpdates is what many senders get who wait for their own commit each.
func BenchmarkUpdates(b *testing.B) {
	var next, commits atomic.Uint64
	s := open(b, filepath.Join(b.TempDir(), "store"), storage.Options{}.WithCommit(func(tx *bbolt.Tx) error {
		commits.Add(1)
		return tx.Commit()
	}))
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		conv := next.Add(1)
		for pb.Next() {
			update(b, s, func(tx chat.Tx) error { _, err := appendNext(tx, conv); return err })
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.N)/float64(commits.Load()), "rows/commit")
}

// BenchmarkMillion is what a node with a long history does when it starts and
// when a conversation is opened, beside the opening of a store without any.
func BenchmarkMillion(b *testing.B) {
	path := storagetest.Million(b)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	opt := storage.Options{Key: storagetest.Key}
	empty := filepath.Join(b.TempDir(), "empty")
	open(b, empty, opt).Close()
	for _, c := range []struct{ name, path string }{{"million", path}, {"baseline", empty}} {
		b.Run("open/"+c.name, func(b *testing.B) {
			for b.Loop() {
				open(b, c.path, opt).Close()
			}
			before := heapBytes()
			s := open(b, c.path, opt)
			b.ReportMetric(float64(heapBytes()-before)/1024, "heap-KiB")
			s.Close()
		})
	}
	s := open(b, path, opt)
	for _, c := range []struct {
		name    string
		contact int
	}{{"longest", 0}, {"shortest", storagetest.Contacts - 1}} {
		b.Run("newest=50/"+c.name, func(b *testing.B) {
			for b.Loop() {
				newest(b, s, storagetest.Conv(c.contact), 50)
			}
			b.ReportMetric(float64(info.Size())/(1<<20), "file-MiB")
		})
	}
}

// newest reads the newest messages of a conversation.
func newest(t testing.TB, s *storage.Store, conv wire.ConvID, n int) {
	view(t, s, func(r chat.Reader) error {
		for _, err := range r.Before(conv, nil) {
			if n--; err != nil || n == 0 {
				return err
			}
		}
		return nil
	})
}

func heapBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
