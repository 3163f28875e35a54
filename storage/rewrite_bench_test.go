package storage_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/storage"
)

// BenchmarkRewrite rewrites a store of TRUCE_BENCH_ROWS events under a new key.
// The baseline is bbolt's own compaction, which copies pages of rows as they
// are: it opens and seals nothing, makes no index and lets nobody write.
func BenchmarkRewrite(b *testing.B) {
	path := filled(b, 100)
	figures := func(b *testing.B, path string) {
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(rows()*b.N)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64(info.Size())/float64(rows()), "bytes/row")
	}
	b.Run("truce", func(b *testing.B) {
		copied := filepath.Join(b.TempDir(), "store")
		copyFile(b, path, copied)
		s := open(b, copied, storage.Options{})
		for b.Loop() {
			if err := rewrite(s, storage.RewriteOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		figures(b, copied)
	})
	b.Run("baseline", func(b *testing.B) {
		to := filepath.Join(b.TempDir(), "compacted")
		for b.Loop() {
			compactByBolt(b, path, to)
		}
		figures(b, to)
	})
}

func compactByBolt(b *testing.B, from, to string) {
	b.Helper()
	src, err := bbolt.Open(from, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	os.Remove(to)
	dst, err := bbolt.Open(to, 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer dst.Close()
	if err := bbolt.Compact(dst, src, 4<<20); err != nil {
		b.Fatal(err)
	}
}
