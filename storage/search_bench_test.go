package storage_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
	"github.com/truce-im/truce/storage/storagetest"
)

// BenchmarkSearch looks through a million messages of 200 bytes: for what none of
// them has, through all; for what many have, until there are 20. The baseline is
// what opening a million sealed rows takes.
func BenchmarkSearch(b *testing.B) {
	s := open(b, storagetest.Million(b), storage.Options{Key: storagetest.Key})
	service, err := chat.New(s, chat.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		want       int
	}{{"all", "Tarantella", 0}, {"newest=20", "AB", 20}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range service.Search(b.Context(), c.text, chat.SearchOptions{}) {
					if n++; err != nil {
						b.Fatal(err)
					}
				}
				if n != c.want {
					b.Fatalf("%q is found %d times", c.text, n)
				}
			}
		})
	}
	b.Run("baseline", func(b *testing.B) { searchBare(b, storagetest.Messages) })
}

// searchBare is the least that a look at sealed rows takes: in bbolt, one bucket
// of values as long as ours, walked by all cores, each value opened in place of
// the one before.
func searchBare(b *testing.B, n int) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30, NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	block, _ := aes.NewCipher(make([]byte, 32))
	aead, _ := cipher.NewGCM(block)
	nonce, plain := make([]byte, 12), make([]byte, 400)
	for at := 0; at < n; at += 1000 {
		err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("rows"))
			for i := range 1000 {
				if err == nil {
					err = bucket.Put(binary.BigEndian.AppendUint64(nil, uint64(at+i)), aead.Seal(nil, nonce, plain, nil))
				}
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		var cores sync.WaitGroup
		parts := runtime.GOMAXPROCS(0)
		for part := range parts {
			cores.Go(func() { openAll(b, db, aead, n*part/parts, n*(part+1)/parts) })
		}
		cores.Wait()
	}
}

func openAll(b *testing.B, db *bbolt.DB, aead cipher.AEAD, from, to int) {
	nonce, buf := make([]byte, 12), make([]byte, 0, 1024)
	err := db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte("rows")).Cursor()
		end := uint64(to)
		for k, v := c.Seek(binary.BigEndian.AppendUint64(nil, uint64(from))); k != nil && binary.BigEndian.Uint64(k) < end; k, v = c.Next() {
			if _, err := aead.Open(buf, nonce, v, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Error(err)
	}
}
