package wire_test

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"io"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// bulkVector is what the listening side reads of a bulk stream. In an invalid
// one Class says why it ends: "token"; what DecodeFrame says; "bulk" for what
// does not belong there; "cut" inside a frame, which the session survives.
type bulkVector struct {
	Comment string `json:"comment"`
	Class   string `json:"class,omitempty"`
	Token   string `json:"token"`  // that the other side has to show
	Stream  string `json:"stream"` // all that it sends
	Pushes  int    `json:"pushes"` // that are taken before the end
}

// judge follows PROTOCOL.md §6.10 for the side that listens, which expects
// pushes of one account's log.
func (v bulkVector) judge(t *testing.T, writer wire.Account) (class string, pushes int) {
	r := bytes.NewReader(unhex(t, v.Stream))
	token := make([]byte, 32)
	if _, err := io.ReadFull(r, token); err != nil || !hmac.Equal(token, unhex(t, v.Token)) {
		return "token", 0
	}
	for {
		b, err := wire.ReadFrame(r, wire.MaxFrame)
		if err == io.EOF {
			return "", pushes
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return "cut", pushes
		}
		if err != nil {
			return "bulk", pushes
		}
		f, err := wire.DecodeFrame(b)
		if err != nil {
			return wire.ErrorClass(err), pushes
		}
		if p, ok := f.(*wire.Push); !ok || p.Log.Account != writer {
			return "bulk", pushes
		}
		pushes++
	}
}

func TestBulkVectors(t *testing.T) {
	events := vectorEvents()
	made := goodHello().make("").Made
	one := wire.AppendFrame(nil, wire.Push{Type: wire.FramePush, Log: vectorLog, Seq: 1, Events: events[:2]})
	two := wire.AppendFrame(nil, wire.Push{Type: wire.FramePush, Log: vectorLog, Seq: 3, Events: events[2:]})
	foreign := vectorLog
	foreign.Account = bob.id()
	alien := wire.AppendFrame(nil, wire.Push{Type: wire.FramePush, Log: foreign, Seq: 1, Events: events[:1]})
	ping := wire.AppendFrame(nil, wire.Ping{Type: wire.FramePing, N: 1})
	empty := wire.AppendFrame(nil, wire.Push{Type: wire.FramePush, Log: vectorLog, Seq: 1})

	entry := func(name, class, comment, token string, pushes int, frames ...[]byte) named[bulkVector] {
		return named[bulkVector]{name, bulkVector{comment, class, made.DiallerBulk, token + toHex(bytes.Join(frames, nil)), pushes}}
	}
	spoilt := changed(unhex(t, made.DiallerBulk), -1)
	check := func(t *testing.T, v bulkVector) {
		if class, pushes := v.judge(t, alice.id()); class != v.Class || pushes != v.Pushes {
			t.Errorf("%q after %d pushes", class, pushes)
		}
	}
	runVectors(t, "testdata/bulk/valid", []named[bulkVector]{
		entry("token", "", "a token alone", made.DiallerBulk, 0),
		entry("pushes", "", "two pushes of alice's, in the session of hello/valid/pair", made.DiallerBulk, 2, one, two),
	}, check)
	runVectors(t, "testdata/bulk/invalid", []named[bulkVector]{
		entry("token-changed", "token", "the last bit of the token", toHex(spoilt), 0, one),
		entry("token-reflected", "token", "the token of who listens", made.ListenerBulk, 0, one),
		entry("token-cut", "token", "a token of 31 bytes", made.DiallerBulk[:62], 0),
		entry("token-framed", "token", "the token with a length before it", "00000020"+made.DiallerBulk, 0, one),
		entry("ping", "bulk", "a ping does not belong there", made.DiallerBulk, 1, one, ping),
		entry("unknown", "bulk", "nor does a frame of an unknown type", made.DiallerBulk, 0, wire.AppendFrame(nil, []any{500})),
		entry("foreign", "bulk", "a push of the receiver's own log", made.DiallerBulk, 0, alien),
		entry("none", "push", "a push without events", made.DiallerBulk, 0, empty),
		entry("cut", "cut", "ends inside a push", made.DiallerBulk, 1, one, two[:len(two)-1]),
		entry("long", "bulk", "announces a frame over its cap", made.DiallerBulk, 1, one, []byte{0, 4, 0, 1}),
	}, check)
}
