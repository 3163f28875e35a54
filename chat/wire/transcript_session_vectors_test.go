package wire_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// A journal is a log that a transcript writes: its writer's secret, and the
// chain value at its end.
type journal struct {
	x     *transcript
	log   wire.Log
	owner wire.OwnerSecret
	seq   uint64
	head  wire.ChainValue
}

// journal begins the log of a's device in the conversation of a and b.
func (x *transcript) journal(a, b person) *journal {
	idA, idB := a.id(), b.id()
	conv := wire.DirectConv(idA, idB)
	x.do("2.4", "conversation", "sha256", nil, join("truce-dm/1", ordered(idA, idB, idA[:], idB[:])), conv[:])
	owner, err := run("hkdf-sha256", a.account.Seed(), []byte("truce owner secret v1"))
	if err != nil {
		x.t.Fatal(err)
	}
	x.do("4.4", a.name+"_owner_secret", "hkdf-sha256", a.account.Seed(), []byte("truce owner secret v1"), owner)
	device := wire.Device(a.device.Public().(ed25519.PublicKey))
	x.do("8.2", "sender_uri", "join", nil, join("truce:", idA.String()), []byte(wire.SenderURI(idA)))
	x.do("8.2", "room_uri", "join", nil, join("truce:", toHex(conv[:])), []byte(wire.RoomURI(conv)))
	return &journal{x: x, log: wire.Log{Conv: conv, Account: idA, Device: device}, owner: wire.OwnerSecret(owner)}
}

// write encodes c and appends it. The names of its values begin with "eventN".
func (j *journal) write(c wire.Content) (wire.Event, wire.MessageID) {
	j.seq++
	x, name := j.x, fmt.Sprintf("event%d", j.seq)
	c.Salt[0] = byte(j.seq)
	x.Given.Bytes[name+"_salt"] = toHex(c.Salt[:])
	body, err := c.Encode()
	if err != nil {
		x.t.Fatal(err)
	}
	x.Steps = append(x.Steps, step{Name: name + "_content", Section: "8.3", Do: "cbor", Diagnostic: diagnose(body), Output: toHex(body)})
	id := j.messageID(name, body, c.Salt)

	e := wire.Event{Kind: wire.KindContent, Stamp: x.number(name+"_stamp", vectorTime+j.seq), Prev: j.head, Body: body}
	sum := sha256.Sum256(body)
	x.do("4.3", name+"_body_hash", "sha256", nil, body, sum[:])
	place := join(j.log.Conv[:], j.log.Account[:], j.log.Device[:])
	j.head = e.Chain(j.log, j.seq)
	x.do("4.3", name+"_chain", "sha256", nil, join("truce chain v1", byte(0), place, e.Prev[:], j.seq, byte(e.Kind), e.Stamp, sum[:]), j.head[:])
	e.Owner = j.owner.Tag(j.log, j.seq, j.head)
	x.do("4.4", name+"_owner_tag", "hmac-sha256", j.owner[:], join("truce owner v1", byte(0), place, j.seq, j.head[:]), e.Owner[:])
	x.cbor("4.2", name, e)
	return e, id
}

func (j *journal) messageID(name string, body []byte, salt [16]byte) wire.MessageID {
	x, id := j.x, wire.ID(j.log.Account, j.log.Conv, body, salt)
	sender, room := wire.SenderURI(j.log.Account), wire.RoomURI(j.log.Conv)
	uris := join(byte(0), byte(len(sender)), sender, byte(0), byte(len(room)), room)
	x.do("8.2", name+"_id_hash", "sha256", nil, join(uris, body, salt[:]), id[1:])
	x.do("8.2", name+"_id", "join", nil, join(byte(1), id[1:]), id[:])
	return id
}

// entry says that the log is held to its end.
func (j *journal) entry() wire.Entry {
	return wire.Entry{Log: j.log, Head: j.seq, Chain: j.head.Short()}
}

func (j *journal) mark() wire.Mark { return wire.Mark{Log: j.log, Seq: j.seq} }

func (j *journal) push(first uint64, events ...wire.Event) wire.Push {
	return wire.Push{Type: wire.FramePush, Log: j.log, Seq: first, Events: events}
}

func pushTranscript(t *testing.T) *transcript {
	x := newTranscript(t, "alice sends bob a message and its correction; he acknowledges and reads them")
	a, b := x.person("alice", 0x10), x.person("bob", 0x20)
	j := x.journal(a, b)
	x.frame("6.2", "alice_vector", a.name, wire.Vector{Type: wire.FrameVector})
	x.frame("6.2", "bob_vector", b.name, wire.Vector{Type: wire.FrameVector})

	message, id := j.write(wire.NewText(salt, x.text("event1_text", "Helo, Bob")))
	x.frame("6.3", "push1", a.name, j.push(1, message))
	x.frame("6.4", "ack1", b.name, wire.Ack{Type: wire.FrameAck, Entries: []wire.Entry{j.entry()}})

	edit, _ := j.write(wire.NewEdit(salt, id, x.text("event2_text", "Hello, Bob")))
	x.frame("6.3", "push2", a.name, j.push(2, edit))
	x.frame("6.4", "ack2", b.name, wire.Ack{Type: wire.FrameAck, Entries: []wire.Entry{j.entry()}})
	x.frame("6.6", "read", b.name, wire.Read{Type: wire.FrameRead, Marks: []wire.Mark{j.mark()}})

	// What bob says first in the next session.
	x.frame("6.3", "bob_next_vector", b.name, wire.Vector{
		Type: wire.FrameVector, Entries: []wire.Entry{j.entry()}, Read: []wire.Mark{j.mark()},
	})
	return x
}

// sessionTranscript has what the others do not need.
func sessionTranscript(t *testing.T) *transcript {
	x := newTranscript(t, "what else a session says: a lost disk is found out by want, and all other answers")
	a, b := x.person("alice", 0x10), x.person("bob", 0x20)
	j := x.journal(a, b)
	x.pings("session", a, b)
	x.frame("6.2", "devices", a.name, wire.Devices{Type: wire.FrameDevices, List: a.credential.List})
	x.frame("3.4", "refusal", b.name, wire.Stance{Type: wire.FrameStance, Version: x.number("refusal_version", vectorTime+2), Answers: x.number("refusal_answers", vectorTime)})

	first, id := j.write(wire.NewText(salt, x.text("event1_text", "first")))
	second, _ := j.write(wire.NewDelete(salt, id))
	x.frame("6.3", "push_stub", a.name, j.push(1, stubOf(first), second))
	x.frame("6.3", "bob_vector", b.name, wire.Vector{Type: wire.FrameVector, Entries: []wire.Entry{j.entry()}})
	x.frame("6.5", "want", a.name, wire.Want{Type: wire.FrameWant, Log: j.log, From: 1, To: 2})
	x.frame("6.5", "push_back", b.name, j.push(1, stubOf(first), second))
	x.frame("6.5", "gone_back", b.name, wire.Gone{Type: wire.FrameGone, Log: j.log, From: 1, To: 2})
	x.frame("6.5", "gone", a.name, wire.Gone{Type: wire.FrameGone, Log: j.log, From: 1, To: 2, Chain: j.head})
	x.frame("6.5", "refused", b.name, wire.Refused{Type: wire.FrameRefused, Log: j.log, Seq: 2, Reason: wire.ReasonRule})
	x.frame("6.5", "busy", b.name, wire.Busy{Type: wire.FrameBusy, Log: j.log, Reason: wire.ReasonForked})
	x.frame("6.8", "bye", a.name, wire.Bye{Type: wire.FrameBye, Code: wire.ByeStop})
	return x
}

// bulkTranscript is a bulk stream from its first byte; a token has no length
// before it.
func bulkTranscript(t *testing.T) *transcript {
	x := newTranscript(t, "alice opens a bulk stream of a session with bob; what answers the push goes on the link")
	a, b, h := x.contacts()
	ofA, ofB := x.tokens("pair", h, a, b)
	j := x.journal(a, b)
	first, _ := j.write(wire.NewText(salt, x.text("event1_text", "first")))
	second, _ := j.write(wire.NewText(salt, x.text("event2_text", "second")))
	push := j.push(1, first, second)
	x.frame("6.10", "push", a.name, push)
	stream := wire.AppendFrame(ofA[:], push)
	x.do("6.10", "alice_bulk_stream", "join", nil, stream, stream)
	x.do("6.10", "bob_bulk_stream", "join", nil, ofB[:], ofB[:])
	x.frame("6.10", "ack_on_link", b.name, wire.Ack{Type: wire.FrameAck, Entries: []wire.Entry{j.entry()}})
	return x
}
