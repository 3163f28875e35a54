package storage_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

func populated(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store")
	s := open(t, path, storage.Options{}.WithTail(10))
	if err := populate(s, 7); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenMakesAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	first := open(t, path, storage.Options{}).Generation()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if second := openNew(t).Generation(); len(first) != 16 || first == second {
		t.Errorf("generations %q, %q", first, second)
	}
}

func TestGenerationStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path, storage.Options{})
	s.Close()
	if again := open(t, path, storage.Options{}).Generation(); again != s.Generation() {
		t.Errorf("%q became %q", s.Generation(), again)
	}
}

// TestLeftoverDraft: a crash while the first store was made leaves a draft.
func TestLeftoverDraft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(path+".new", []byte("half a store"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, path, storage.Options{})
	if _, err := os.Stat(path + ".new"); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		key   [32]byte
		want  error
	}{
		"wrong key": {key: [32]byte{9}, want: storage.ErrWrongKey},
		"newer schema": {key: key, want: storage.ErrNewerSchema, spoil: func(t *testing.T, path string) {
			raw(t, path, func(tx *bbolt.Tx) error {
				return tx.Bucket([]byte("meta")).Put([]byte("schema"), binary.BigEndian.AppendUint32(nil, storage.SchemaVersion()+1))
			})
		}},
		"another program's": {key: key, want: storage.ErrCorrupt, spoil: func(t *testing.T, path string) {
			os.Remove(path)
			raw(t, path, func(tx *bbolt.Tx) error {
				_, err := tx.CreateBucket([]byte("theirs"))
				return err
			})
		}},
		"text": {key: key, want: storage.ErrCorrupt, spoil: func(t *testing.T, path string) {
			os.WriteFile(path, []byte("dear diary"), 0o600)
		}},
		"noise": {key: key, want: storage.ErrCorrupt, spoil: func(t *testing.T, path string) {
			os.WriteFile(path, bytes.Repeat([]byte{0xa5, 1, 0xff}, 20_000), 0o600)
		}},
		"cut in half": {key: key, want: storage.ErrCorrupt, spoil: func(t *testing.T, path string) {
			var used int64
			raw(t, path, func(tx *bbolt.Tx) error { used = tx.Size(); return nil })
			os.Truncate(path, used/2)
		}},
		"cut to the head": {key: key, want: storage.ErrCorrupt, spoil: func(t *testing.T, path string) { os.Truncate(path, 8192) }},
		"a bucket is gone": {key: key, want: storage.ErrCorrupt, spoil: func(t *testing.T, path string) {
			raw(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("journal")) })
		}},
		"the end of the journal is gone": {key: key, want: storage.ErrCorrupt, spoil: func(t *testing.T, path string) {
			raw(t, path, func(tx *bbolt.Tx) error {
				c := tx.Bucket([]byte("journal")).Cursor()
				for range 20 {
					c.Last()
					if err := c.Delete(); err != nil {
						return err
					}
				}
				return nil
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := populated(t)
			if c.spoil != nil {
				c.spoil(t, path)
			}
			before, _ := os.ReadFile(path)
			s, err := storage.Open(path, storage.Options{Key: c.key})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%v, should be %v", err, c.want)
			}
			if err != nil && strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("more than a line: %q", err)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file has changed")
			}
		})
	}
}

func TestNewerSchemaIsTold(t *testing.T) {
	path := populated(t)
	raw(t, path, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), binary.BigEndian.AppendUint32(nil, 77))
	})
	_, err := storage.Open(path, storage.Options{Key: key})
	want := fmt.Sprintf("this home was written by a newer truce (schema 77); this program knows up to %d", storage.SchemaVersion())
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestSecondOpeningIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	open(t, path, storage.Options{})
	if _, err := storage.Open(path, storage.Options{Key: key}); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("%v", err)
	}
}

// TestDamageNeverPanics: pages are overwritten with noise; whatever is read
// from the file is right or an error.
func TestDamageNeverPanics(t *testing.T) {
	path := populated(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw(t, path, func(tx *bbolt.Tx) error { whole = whole[:tx.Size()]; return nil })
	rng := rand.New(rand.NewPCG(1, 13)) // 13 once gave a row that ends outside the file
	refused := 0
	for range 150 {
		b := bytes.Clone(whole)
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(b) - 64)
			if rng.IntN(2) == 0 {
				at = at / 4096 * 4096 // a page's header
			}
			for i := range 1 + rng.IntN(40) {
				b[at+i] = byte(rng.Uint32())
			}
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := storage.Open(path, storage.Options{Key: key})
		if err != nil {
			if refused++; errors.Is(err, storage.ErrLocked) {
				t.Fatal(err)
			}
			continue
		}
		s.View(func(r chat.Reader) error { touch(r); return nil })
		s.Update(func(tx chat.Tx) error { return tx.PutSetting("x", "y") })
		s.Close()
	}
	t.Logf("%d of 150 refused at once", refused)
}

// touch reads whatever it can.
func touch(r chat.Reader) {
	d := dice{rand.New(rand.NewPCG(1, 2))}
	collect(r.Journal(0))
	collect(r.Contacts())
	for range 200 {
		d.read(r)
	}
}

func TestFree(t *testing.T) {
	now := time.Unix(1000, 0)
	s := open(t, filepath.Join(t.TempDir(), "store"), storage.Options{Now: func() time.Time { return now }})
	first, err := s.Free()
	if err != nil || first == 0 {
		t.Errorf("%d, %v", first, err)
	}
	now = now.Add(2 * time.Second)
	if _, err := s.Free(); err != nil {
		t.Error(err)
	}
}
