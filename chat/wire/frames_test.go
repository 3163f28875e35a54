package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fxamacker/cbor/v2"

	"github.com/truce-im/truce/chat/wire"
)

// frameVector is a frame of a session. Diagnostic is RFC 8949 §8 notation.
type frameVector struct {
	Comment    string         `json:"comment"`
	Type       wire.FrameType `json:"type"`
	Known      bool           `json:"known"` // else it is read past
	Frame      string         `json:"frame"` // without its length
	Diagnostic string         `json:"diagnostic"`
}

func validFrame(name, comment string, f any) named[frameVector] {
	b := marshal(f)
	kind, err := wire.TypeOf(b)
	if err != nil {
		panic(err)
	}
	d, err := cbor.Diagnose(b)
	if err != nil {
		panic(err)
	}
	_, unknown := f.([]any)
	return named[frameVector]{name, frameVector{comment, kind, !unknown, toHex(b), d}}
}

func validFrames() []named[frameVector] {
	events := vectorEvents()
	chain := events[2].Chain(vectorLog, 3)
	entry := wire.Entry{Log: vectorLog, Head: 3, Chain: chain.Short()}
	mark := wire.Mark{Log: vectorLog, Seq: 2}
	return []named[frameVector]{
		validFrame("stance", "a request with a name and a note", wire.Stance{Type: wire.FrameStance, Version: 1700000000000, Want: true, Name: "Alice", Note: "from the choir", Share: filled(0xa1)}),
		validFrame("stance-refuse", "the refusal of the request above", wire.Stance{Type: wire.FrameStance, Version: 1700000000001, Answers: 1700000000000}),
		validFrame("stance-ack", "", wire.StanceAck{Type: wire.FrameStanceAck, Version: 1700000000000}),
		validFrame("vector", "three events are held, and the first two were read", wire.Vector{Type: wire.FrameVector, Entries: []wire.Entry{entry}, Read: []wire.Mark{mark}}),
		validFrame("vector-empty", "nothing is held", wire.Vector{Type: wire.FrameVector}),
		validFrame("vector-base", "a range that does not begin at 1", wire.Vector{Type: wire.FrameVector, Entries: []wire.Entry{{Log: vectorLog, Base: 2, Head: 3, Chain: chain.Short()}}}),
		validFrame("push", "two events", wire.Push{Type: wire.FramePush, Log: vectorLog, Seq: 1, Events: events[:2]}),
		validFrame("push-stub", "an event whose body was deleted", wire.Push{Type: wire.FramePush, Log: vectorLog, Seq: 2, Events: []wire.Event{stubOf(events[1])}}),
		validFrame("ack", "", wire.Ack{Type: wire.FrameAck, Entries: []wire.Entry{entry}}),
		validFrame("gone", "the first two events are held no more", wire.Gone{Type: wire.FrameGone, Log: vectorLog, From: 1, To: 2, Chain: events[2].Prev}),
		validFrame("refused", "by a rule", wire.Refused{Type: wire.FrameRefused, Log: vectorLog, Seq: 2, Reason: wire.ReasonRule}),
		validFrame("busy", "the disk is full", wire.Busy{Type: wire.FrameBusy, Log: vectorLog, Reason: wire.ReasonDiskFull}),
		validFrame("read", "", wire.Read{Type: wire.FrameRead, Marks: []wire.Mark{mark}}),
		validFrame("ping", "", wire.Ping{Type: wire.FramePing, N: 1}),
		validFrame("pong", "the largest number", wire.Ping{Type: wire.FramePong, N: 1<<64 - 1}),
		validFrame("bye", "the node stops", wire.Bye{Type: wire.FrameBye, Code: wire.ByeStop}),
		validFrame("devices", "", wire.Devices{Type: wire.FrameDevices, List: signedAlice()}),
		validFrame("want", "", wire.Want{Type: wire.FrameWant, Log: vectorLog, From: 4, To: 5}),
		validFrame("ask-picture", "", wire.AskPicture{Type: wire.FrameAskPicture, Hash: filled(0x7c)}),
		validFrame("picture", "its hash is for the asker to check", wire.Picture{Type: wire.FramePicture, Hash: filled(0x7c), File: []byte("\x89PNG")}),
		validFrame("picture-none", "there is no such picture any more", wire.Picture{Type: wire.FramePicture, Hash: filled(0x7c), File: []byte{}}),
		validFrame("unknown", "a type of a later version, with whatever it holds", []any{500, "x", map[string]int{"a": 1}, -1, 1.5}),
		validFrame("signal", "a message is being written", wire.Signal{Type: wire.FrameSignal, Conv: vectorLog.Conv, Kind: wire.SignalTyping}),
		validFrame("presence", "the plain view: alice is there", wire.PresenceFrame{Type: wire.FramePresence, Record: vectorRecord()}),
		validFrame("views", "two secrets, of which one is needed", wire.Views{Type: wire.FrameViews, Shown: []wire.ShownView{{Tag: wire.ViewTag{1}}, {Tag: wire.ViewTag{2}, Needs: true}}}),
		validFrame("hello-again", "a hello in an open session is read past", []any{wire.FrameHello1, []int{1}, []byte{}, []any{}}),
	}
}

// vectorRecord is one of alice's device.
func vectorRecord() []byte {
	a := newParty(0x10)
	return wire.SignPresence(a.device, a.id(), wire.Presence{
		View: wire.ViewPlain, Epoch: vectorTime, Boot: 7, Seq: 1, Time: vectorTime, State: wire.PresenceAvailable,
	})
}

func TestFrameVectors(t *testing.T) {
	runVectors(t, "testdata/frames/valid", validFrames(), func(t *testing.T, v frameVector) {
		b := unhex(t, v.Frame)
		f, err := wire.DecodeFrame(b)
		if err != nil || (f != nil) != v.Known {
			t.Fatalf("%v, %v", f, err)
		}
		if kind, err := wire.TypeOf(b); err != nil || kind != v.Type {
			t.Errorf("type %d, %v", kind, err)
		}
		if f == nil {
			return
		}
		framed := wire.AppendFrame([]byte("before"), f)
		got, err := wire.ReadFrame(bytes.NewReader(framed[len("before"):]), wire.MaxFrame)
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("encodes to %x, %v", got, err)
		}
	})
}

func TestInvalidFrameVectors(t *testing.T) {
	events := vectorEvents()
	stance := wire.Stance{Type: wire.FrameStance, Version: 1, Want: true, Name: "Alice", Share: filled(1)}
	with := func(change func(*wire.Stance)) string {
		s := stance
		change(&s)
		return toHex(marshal(s))
	}
	span := func(from, to uint64) string {
		return toHex(marshal(wire.Gone{Type: wire.FrameGone, Log: vectorLog, From: from, To: to}))
	}
	want := func(from, to uint64) string {
		return toHex(marshal(wire.Want{Type: wire.FrameWant, Log: vectorLog, From: from, To: to}))
	}
	entry := func(base, head uint64) string {
		return toHex(marshal(wire.Ack{Type: wire.FrameAck, Entries: []wire.Entry{{Log: vectorLog, Base: base, Head: head}}}))
	}
	push := func(seq uint64, events ...wire.Event) string {
		return toHex(marshal(wire.Push{Type: wire.FramePush, Log: vectorLog, Seq: seq, Events: events}))
	}
	table := []named[invalidHex]{
		refusal("empty", "cbor", "", "no bytes"),
		refusal("array-empty", "cbor", "80 0d", "an empty array has no type"),
		refusal("array-long", "cbor", "98 18"+strings.Repeat("0d", 24), "24 elements"),
		refusal("map", "cbor", "a1 0d 01", "no array"),
		refusal("type-text", "cbor", "82 61 61 01", "a type that is a text"),
		refusal("type-negative", "cbor", "82 20 01", "a negative type"),
		refusal("type-wide", "cbor", "82 1a 00010000 01", "type 65536"),
		refusal("type-long", "non-canonical", "82 18 0d 01", "a ping whose type takes two bytes"),
		refusal("cut", "cbor", "82 0d", "a ping without its number"),
		refusal("trailing", "cbor", "82 0d 01 00", "one byte after a ping"),
		refusal("fields", "cbor", "83 0d 01 01", "a ping with a field more"),
		refusal("number-long", "non-canonical", "82 0d 18 01", "a ping whose number takes two bytes"),
		refusal("null", "non-canonical", "82 0d f6", "null in the place of a number"),
		refusal("float", "cbor", "82 0d f9 3c00", "1.0 in the place of a number"),
		refusal("indefinite", "cbor", "9f 0d 01 ff", "of indefinite length"),
		refusal("tag", "cbor", "82 0d c2 41 01", "a tag"),
		refusal("unknown-cut", "cbor", "82 19 01f4", "an unknown frame that is cut off"),
		refusal("unknown-deep", "cbor", "82 19 01f4"+strings.Repeat("81", 16)+"00", "an unknown frame that nests 17 deep"),
		refusal("unknown-tag", "cbor", "82 19 01f4 c0 60", "an unknown frame with a tag"),

		refusal("stance-version", "stance", with(func(s *wire.Stance) { s.Version = 0 }), "version 0"),
		refusal("stance-version-wide", "stance", with(func(s *wire.Stance) { s.Version = wire.MaxSeq + 1 }), "a version over 2^53"),
		refusal("stance-answers", "stance", with(func(s *wire.Stance) { s.Answers = wire.MaxSeq + 1 }), "answers a version over 2^53"),
		refusal("stance-no-share", "stance", with(func(s *wire.Stance) { s.Share = [32]byte{} }), "a request without a share"),
		refusal("stance-refuse-name", "stance", with(func(s *wire.Stance) { s.Want, s.Share = false, [32]byte{} }), "a refusal with a name"),
		refusal("stance-refuse-share", "stance", with(func(s *wire.Stance) { s.Want, s.Name = false, "" }), "a refusal with a share"),
		refusal("stance-name", "name-control", with(func(s *wire.Stance) { s.Name = "a\x1bb" }), "a control character in the name"),
		refusal("stance-name-newlines", "name-control", with(func(s *wire.Stance) { s.Name = strings.Repeat("a", 51) + "\n\n\n\nb" }), "56 characters, some of which decoders of base32 skip"),
		refusal("stance-name-utf8", "cbor", strings.Replace(with(func(*wire.Stance) {}), "416c696365", "416c6963ff", 1), "a name that is not UTF-8"),
		refusal("stance-note", "note-length", with(func(s *wire.Stance) { s.Note = strings.Repeat("x", wire.MaxNote+1) }), "1,001 characters"),
		refusal("share-short", "non-canonical", strings.Replace(with(func(*wire.Stance) {}), "5820"+strings.Repeat("01", 32), "581f"+strings.Repeat("01", 31), 1), "a share of 31 bytes"),

		refusal("stance-fields", "cbor", "86 04 01 00 f4 60 60", "a stance without its share"),
		refusal("stance-ack-none", "cbor", "81 05", "no version"),
		refusal("stance-ack-signed", "cbor", "82 05 20", "a negative version"),
		refusal("stance-ack-long", "non-canonical", "82 05 18 01", "a version in two bytes"),
		refusal("vector-fields", "cbor", "82 06 80", "a vector without read marks"),
		refusal("vector-null", "non-canonical", "83 06 f6 80", "null in the place of no entries"),
		refusal("ack-map", "cbor", "82 08 a0", "entries in a map"),
		refusal("busy-none", "cbor", "82 0b 03", "no log"),
		refusal("busy-reason-wide", "cbor", strings.TrimSuffix(toHex(marshal(wire.Busy{Type: wire.FrameBusy, Log: vectorLog})), "00")+"190100", "reason 256"),
		refusal("busy-log", "non-canonical", "83 0b 83 40 40 40 00", "keys of no bytes"),
		refusal("busy-log-null", "non-canonical", "83 0b f6 00", "null in the place of a log"),
		refusal("devices-numbers", "non-canonical", "82 10 82 01 02", "numbers in an array in the place of bytes"),
		refusal("pong-none", "cbor", "81 0e", "no number"),
		refusal("pong-wide", "cbor", "82 0e c2 49 010000000000000000", "2^64"),
		refusal("bye-none", "cbor", "81 0f", "no code"),
		refusal("bye-wide", "cbor", "82 0f 19 0100", "code 256"),
		refusal("want-zero", "seq", want(0, 1), "a span from 0"),
		refusal("want-back", "seq", want(3, 2), "a span that ends before it begins"),
		refusal("want-wide", "seq", want(1, wire.MaxSeq+1), "a span beyond 2^53"),
		refusal("signal-cut", "cbor", "82 12", "a signal that is cut off"),
		refusal("signal-conv", "non-canonical", "83 12 40 01", "a conversation of no bytes"),
		refusal("presence-short", "presence", "82 13 41 00", "a record of one byte"),
		refusal("presence-text", "cbor", "82 13 61 61", "a text in the place of a record"),
		refusal("ask-picture-short", "non-canonical", "82 15 41 00", "a hash of one byte"),
		refusal("picture-short", "non-canonical", "83 16 41 00 40", "a hash of one byte"),
		refusal("picture-none", "cbor", "82 16 5820"+strings.Repeat("00", 32), "no file"),
		refusal("views-tag", "non-canonical", "82 14 81 82 40 f4", "a tag of no bytes"),
		refusal("views-needs", "cbor", "82 14 81 82 50 "+strings.Repeat("00", 16)+" 00", "a number in the place of needs"),

		refusal("push-none", "push", push(1), "no events"),
		refusal("push-zero", "seq", push(0, events[0]), "position 0"),
		refusal("push-wide", "seq", push(wire.MaxSeq+1, events[0]), "a position over 2^53"),
		refusal("push-over", "seq", push(wire.MaxSeq, events[0], events[1]), "the second event is over 2^53"),
		refusal("push-event", "event", push(1, wire.Event{}), "an event of kind 0"),
		refusal("vector-range", "vector", entry(4, 3), "a range that ends before it begins"),
		refusal("vector-head", "vector", entry(0, wire.MaxSeq+1), "a head over 2^53"),
		refusal("span-zero", "seq", span(0, 3), "a span from 0"),
		refusal("span-back", "seq", span(3, 2), "a span that ends before it begins"),
		refusal("span-wide", "seq", span(1, wire.MaxSeq+1), "a span beyond 2^53"),
		refusal("refused-zero", "seq", toHex(marshal(wire.Refused{Type: wire.FrameRefused, Log: vectorLog})), "position 0"),
		refusal("mark-zero", "seq", toHex(marshal(wire.Read{Type: wire.FrameRead, Marks: []wire.Mark{{Log: vectorLog}}})), "a mark at 0"),
		refusal("mark-wide", "seq", toHex(marshal(wire.Vector{Type: wire.FrameVector, Read: []wire.Mark{{Log: vectorLog, Seq: wire.MaxSeq + 1}}})), "a mark over 2^53"),
		refusal("devices-long", "list", toHex(marshal(wire.Devices{Type: wire.FrameDevices, List: make([]byte, wire.MaxList+1)})), "a device list of 4,097 bytes"),
	}
	runVectors(t, "testdata/frames/invalid", table, func(t *testing.T, v invalidHex) {
		f, err := wire.DecodeFrame(unhex(t, v.Input))
		wantClass(t, err, v.Class)
		if f != nil {
			t.Errorf("an error with %+v", f)
		}
	})
}

// TestFrameCaps has what is too long for a file.
func TestFrameCaps(t *testing.T) {
	event := wire.Event{Kind: 1}
	body := event
	body.Body = make([]byte, wire.MaxBody+1)
	for name, tt := range map[string]struct {
		frame any
		class string
	}{
		"entries":      {wire.Vector{Type: wire.FrameVector, Entries: make([]wire.Entry, wire.MaxEntries)}, ""},
		"entries over": {wire.Vector{Type: wire.FrameVector, Entries: make([]wire.Entry, wire.MaxEntries+1)}, "vector"},
		"acks over":    {wire.Ack{Type: wire.FrameAck, Entries: make([]wire.Entry, wire.MaxEntries+1)}, "vector"},
		"marks over":   {wire.Read{Type: wire.FrameRead, Marks: make([]wire.Mark, wire.MaxEntries+1)}, "vector"},
		"read over":    {wire.Vector{Type: wire.FrameVector, Read: make([]wire.Mark, wire.MaxEntries+1)}, "vector"},
		"events":       {wire.Push{Type: wire.FramePush, Seq: 1, Events: repeat(event, wire.MaxEvents)}, ""},
		"events over":  {wire.Push{Type: wire.FramePush, Seq: 1, Events: repeat(event, wire.MaxEvents+1)}, "push"},
		"elements":     {wire.Push{Type: wire.FramePush, Seq: 1, Events: repeat(event, 2049)}, "cbor"},
		"picture over": {wire.Picture{Type: wire.FramePicture, File: make([]byte, wire.MaxAvatar+1)}, "picture"},
		"views over":   {wire.Views{Type: wire.FrameViews, Shown: make([]wire.ShownView, wire.MaxViews+1)}, "cbor"},
		"body over":    {wire.Push{Type: wire.FramePush, Seq: 1, Events: []wire.Event{body}}, "event"},
	} {
		f, err := wire.DecodeFrame(marshal(tt.frame))
		if wire.ErrorClass(err) != tt.class || (f == nil) != (tt.class != "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFramesFit makes sure that what the other caps allow, MaxFrame allows.
func TestFramesFit(t *testing.T) {
	full := wire.Entry{Log: vectorLog, Base: wire.MaxSeq, Head: wire.MaxSeq}
	mark := wire.Mark{Log: vectorLog, Seq: wire.MaxSeq}
	for name, f := range map[string]any{
		"vector": wire.Ack{Type: wire.FrameAck, Entries: repeat(full, wire.MaxEntries)},
		"marks":  wire.Read{Type: wire.FrameRead, Marks: repeat(mark, wire.MaxEntries)},
		"event":  wire.Push{Type: wire.FramePush, Log: vectorLog, Seq: wire.MaxSeq, Events: []wire.Event{{Kind: 255, Stamp: wire.MaxStamp, Body: make([]byte, wire.MaxBody)}}},
	} {
		if n := len(marshal(f)); n > wire.MaxFrame {
			t.Errorf("the longest %s has %d bytes", name, n)
		}
	}
}

func repeat[T any](v T, n int) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = v
	}
	return list
}

func TestReadFrame(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 100_000)
	var stream []byte
	for _, f := range [][]byte{[]byte("one"), {}, long} {
		stream = binary.BigEndian.AppendUint32(stream, uint32(len(f)))
		stream = append(stream, f...)
	}
	for name, r := range map[string]io.Reader{
		"whole":  bytes.NewReader(stream),
		"halved": iotest.HalfReader(bytes.NewReader(stream)),
		"bytes":  iotest.OneByteReader(bytes.NewReader(stream)),
	} {
		for _, want := range [][]byte{[]byte("one"), {}, long} {
			got, err := wire.ReadFrame(r, len(long))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
			}
		}
		if _, err := wire.ReadFrame(r, len(long)); err != io.EOF {
			t.Errorf("%s: at the end %v", name, err)
		}
	}
	for n := 1; n < len(stream); n++ {
		if n > 300 && n < len(stream)-300 {
			continue
		}
		r := bytes.NewReader(stream[:n])
		var err error
		for err == nil {
			_, err = wire.ReadFrame(r, len(long))
		}
		if between := n == 7 || n == 11; (err == io.EOF) != between || !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if _, err := wire.ReadFrame(bytes.NewReader([]byte{0, 0, 1, 1}), 256); err != wire.ErrFrameTooLong {
		t.Errorf("over the cap: %v", err)
	}
	if _, err := wire.ReadFrame(bytes.NewReader([]byte{0xff, 0xff, 0xff, 0xff}), 256); err != wire.ErrFrameTooLong {
		t.Errorf("over the cap: %v", err)
	}
}

// TestReadFrameAllocates checks that memory follows what has arrived, not what
// was announced. Under the race detector everything costs double.
func TestReadFrameAllocates(t *testing.T) {
	announced := binary.BigEndian.AppendUint32(nil, wire.MaxFrame)
	for sent, most := range map[int]uint64{10: 40 << 10, 16<<10 + 10: 120 << 10} {
		stream := append(bytes.Clone(announced), make([]byte, sent)...)
		const runs = 100
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			if _, err := wire.ReadFrame(bytes.NewReader(stream), wire.MaxFrame); err != io.ErrUnexpectedEOF {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) / runs; got > most {
			t.Errorf("%d bytes of %d cost %d bytes of memory", sent, wire.MaxFrame, got)
		}
	}
}

func TestErrors(t *testing.T) {
	_, err := wire.DecodeFrame([]byte{0x82, 0x0d})
	if wrapped := fmt.Errorf("reading: %w", err); wire.ErrorClass(wrapped) != "cbor" {
		t.Errorf("class of %v", wrapped)
	}
	if wire.ErrorClass(io.EOF) != "" || wire.ErrorClass(nil) != "" {
		t.Error("a class of another error")
	}
	var e *wire.Error
	if !errors.As(err, &e) || errors.Unwrap(e) == nil || e.Error() == "" {
		t.Errorf("%#v", err)
	}
}

// TestUnmarshalIsExact tries what a decoder into Go types may let pass.
func TestUnmarshalIsExact(t *testing.T) {
	for name, tt := range map[string]struct {
		into  any
		input string
	}{
		"undefined for null":          {new(wire.RetiredDevice), "82 5820" + strings.Repeat("00", 32) + "f7"},
		"a list for bytes":            {new([2]byte), "82 01 02"},
		"too many bytes":              {new([2]byte), "43 010203"},
		"too few bytes":               {new([2]byte), "41 01"},
		"null for bytes":              {new([]byte), "f6"},
		"null for a list":             {new([]uint16), "f6"},
		"text for bytes":              {new([]byte), "61 61"},
		"bytes for text":              {new(string), "41 61"},
		"a float":                     {new(uint64), "f9 3c00"},
		"a big number":                {new(uint64), "c2 41 01"},
		"a bool for a number":         {new(uint8), "f5"},
		"a number for a bool":         {new(bool), "01"},
		"a map for a struct":          {new(wire.Ping), "a2 64 54797065 0d 61 4e 01"},
		"keys in disorder":            {new(map[string]int), "a2 61 62 01 61 61 01"},
		"a key twice":                 {new(map[string]int), "a2 61 61 01 61 61 01"},
		"a text of indefinite length": {new(string), "7f 61 61 ff"},
	} {
		if err := wire.Unmarshal(unhex(t, unspaced(tt.input)), tt.into); wire.ErrorClass(err) == "" {
			t.Errorf("%s: %v, %v", name, err, reflect.ValueOf(tt.into).Elem())
		}
	}
}
