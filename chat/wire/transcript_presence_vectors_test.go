package wire_test

import (
	"crypto/sha256"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// presenceTranscript has alice hand bob the secret of her full view, show him
// hers of a friend's view, and say how she is; bob asks for her picture, and seals
// her record for the topic.
func presenceTranscript(t *testing.T) *transcript {
	x := newTranscript(t, "alice lets bob follow her presence, and he passes it on")
	a, b, h := x.contacts()
	ofA, _ := x.tokens("pair", h, a, b)
	epoch, id := x.number("epoch", vectorTime), a.id()

	j := x.journal(a, b)
	secret := j.owner.ViewSecret(wire.ViewFull, epoch)
	x.do("13.2", "view_secret", "hkdf-sha256", j.owner[:], join("truce view v1", byte(0), byte(wire.ViewFull), epoch), secret[:])
	grant := wire.Grant{Epoch: epoch, Secret: secret}
	salt := filled(0x5a)
	grant.Salt = [16]byte(salt[:16])
	x.secret("grant_salt", salt)
	x.cbor("13.2", "grant", grant)

	view := wire.ViewSecret(filled(0xf1))
	x.secret("friends_view_secret", filled(0xf1))
	key := x.derive("friends_tag_key", view, "truce view tag v1")
	tag := view.Tag(ofA)
	x.do("13.4", "friends_tag", "hmac-sha256", key, ofA[:], tag[:])
	x.frame("13.4", "views", a.name, wire.Views{Type: wire.FrameViews, Shown: []wire.ShownView{{Tag: tag, Needs: true}}})

	p := wire.Presence{
		View: wire.ViewFull, Epoch: epoch, Boot: 7, Seq: 1, Time: x.number("time", vectorTime+1),
		State: wire.PresenceBusy, Text: x.text("status", "in a meeting"), Caps: []string{"typing"},
	}
	state := x.cbor("13.1", "state", p)
	record := wire.SignPresence(a.device, id, p)
	padded := join(byte(0), byte(len(state)), state, make([]byte, len(record)-96-2-len(state)))
	x.do("13.1", "padded", "join", nil, padded, padded)
	device := record[:32]
	x.do("13.1", "signature", "ed25519-sign", a.device.Seed(), join("truce presence v1", byte(0), id[:], device, padded), record[32:96])
	x.do("13.1", "record", "join", nil, join(device, record[32:96], padded), record)
	x.frame("13.3", "presence", a.name, wire.PresenceFrame{Type: wire.FramePresence, Record: record})

	file := x.secret("picture", filled(0x6b)) // not a good likeness
	hash := sha256.Sum256(file)
	x.do("13.5", "avatar", "sha256", nil, file, hash[:])
	x.frame("13.5", "ask_picture", b.name, wire.AskPicture{Type: wire.FrameAskPicture, Hash: hash})
	x.frame("13.5", "picture_frame", a.name, wire.Picture{Type: wire.FramePicture, Hash: hash, File: file})

	topic := x.derive("topic", secret, "truce view topic v1")
	x.text("topic_name", secret.Topic())
	if len(topic) != 32 || len(secret.Topic()) != 52 {
		t.Error("a topic has another length")
	}
	sealed := secret.Seal(record)
	nonce := x.derive("nonce_key", secret, "truce view nonce v1")
	x.do("13.4", "nonce", "hmac-sha256", nonce, record, sealed[:12])
	x.do("13.4", "sealed", "aes-256-gcm", x.derive("sealing_key", secret, "truce view key v1"), join(sealed[:12], record), sealed)
	return x
}

// derive is derive(secret, label) of §1.
func (x *transcript) derive(name string, s wire.ViewSecret, label string) []byte {
	key := wire.Secret(s).Derive(label)
	return x.do("13.4", name, "hkdf-sha256", s[:], join(label, byte(0)), key[:])
}
