package backup_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/truce-im/truce/node/backup"
)

type file struct{ name, content string }

var files = []file{{"data.key", "k"}, {"empty", ""}, {"store.db", strings.Repeat("page", 5000)}}

func write(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := backup.NewWriter(&b)
	for _, f := range files {
		if err := w.AddBytes(f.name, []byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (files []file, err error) {
	err = backup.Read(bytes.NewReader(b), func(name string, size int64, r io.Reader) error {
		content, err := io.ReadAll(r)
		if int64(len(content)) != size && err == nil {
			err = backup.ErrDamaged
		}
		files = append(files, file{name, string(content)})
		return err
	})
	return files, err
}

func TestRoundTrip(t *testing.T) {
	got, err := read(write(t, files))
	if err != nil || len(got) != len(files) {
		t.Fatalf("%d files, %v", len(got), err)
	}
	for i := range got {
		if got[i] != files[i] {
			t.Errorf("%s is read as %s of %d bytes", files[i].name, got[i].name, len(got[i].content))
		}
	}
}

// A backup need not be looked into to be checked.
func TestContentMayBeLeft(t *testing.T) {
	b := write(t, files)
	if err := backup.Read(bytes.NewReader(b), nil); err != nil {
		t.Error(err)
	}
	seen := 0
	err := backup.Read(bytes.NewReader(b), func(string, int64, io.Reader) error { seen++; return nil })
	if err != nil || seen != len(files) {
		t.Errorf("%d files, %v", seen, err)
	}
	stop := errors.New("stop")
	if err := backup.Read(bytes.NewReader(b), func(string, int64, io.Reader) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

// Cut anywhere, longer by a byte, or with any bit changed: not whole.
func TestTorn(t *testing.T) {
	b := write(t, files[:2])
	for n := range b {
		if err := backup.Read(bytes.NewReader(b[:n]), nil); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if err := backup.Read(bytes.NewReader(append(bytes.Clone(b), 0)), nil); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("longer: %v", err)
	}
	for i := range b {
		for bit := range 8 {
			changed := bytes.Clone(b)
			changed[i] ^= 1 << bit
			if err := backup.Read(bytes.NewReader(changed), nil); err == nil {
				t.Errorf("bit %d of byte %d can be changed", bit, i)
			}
		}
	}
	newer := bytes.Replace(b, []byte("v1"), []byte("v2"), 1)
	if err := backup.Read(bytes.NewReader(newer), nil); !errors.Is(err, backup.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, ".hidden", "A", "a b", strings.Repeat("a", backup.MaxName+1)} {
		w := backup.NewWriter(io.Discard)
		if w.AddBytes(name, nil) == nil || w.Close() == nil {
			t.Errorf("%q is a name", name)
		}
	}
}

type liar struct{}

func (liar) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write([]byte("abc"))
	return int64(n), err
}

func TestSizeMustBeRight(t *testing.T) {
	w := backup.NewWriter(io.Discard)
	if w.Add("x", 4, liar{}) == nil || w.Close() == nil {
		t.Error("a wrong size is taken")
	}
}

// full takes n bytes and no more.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriteErrorsAreKept(t *testing.T) {
	whole := len(write(t, files))
	for n := 0; n < whole; n += 11 {
		w := backup.NewWriter(&full{n})
		for _, f := range files {
			w.AddBytes(f.name, []byte(f.content))
		}
		if w.Close() == nil {
			t.Errorf("no error after %d bytes", n)
		}
	}
}

// What is read whole has one spelling; nothing is allocated by its word.
func FuzzRead(f *testing.F) {
	f.Add(write(f, files[:2]))
	f.Add(write(f, nil))
	f.Add([]byte("truce backup v1\n\x01a\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := read(b)
		if err == nil && !bytes.Equal(write(t, files), b) {
			t.Error("it is written otherwise than it was read")
		}
	})
}
