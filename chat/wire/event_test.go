package wire_test

import (
	"crypto/sha256"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// eventVector is an event in its place, with the chain value and the owner tag
// that follow.
type eventVector struct {
	Comment string `json:"comment"`
	Conv    string `json:"conversation"`
	Account string `json:"account"`
	Device  string `json:"device"`
	Seq     uint64 `json:"seq"`
	Event   string `json:"event"` // CBOR in hex
	Kind    uint8  `json:"kind"`
	Stamp   uint64 `json:"stamp"`
	Prev    string `json:"prev"`
	Stub    bool   `json:"stub"`
	Body    string `json:"body"`
	Chain   string `json:"chain"`
	Short   string `json:"chain_in_vector"`
	Secret  string `json:"owner_secret"`
	Tag     string `json:"owner_tag"`
}

func (v eventVector) log(t *testing.T) wire.Log {
	return wire.Log{Conv: wire.ConvID(unhex32(t, v.Conv)), Account: wire.Account(unhex32(t, v.Account)), Device: wire.Device(unhex32(t, v.Device))}
}

var (
	vectorOwner = wire.OwnerSecret(filled(0x77))
	vectorLog   = wire.Log{
		Conv:    wire.DirectConv(alice.id(), bob.id()),
		Account: alice.id(),
		Device:  alice.list(1).Live[0].Key,
	}
)

func describeEvent(comment string, l wire.Log, seq uint64, e wire.Event) eventVector {
	chain := e.Chain(l, seq)
	short := chain.Short()
	return eventVector{
		Comment: comment, Conv: l.Conv.String(), Account: toHex(l.Account[:]), Device: toHex(l.Device[:]), Seq: seq,
		Event: toHex(marshal(e)), Kind: uint8(e.Kind), Stamp: e.Stamp, Prev: toHex(e.Prev[:]), Stub: e.Stub, Body: toHex(e.Body),
		Chain: toHex(chain[:]), Short: toHex(short[:]), Secret: toHex(vectorOwner[:]), Tag: toHex(e.Owner[:]),
	}
}

// owned is an event with its owner tag.
func owned(seq uint64, e wire.Event) wire.Event {
	e.Owner = vectorOwner.Tag(vectorLog, seq, e.Chain(vectorLog, seq))
	return e
}

// vectorEvents are the first three events of a log.
func vectorEvents() []wire.Event {
	var list []wire.Event
	var prev wire.ChainValue
	for i, text := range []string{"first", "second", "third"} {
		body, err := wire.NewText(salt, text).Encode()
		if err != nil {
			panic(err)
		}
		e := owned(uint64(i+1), wire.Event{Kind: wire.KindContent, Stamp: 1700000000000 + uint64(i), Prev: prev, Body: body})
		prev = e.Chain(vectorLog, uint64(i+1))
		list = append(list, e)
	}
	return list
}

// stubOf is what is left of an event whose body was deleted.
func stubOf(e wire.Event) wire.Event {
	sum := sha256.Sum256(e.Body)
	e.Stub, e.Body = true, sum[:]
	return e
}

func TestEventVectors(t *testing.T) {
	events := vectorEvents()
	table := []named[eventVector]{
		{"first", describeEvent("the first event of a log has no predecessor", vectorLog, 1, events[0])},
		{"second", describeEvent("holds the chain value of the first", vectorLog, 2, events[1])},
		{"third", describeEvent("holds the chain value of the second", vectorLog, 3, events[2])},
		{"stub", describeEvent("the second without its body: chain value and owner tag stay", vectorLog, 2, stubOf(events[1]))},
		{"silent", describeEvent("an empty body of a kind that is not shown", vectorLog, 1, owned(1, wire.Event{Kind: 255}))},
		{"last", describeEvent("the last position and the last time", vectorLog, wire.MaxSeq, owned(wire.MaxSeq, wire.Event{Kind: 1, Stamp: wire.MaxStamp, Prev: events[0].Prev, Body: []byte("x")}))},
	}
	runVectors(t, "testdata/event/valid", table, func(t *testing.T, v eventVector) {
		var e wire.Event
		if err := wire.Unmarshal(unhex(t, v.Event), &e); err != nil {
			t.Fatal(err)
		}
		if err := e.Check(); err != nil {
			t.Error(err)
		}
		l := v.log(t)
		if got := describeEvent(v.Comment, l, v.Seq, e); asJSON(t, got) != asJSON(t, v) {
			t.Errorf("got %s", asJSON(t, got))
		}
		if !wire.OwnerSecret(unhex32(t, v.Secret)).Owns(e.Owner, l, v.Seq, e.Chain(l, v.Seq)) {
			t.Error("the owner tag does not fit")
		}
	})
	if events[1].Chain(vectorLog, 2) != events[2].Prev {
		t.Error("the events are no chain")
	}
}

// TestChainCoversAll changes one thing at a time.
func TestChainCoversAll(t *testing.T) {
	e := vectorEvents()[1]
	base := e.Chain(vectorLog, 2)
	for name, change := range map[string]func(*wire.Event, *wire.Log, *uint64){
		"conversation": func(_ *wire.Event, l *wire.Log, _ *uint64) { l.Conv[0]++ },
		"account":      func(_ *wire.Event, l *wire.Log, _ *uint64) { l.Account[0]++ },
		"device":       func(_ *wire.Event, l *wire.Log, _ *uint64) { l.Device[0]++ },
		"seq":          func(_ *wire.Event, _ *wire.Log, seq *uint64) { *seq++ },
		"kind":         func(e *wire.Event, _ *wire.Log, _ *uint64) { e.Kind++ },
		"stamp":        func(e *wire.Event, _ *wire.Log, _ *uint64) { e.Stamp++ },
		"prev":         func(e *wire.Event, _ *wire.Log, _ *uint64) { e.Prev[0]++ },
		"body":         func(e *wire.Event, _ *wire.Log, _ *uint64) { e.Body = changed(e.Body, 0) },
	} {
		x, l, seq := e, vectorLog, uint64(2)
		change(&x, &l, &seq)
		v := x.Chain(l, seq)
		if v == base {
			t.Errorf("the chain value does not cover the %s", name)
		}
		if vectorOwner.Owns(e.Owner, l, seq, v) {
			t.Errorf("the owner tag does not cover the %s", name)
		}
	}
	stub := stubOf(e)
	if stub.Chain(vectorLog, 2) != base {
		t.Error("a stub has another chain value")
	}
}

// invalidEvent is an event that is refused at its place.
type invalidEvent struct {
	Comment string `json:"comment"`
	Class   string `json:"class"`
	Event   string `json:"event"`
}

func TestInvalidEventVectors(t *testing.T) {
	e := vectorEvents()[0]
	with := func(change func(*wire.Event)) string {
		x := e
		change(&x)
		return toHex(marshal(x))
	}
	encoded := toHex(marshal(e))
	table := []named[invalidEvent]{
		{"stub-short", invalidEvent{"a stub whose hash has 31 bytes", "event", with(func(e *wire.Event) { e.Stub, e.Body = true, make([]byte, 31) })}},
		{"stub-body", invalidEvent{"a stub with a body", "event", with(func(e *wire.Event) { e.Stub = true })}},
		{"kind-zero", invalidEvent{"kind 0", "event", with(func(e *wire.Event) { e.Kind = 0 })}},
		{"stamp", invalidEvent{"a time in the year 10000", "event", with(func(e *wire.Event) { e.Stamp = wire.MaxStamp + 1 })}},
		{"fields", invalidEvent{"five fields", "cbor", "85" + encoded[2:len(encoded)-34]}},
		{"kind-wide", invalidEvent{"kind 256", "cbor", "86190100" + encoded[4:]}},
		{"kind-long", invalidEvent{"kind 1 in two bytes", "non-canonical", "861801" + encoded[4:]}},
		{"tag-short", invalidEvent{"an owner tag of 15 bytes", "non-canonical", encoded[:len(encoded)-34] + "4f" + encoded[len(encoded)-30:]}},
		{"body-null", invalidEvent{"null in the place of a body", "non-canonical", "860100 5820" + toHex(make([]byte, 32)) + "f4 f6 50" + toHex(make([]byte, 16))}},
	}
	for i := range table {
		table[i].vector.Event = unspaced(table[i].vector.Event)
	}
	e.Body = make([]byte, wire.MaxBody+1) // too long for a file
	wantClass(t, e.Check(), "event")
	runVectors(t, "testdata/event/invalid", table, func(t *testing.T, v invalidEvent) {
		var e wire.Event
		err := wire.Unmarshal(unhex(t, v.Event), &e)
		if err == nil {
			err = e.Check()
		}
		wantClass(t, err, v.Class)
	})
}

// ownerVector is an event that comes back from a contact as one's own.
type ownerVector struct {
	Comment string      `json:"comment"`
	Class   string      `json:"class"`
	Event   eventVector `json:"event"`
}

// TestInvalidOwnerVectors has events that a contact must not get past us.
func TestInvalidOwnerVectors(t *testing.T) {
	events := vectorEvents()
	moved := describeEvent("", vectorLog, 2, events[0])
	forged := events[0]
	forged.Body = changed(forged.Body, -1)
	zero := events[0]
	zero.Owner = wire.OwnerTag{}
	other := vectorLog
	other.Device = bob.list(1).Live[0].Key
	table := []named[ownerVector]{
		{"moved", ownerVector{"the first event at the second position", "owner", moved}},
		{"body", ownerVector{"another body", "owner", describeEvent("", vectorLog, 1, forged)}},
		{"zero", ownerVector{"no tag", "owner", describeEvent("", vectorLog, 1, zero)}},
		{"device", ownerVector{"the log of another device", "owner", describeEvent("", other, 1, events[0])}},
	}
	runVectors(t, "testdata/event/owner-invalid", table, func(t *testing.T, v ownerVector) {
		var e wire.Event
		if err := wire.Unmarshal(unhex(t, v.Event.Event), &e); err != nil {
			t.Fatal(err)
		}
		l := v.Event.log(t)
		if wire.OwnerSecret(unhex32(t, v.Event.Secret)).Owns(e.Owner, l, v.Event.Seq, e.Chain(l, v.Event.Seq)) {
			t.Error("taken for our own")
		}
	})
}
