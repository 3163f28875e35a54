package storage_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

var words = strings.Fields(`the of and to in is you that it he was for on are as with his they at be this
	have from or had by hot word but what some we can out other were all there when up use your how said
	lunch garden bicycle tomorrow weather station über größer Zoë café naïve москва 日本`)

// speech makes texts of about 200 bytes.
func speech(d *rand.Rand) string {
	var b strings.Builder
	for b.Len() < 190 {
		b.WriteString(words[d.IntN(len(words))] + " ")
	}
	return b.String()
}

// talk has n messages written to 1,000 conversations; one word stands in the
// first of them alone.
func talk(b *testing.B, s *storage.Store, n int) {
	d, f := rand.New(rand.NewPCG(1, 2)), feeder{convs: 1000}
	for at := 0; at < n; at += 1000 {
		update(b, s, func(tx chat.Tx) error {
			for i := range 1000 {
				e := f.next()
				text := speech(d)
				if at+i == 0 {
					text += "needle"
				}
				body, err := wire.NewText([16]byte{byte(i)}, text).Encode()
				if err != nil {
					return err
				}
				e.Wire.Body = body
				binary.BigEndian.PutUint16(e.Log.Device[:], uint16(f.n%1000))
				if err := tx.Append(&e); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// BenchmarkSearch looks at all messages, for a word that only the oldest has and
// for one that most have, of which the first page is enough.
func BenchmarkSearch(b *testing.B) {
	n := rows()
	path := filepath.Join(b.TempDir(), "store")
	s := open(b, path, storage.Options{})
	talk(b, s, n)
	b.Run("oldest", func(b *testing.B) {
		for b.Loop() {
			if hits := searchFor(b, s, "needle", 1<<30); hits != 1 {
				b.Fatalf("%d hits", hits)
			}
		}
	})
	b.Run("newest", func(b *testing.B) {
		for b.Loop() {
			if searchFor(b, s, "WEATHER", 20) < 20 {
				b.Fatal("too few hits")
			}
		}
	})
	b.Run("baseline", func(b *testing.B) { searchBare(b, n) })
}

func searchFor(b *testing.B, s *storage.Store, text string, enough int) (hits int) {
	p := match.New(text)
	keep := func(body []byte) bool { text, _ := wire.PeekText(body); return p.In(text) }
	for page, err := range s.Scan(context.Background(), wire.ConvID{}, keep) {
		if err != nil {
			b.Fatal(err)
		}
		if hits += len(page.Rows); hits >= enough {
			break
		}
	}
	return hits
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
	nonce, plain := make([]byte, 12), make([]byte, 380)
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
