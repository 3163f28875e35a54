// Package storagetest makes stores for tests and benchmarks. It is no part of
// the program.
package storagetest

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

// Messages, Contacts and TextSize say what Million makes: a million messages of
// 200 bytes in a thousand conversations.
const (
	Messages = 1_000_000
	Contacts = 1_000
	TextSize = 200
)

// Key is the data key of the stores made here.
var Key = [32]byte{1}

// version is part of the name under which a store is kept: it changes with what
// Million makes.
const version = "1"

// Million returns the path of a copy of its own, for tb to open and to change,
// of a store with an account that has a million messages. The store is made
// once, in half a minute, and kept in the user's cache directory.
func Million(tb testing.TB) (path string) {
	tb.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		tb.Skip("there is no place to keep a big store: ", err)
	}
	kept := filepath.Join(cache, "truce-bench", "million-"+version+".db")
	if _, err := os.Stat(kept); err != nil {
		if err := build(kept, Messages); err != nil {
			tb.Fatal(err)
		}
	}
	path = filepath.Join(tb.TempDir(), "store.db")
	if err := copyFile(kept, path); err != nil {
		tb.Fatal(err)
	}
	return path
}

// build makes a store under another name first, so that one that stands is whole.
func build(path string, messages int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "draft")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	draft := filepath.Join(dir, "store.db")
	s, err := storage.Open(draft, storage.Options{Key: Key})
	if err != nil {
		return err
	}
	err = Fill(s, Contacts, messages)
	if closeErr := s.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(draft, path)
	}
	return err
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Begin is the time of the first message that Fill writes, in unix
// milliseconds; the others follow at intervals of a second.
var Begin = uint64(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())

// Fill writes an account into an empty store, with contacts, and messages of
// TextSize bytes to and from them. Which contact a message belongs to is skewed:
// the first has about a tenth of all. It makes the same messages each time.
func Fill(s chat.Store, contacts, messages int) error {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	if err := chat.Create(s, key, "Ann", time.UnixMilli(int64(Begin))); err != nil {
		return err
	}
	f := newFiller(contacts)
	err := s.Update(func(tx chat.Tx) error {
		self, err := tx.Self()
		if err != nil {
			return err
		}
		f.me, f.device = self.Account, wire.Device(ed25519.NewKeyFromSeed(self.Device[:]).Public().(ed25519.PublicKey))
		return f.meet(tx)
	})
	const group = 4096
	for n := 0; n < messages && err == nil; n += group {
		begun := f.state()
		err = s.Update(func(tx chat.Tx) error {
			f.restore(begun)
			return f.write(tx, min(group, messages-n))
		})
	}
	return err
}

// Contact is the account of contact i of Fill, counted from 0.
func Contact(i int) (a wire.Account) {
	binary.BigEndian.PutUint32(a[:], uint32(i)+1)
	a[31] = 1
	return a
}

// Conv is the conversation with contact i.
func Conv(i int) wire.ConvID {
	me := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	return wire.DirectConv(wire.Account(me), Contact(i))
}

type filler struct {
	me     wire.Account
	device wire.Device
	source *rand.PCG
	who    *rand.Zipf
	word   *rand.Zipf
	words  []string
	convs  []wire.ConvID
	n      uint64
	text   strings.Builder
}

func newFiller(contacts int) *filler {
	f := &filler{source: rand.NewPCG(1, 2)}
	r := rand.New(f.source)
	f.who = rand.NewZipf(r, 1.2, 10, uint64(contacts-1))
	f.words = vocabulary(r)
	f.word = rand.NewZipf(r, 1.1, 5, uint64(len(f.words)-1))
	for i := range contacts {
		f.convs = append(f.convs, Conv(i))
	}
	return f
}

// vocabulary is what people write with: words of two to ten letters.
func vocabulary(r *rand.Rand) (words []string) {
	for range 20_000 {
		w := make([]byte, 2+r.IntN(9))
		for i := range w {
			w[i] = byte('a' + r.IntN(26))
		}
		words = append(words, string(w))
	}
	return words
}

// position is what a transaction that runs again goes back to.
type position struct {
	n      uint64
	source rand.PCG
}

func (f *filler) state() position    { return position{f.n, *f.source} }
func (f *filler) restore(p position) { f.n, *f.source = p.n, p.source }

// meet writes the contacts.
func (f *filler) meet(tx chat.Tx) error {
	want := chat.Stance{Version: 1, Want: true, Time: Begin}
	for i, conv := range f.convs {
		c := chat.Contact{
			Account: Contact(i), Name: fmt.Sprintf("contact %d", i), Mine: want, Theirs: want, MineAcked: 1,
			Pair: &wire.Secret{byte(i), byte(i >> 8)}, Created: Begin,
		}
		if err := tx.PutContact(c); err != nil {
			return err
		}
		if err := tx.PutConv(chat.Conv{ID: conv, Peer: c.Account}); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) write(tx chat.Tx, n int) error {
	for range n {
		i := int(f.who.Uint64())
		l := wire.Log{Conv: f.convs[i], Account: f.me, Device: f.device}
		if f.source.Uint64()&1 == 0 {
			l.Account = Contact(i)
			l.Device = wire.Device(l.Account)
		}
		if err := f.message(tx, l); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) message(tx chat.Tx, l wire.Log) error {
	st, err := tx.Log(l)
	if err != nil {
		return err
	}
	f.n++
	now := Begin + f.n*1000
	c := wire.NewText(f.salt(), f.sentence())
	body, err := c.Encode()
	if err != nil {
		return err
	}
	e := chat.Event{
		Log: l, Seq: st.Head + 1, ID: wire.ID(l.Account, l.Conv, body, c.Salt), Order: now, Received: now, Listed: true,
		Wire: wire.Event{Kind: wire.KindContent, Stamp: now, Prev: st.Chain, Body: body},
	}
	if err := tx.Append(&e); err != nil {
		return err
	}
	st.Head, st.Chain, st.Order = e.Seq, e.Wire.Chain(l, e.Seq), now
	st.Delivered, st.Read = st.Head, st.Head
	return tx.PutLog(st)
}

func (f *filler) salt() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:], f.source.Uint64())
	binary.BigEndian.PutUint64(b[8:], f.source.Uint64())
	return b
}

// sentence is a text of TextSize bytes.
func (f *filler) sentence() string {
	f.text.Reset()
	for f.text.Len() < TextSize {
		f.text.WriteString(f.words[f.word.Uint64()])
		f.text.WriteByte(' ')
	}
	return f.text.String()[:TextSize]
}
