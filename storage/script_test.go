package storage_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

var errScript = errors.New("the update changed its mind")

// script is an update that depends on nothing but its seed and what it reads.
type script struct {
	name string
	seed uint64
}

// run notes its name, then does a few random things. It returns what it read.
func (s script) run(tx chat.Tx) (answers []string, err error) {
	d := dice{rand.New(rand.NewPCG(s.seed, 1))}
	if err := tx.Note(chat.Change{Kind: chat.ChangeSetting, Name: s.name}); err != nil {
		return nil, err
	}
	for range d.IntN(12) {
		if err := d.write(tx); err != nil {
			return nil, err
		}
		if d.IntN(3) == 0 {
			answers = append(answers, d.read(tx))
		}
	}
	if d.IntN(6) == 0 {
		return nil, errScript
	}
	return answers, nil
}

// dice makes random things out of a small world, so that they meet.
type dice struct{ *rand.Rand }

func (d dice) conv() (c wire.ConvID) { c[0] = byte(1 + d.IntN(3)); return c }

func (d dice) account() (a wire.Account) { a[31] = byte(1 + d.IntN(4)); return a }

// log has a device of one account only, and devices do not come in order.
func (d dice) log() (l wire.Log) {
	l.Conv, l.Account = d.conv(), d.account()
	l.Device[0], l.Device[30] = byte(d.IntN(2)), 100-l.Account[31]
	return l
}

// id is one of few that share much.
func (d dice) id() (id wire.MessageID) {
	if d.IntN(8) == 0 {
		return id
	}
	id[0], id[3], id[8], id[20] = byte(d.IntN(2))<<4, byte(d.IntN(3)), byte(1+d.IntN(4)), byte(d.IntN(200))
	return id
}

func (d dice) position() *chat.Position {
	if d.IntN(4) == 0 {
		return nil
	}
	return &chat.Position{Order: uint64(d.IntN(30)), Device: d.log().Device, Seq: uint64(d.IntN(20))}
}

func (d dice) key() string { return fmt.Sprint("key", d.IntN(20)) }

func (d dice) write(tx chat.Tx) error {
	switch d.IntN(12) {
	case 0:
		return tx.PutSelf(fill[chat.Self](d))
	case 1:
		return tx.PutSetting(d.key(), fill[string](d))
	case 2:
		c := fill[chat.Contact](d)
		c.Account = d.account()
		return tx.PutContact(c)
	case 3:
		l := fill[chat.LogState](d)
		l.Log, l.Head = d.log(), 0
		old, err := tx.Log(l.Log)
		l.Head = old.Head
		return errors.Join(err, tx.PutLog(l))
	case 4:
		c := fill[chat.Conv](d)
		c.ID = d.conv()
		return tx.PutConv(c)
	case 5:
		return tx.PutFold(d.fold())
	case 6:
		return tx.PutDone(d.key(), fill[chat.Done](d))
	case 7:
		if d.IntN(2) == 0 {
			return tx.ForgetDone(d.Uint64N(1000))
		}
		a := d.account()
		if _, err := tx.Contact(a); err != nil {
			return nil // peers of others are not kept for long
		}
		switch d.IntN(3) {
		case 0:
			c := fill[chat.Card](d)
			c.Account = a
			return tx.PutCard(c)
		case 1:
			return tx.PutPicture(a, fill[[]byte](d))
		}
		return tx.PutPeers(a, fill[[]chat.Peer](d))
	case 8:
		return tx.Note(d.note())
	case 9:
		if d.IntN(3) == 0 {
			return d.move(tx)
		}
		return d.rewrite(tx)
	default:
		return d.append(tx)
	}
}

func (d dice) append(tx chat.Tx) error {
	l := d.log()
	for range 1 + d.IntN(4) {
		head, err := tx.Log(l)
		if err != nil {
			return err
		}
		e := fill[chat.Event](d)
		e.Log, e.Seq, e.ID, e.Order = l, head.Head+1, d.id(), uint64(d.IntN(30))
		if err := tx.Append(&e); err != nil {
			return err
		}
		if e.Cursor != tx.Cursor() {
			return fmt.Errorf("appended as %d, the cursor is %d", e.Cursor, tx.Cursor())
		}
		head.Head = e.Seq
		if err := tx.PutLog(head); err != nil {
			return err
		}
	}
	return nil
}

func (d dice) rewrite(tx chat.Tx) error {
	e := fill[chat.Event](d)
	e.Log, e.Seq = d.log(), uint64(1+d.IntN(6))
	err := tx.Rewrite(e)
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	return err
}

// move takes the newest event of one log to the end of another.
func (d dice) move(tx chat.Tx) error {
	from, err := tx.Log(d.log())
	if err != nil {
		return err
	}
	to, err := tx.Log(d.log())
	if err != nil || from.Head == 0 || from.Log == to.Log {
		return err
	}
	e, err := tx.Event(from.Log, from.Head)
	if err != nil {
		return err
	}
	ref := chat.Ref{Log: from.Log, Seq: from.Head}
	from.Head--
	to.Head++
	e.Log, e.Seq, e.Order = to.Log, to.Head, uint64(d.IntN(30))
	return errors.Join(tx.Move(ref, e), tx.PutLog(from), tx.PutLog(to))
}

func (d dice) note() chat.Change {
	c := fill[chat.Change](d)
	c.Kind, c.Event = chat.ChangeKind(2+d.IntN(6)), nil
	if c.Log = d.log(); d.IntN(2) == 0 {
		c.Log = wire.Log{}
	}
	return c
}

func (d dice) fold() chat.Fold {
	f := fill[chat.Fold](d)
	f.Conv, f.Target = d.conv(), d.id()
	for i := range f.Edits {
		f.Edits[i].Event.Log = d.log()
	}
	return f
}

// fill makes a value with random bytes everywhere; lists may be nil, never empty.
func fill[T any](d dice) (x T) {
	d.fill(reflect.ValueOf(&x).Elem())
	return x
}

func (d dice) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "_" {
				d.fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		if d.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			d.fill(v.Elem())
		}
	case reflect.Slice:
		if n := d.IntN(3); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			d.fill(v.Index(i))
		}
	case reflect.String:
		v.SetString(fmt.Sprint("text", d.IntN(50)))
	case reflect.Bool:
		v.SetBool(d.IntN(2) == 0)
	case reflect.Int:
		v.SetInt(d.Int64N(1 << 16))
	case reflect.Uint8:
		v.SetUint(d.Uint64N(1 << 8))
	default:
		v.SetUint(d.Uint64N(1000))
	}
}

// read does one random look-up and tells what came of it.
func (d dice) read(r chat.Reader) string {
	switch d.IntN(14) {
	case 0:
		return tell(r.Self())
	case 12:
		logs, err := r.Logs(d.conv())
		slices.SortFunc(logs, byDevice) // their order is not promised
		return tell(logs, err)
	case 1:
		return tell(r.Setting(d.key()))
	case 2:
		return tell(r.Contact(d.account()))
	case 3:
		return tell(r.Log(d.log()))
	case 4:
		return tell(r.Conv(d.conv()))
	case 5:
		return tell(r.Event(d.log(), uint64(1+d.IntN(6))))
	case 6:
		return tell(collect(r.Events(d.log(), uint64(d.IntN(6)))))
	case 7:
		return tell(r.ByID(d.id()))
	case 8:
		id := d.id()
		return tell(r.ByPrefix(hex.EncodeToString(id[:])[:d.IntN(65)], 1+d.IntN(4)))
	case 9:
		return tell(collect(r.Before(d.conv(), d.position())))
	case 10:
		return tell(collect(r.After(d.conv(), d.position())))
	case 11:
		return tell(r.Fold(d.conv(), d.id()))
	default:
		return tell(r.Done(d.key()))
	}
}

func byDevice(a, b chat.LogState) int { return bytes.Compare(a.Log.Device[:], b.Log.Device[:]) }

func tell(x any, err error) string {
	if errors.Is(err, chat.ErrNotFound) {
		return "not found"
	}
	return fmt.Sprintf("%s %v", plain(x), err)
}

func collect[T any](seq iter.Seq2[T, error]) (list []T, err error) {
	for x, err := range seq {
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// plain prints x with what its pointers point to.
func plain(x any) string {
	switch x := x.(type) {
	case chat.Event:
		r := "nil"
		if x.Refused != nil {
			r = fmt.Sprint(*x.Refused)
		}
		x.Refused = nil
		return fmt.Sprintf("%+v refused %s", x, r)
	case []chat.Event:
		s := ""
		for _, e := range x {
			s += plain(e) + "\n"
		}
		return s
	case chat.Contact:
		s := ""
		for _, p := range []*wire.Secret{(*wire.Secret)(x.Reach), x.AskedBy, x.AskedOf, x.Pair} {
			if p == nil {
				p = &wire.Secret{}
			}
			s += fmt.Sprint(*p)
		}
		x.Reach, x.AskedBy, x.AskedOf, x.Pair = nil, nil, nil, nil
		return fmt.Sprintf("%+v %s", x, s)
	}
	return fmt.Sprintf("%+v", x)
}

// dump reads everything there is.
func dump(t *testing.T, r chat.Reader, seed uint64) map[string]any {
	d := dice{rand.New(rand.NewPCG(seed, 2))}
	out := map[string]any{"cursor": r.Cursor()}
	add := func(what string, x any, err error) {
		t.Helper()
		if errors.Is(err, chat.ErrNotFound) {
			x = "not found"
		} else if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		out[what] = x
	}
	journal, err := collect(r.Journal(0))
	add("journal", journal, err)
	self, err := r.Self()
	add("self", self, err)
	contacts, err := collect(r.Contacts())
	add("contacts", contacts, err)
	for i := range 20 {
		k := fmt.Sprint("key", i)
		v, err := r.Setting(k)
		add("setting "+k, v, err)
		done, err := r.Done(k)
		add("done "+k, done, err)
	}
	for c := range byte(4) {
		conv := wire.ConvID{c}
		x, err := r.Conv(conv)
		add(fmt.Sprint("conv ", c), x, err)
		p, q := d.position(), d.position()
		before, err := collect(r.Before(conv, p))
		add(fmt.Sprint("history of ", c, " before ", p), before, err)
		after, err := collect(r.After(conv, q))
		add(fmt.Sprint("history of ", c, " after ", q), after, err)
		logs, err := r.Logs(conv)
		slices.SortFunc(logs, byDevice)
		add(fmt.Sprint("logs of ", c), logs, err)
		for _, s := range logs {
			events, err := collect(r.Events(s.Log, d.Uint64N(4)))
			add(fmt.Sprintf("events of %v", s.Log), events, err)
		}
	}
	for a := range byte(5) {
		account := wire.Account{31: a}
		peers, err := r.Peers(account)
		add(fmt.Sprint("peers ", a), peers, err)
		card, err := r.Card(account)
		add(fmt.Sprint("card ", a), card, err)
		has, err := r.HasPicture(account)
		add(fmt.Sprint("has picture ", a), has, err)
		picture, err := r.Picture(account)
		add(fmt.Sprint("picture ", a), picture, err)
		contact, err := r.Contact(account)
		add(fmt.Sprint("contact ", a), contact, err)
	}
	for i := range 60 {
		id, conv := d.id(), d.conv()
		e, err := r.ByID(id)
		add(fmt.Sprint("id ", id), e, err)
		prefix := id.String()[:d.IntN(65)]
		list, err := r.ByPrefix(prefix, 1+d.IntN(70))
		add(fmt.Sprint("prefix ", prefix, i), list, err)
		f, err := r.Fold(conv, id)
		add(fmt.Sprint("fold ", conv, id), f, err)
	}
	return out
}
