package wire_test

import (
	"crypto/sha256"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// A person is a party with the name that it has in a transcript, and the
// credential that the transcript made for it.
type person struct {
	party
	name       string
	credential wire.Credential
}

// person makes all keys of one side, and its credential. Seeds are those of
// newParty(b).
func (x *transcript) person(name string, b byte) person {
	p := person{party: newParty(b), name: name}
	account := x.secret(name+"_account_seed", filled(b))
	device := x.secret(name+"_device_seed", filled(b+1))
	transport := x.secret(name+"_transport_seed", filled(b+2))
	n := x.number(name+"_list_n", vectorTime/1000)
	boot := x.number(name+"_boot", 7)
	clock := x.number(name+"_clock", vectorTime)
	expiry := x.number(name+"_expiry", vectorTime+day)

	id, listed := p.id(), p.list(n).Live[0]
	x.do("2.1", name+"_account", "ed25519-public", account, nil, id[:])
	x.do("3.1", name+"_device", "ed25519-public", device, nil, listed.Key[:])
	public := x.do("3.2", name+"_transport", "ed25519-public", transport, nil, p.peer[6:])
	x.do("3.2", name+"_peer", "join", nil, join([]byte{0x00, 0x24, 0x08, 0x01, 0x12, 0x20}, public), p.peer)

	x.do("3.1", name+"_claim", "ed25519-sign", device, join("truce device v1", byte(0), id[:]), listed.Claim[:])
	list := p.list(n)
	body := x.cbor("3.1", name+"_list_body", list)
	signed, err := list.Sign(p.account)
	if err != nil {
		x.t.Fatal(err)
	}
	var parts wire.SignedList
	if err := wire.Unmarshal(signed, &parts); err != nil {
		x.t.Fatal(err)
	}
	x.do("3.1", name+"_list_signature", "ed25519-sign", account, join("truce device list v1", byte(0), body), parts.Signature[:])
	x.cbor("3.1", name+"_list", parts)

	binding := wire.BindTransport(p.device, id, p.peer, expiry)
	x.do("3.2", name+"_binding", "ed25519-sign", device, join("truce transport v1", byte(0), id[:], listed.Key[:], expiry, p.peer), binding[:])
	p.credential = wire.Credential{List: signed, Device: listed.Key, Boot: boot, Time: clock, Expiry: expiry, Signature: binding}
	x.cbor("3.2", name+"_credential", p.credential)
	if _, err := p.credential.Verify(p.peer); err != nil {
		x.t.Error(err)
	}
	return p
}

// pair derives the pair secret of two people from their shares.
func (x *transcript) pair(a, b person, shareA, shareB []byte) wire.Secret {
	pair := wire.PairSecret(a.id(), b.id(), [32]byte(shareA), [32]byte(shareB))
	idA, idB := a.id(), b.id()
	info := join("truce pair v1", byte(0), ordered(idA, idB, idA[:], idB[:]))
	x.do("3.3", "pair_secret", "hkdf-sha256", ordered(idA, idB, shareA, shareB), info, pair[:])
	return pair
}

// said is a finished hello: its key and its frames.
type said struct {
	key                  wire.HelloKey
	hash1, hash2, hash3  []byte
	first, second, third []byte
	context, k           []byte
}

// hello lets a dial b under s. Prefix begins the names of all its values, and
// nonces are filled with bytes from nonce on.
func (x *transcript) hello(prefix string, s wire.Secret, a, b person, nonce byte) said {
	wanted := b.id()
	h := said{key: wire.NewHelloKey(s, wanted, a.peer, b.peer)}
	key := s.Hello()
	h.k = x.do("5.2", prefix+"_key", "hkdf-sha256", s[:], join("truce hello v1", byte(0)), key[:])
	h.context = x.do("5.2", prefix+"_context", "join", nil, joinContext(wanted, a, b), joinContext(wanted, a, b))

	first := wire.Hello1{Type: wire.FrameHello1, Versions: []uint16{wire.Version}, Nonce: filled(nonce)}
	x.secret(prefix+"_nonce1", first.Nonce)
	versions := x.cbor("5.2", prefix+"_versions", first.Versions)
	tag := h.key.Tag(first.Nonce, first.Versions)
	x.mac("5.2", prefix+"_tag", h, "truce hello 1", join(first.Nonce[:], versions), tag)
	first.Tags = append(first.Tags, tag)
	for i, name := range []string{"_filler_tag1", "_filler_tag2", "_filler_tag3"} {
		filler := filled(nonce + 2 + byte(i))
		x.secret(prefix+name, filler)
		first.Tags = append(first.Tags, filler)
	}
	h.first = x.frame("5.2", prefix+"_hello1", a.name, first)
	h.hash1 = x.hash(prefix+"_hello1_hash", h.first)

	second := wire.Hello2{Type: wire.FrameHello2, Version: wire.Version, Nonce: filled(nonce + 1), Who: b.credential}
	x.secret(prefix+"_nonce2", second.Nonce)
	zero := x.hash(prefix+"_hello2_zero_hash", x.cbor("5.2", prefix+"_hello2_zero", second))
	second.MAC = h.key.MAC2(h.first, second)
	x.mac("5.2", prefix+"_mac2", h, "truce hello 2", join(h.hash1, zero), second.MAC)
	h.second = x.frame("5.2", prefix+"_hello2", b.name, second)
	h.hash2 = x.hash(prefix+"_hello2_hash", h.second)

	third := wire.Hello3{Type: wire.FrameHello3, Who: a.credential}
	zero = x.hash(prefix+"_hello3_zero_hash", x.cbor("5.2", prefix+"_hello3_zero", third))
	third.MAC = h.key.MAC3(h.first, h.second, third)
	x.mac("5.2", prefix+"_mac3", h, "truce hello 3", join(h.hash1, h.hash2, zero), third.MAC)
	h.third = x.frame("5.2", prefix+"_hello3", a.name, third)
	h.hash3 = x.hash(prefix+"_hello3_hash", h.third)
	return h
}

func joinContext(wanted wire.Account, a, b person) []byte {
	return join(wanted[:], uint64(len(a.peer)), a.peer, uint64(len(b.peer)), b.peer)
}

// mac is mac(label, parts) of §5.2.
func (x *transcript) mac(section, name string, h said, label string, parts []byte, code [32]byte) {
	x.t.Helper()
	x.do(section, name, "hmac-sha256", h.k, join(label, byte(0), h.context, parts), code[:])
}

func (x *transcript) hash(name string, b []byte) []byte {
	sum := sha256.Sum256(b)
	return x.do("5.2", name, "sha256", nil, b, sum[:])
}

// tokens are what the two sides of a hello show on a bulk stream.
func (x *transcript) tokens(prefix string, h said, a, b person) (ofA, ofB [32]byte) {
	ofA = h.key.BulkToken(h.first, h.second, h.third, a.peer)
	ofB = h.key.BulkToken(h.first, h.second, h.third, b.peer)
	hashes := join(h.hash1, h.hash2, h.hash3)
	x.mac("6.10", prefix+"_"+a.name+"_bulk_token", h, "truce bulk v1", join(hashes, a.peer), ofA)
	x.mac("6.10", prefix+"_"+b.name+"_bulk_token", h, "truce bulk v1", join(hashes, b.peer), ofB)
	return ofA, ofB
}

// contacts are two people who both want, and the hello between them.
func (x *transcript) contacts() (a, b person, h said) {
	a, b = x.person("alice", 0x10), x.person("bob", 0x20)
	pair := x.pair(a, b, x.secret("alice_share", filled(0xa1)), x.secret("bob_share", filled(0xb2)))
	return a, b, x.hello("pair", pair, a, b, 0xd1)
}

func helloTranscript(t *testing.T) *transcript {
	x := newTranscript(t, "alice dials bob, her contact: every key, every MAC and the three frames of the hello")
	a, b, h := x.contacts()
	x.tokens("pair", h, a, b)
	return x
}

// requestTranscript is how two people become contacts: she asks by his link;
// his answer comes in another session, which he opens.
func requestTranscript(t *testing.T) *transcript {
	x := newTranscript(t, "alice asks bob by his link; later he dials her under the pending secret and accepts")
	a, b := x.person("alice", 0x10), x.person("bob", 0x20)
	idA, idB := a.id(), b.id()
	link, err := wire.ParseLink(x.text("link", wire.Link{Account: b.id(), Secret: wire.ReachSecret(filled(0x66)), Name: "Bob"}.String()))
	if err != nil || link.Account != b.id() {
		t.Fatal(err)
	}
	reach := x.secret("reach_secret", link.Secret)
	x.hello("reach", wire.Secret(link.Secret), a, b, 0xd1)

	x.pings("reach", a, b)
	asks := wire.Stance{
		Type: wire.FrameStance, Version: x.number("alice_stance_version", vectorTime), Want: true,
		Name: x.text("alice_name", "Alice"), Note: x.text("alice_note", "from the choir"),
		Share: [32]byte(x.secret("alice_share", filled(0xa1))),
	}
	x.frame("3.4", "alice_stance", a.name, asks)
	pending := wire.PendingSecret(a.id(), b.id(), link.Secret, asks.Share)
	x.do("3.3", "pending_secret", "hkdf-sha256", join(reach, asks.Share[:]), join("truce pending v1", byte(0), idA[:], idB[:]), pending[:])
	x.frame("6.2", "alice_stance_ack", b.name, wire.StanceAck{Type: wire.FrameStanceAck, Version: asks.Version})
	x.frame("6.8", "reach_bye", b.name, wire.Bye{Type: wire.FrameBye, Code: wire.ByeStranger})
	x.frame("6.8", "reach_bye_answer", a.name, wire.Bye{Type: wire.FrameBye, Code: wire.ByeStop})

	x.hello("pending", pending, b, a, 0xe1)
	x.pings("pending", b, a)
	accepts := wire.Stance{
		Type: wire.FrameStance, Version: x.number("bob_stance_version", vectorTime+60_000), Answers: asks.Version, Want: true,
		Share: [32]byte(x.secret("bob_share", filled(0xb2))),
	}
	x.frame("3.4", "bob_stance", b.name, accepts)
	x.frame("6.2", "bob_stance_ack", a.name, wire.StanceAck{Type: wire.FrameStanceAck, Version: accepts.Version})
	pair := x.pair(a, b, asks.Share[:], accepts.Share[:])
	x.frame("6.2", "alice_vector", a.name, wire.Vector{Type: wire.FrameVector})
	x.frame("6.2", "bob_vector", b.name, wire.Vector{Type: wire.FrameVector})

	next := pair.Hello()
	x.do("3.3", "pair_key", "hkdf-sha256", pair[:], join("truce hello v1", byte(0)), next[:])
	mdns := pair.Derive("truce mdns v1", idA[:])
	x.do("3.3", "alice_mdns_key", "hkdf-sha256", pair[:], join("truce mdns v1", byte(0), idA[:]), mdns[:])
	return x
}

// pings begin every session.
func (x *transcript) pings(prefix string, a, b person) {
	n, m := x.number(prefix+"_ping_"+a.name, 1), x.number(prefix+"_ping_"+b.name, 1<<64-1)
	x.frame("6.2", prefix+"_ping_"+a.name, a.name, wire.Ping{Type: wire.FramePing, N: n})
	x.frame("6.2", prefix+"_ping_"+b.name, b.name, wire.Ping{Type: wire.FramePing, N: m})
	x.frame("6.7", prefix+"_pong_"+b.name, b.name, wire.Ping{Type: wire.FramePong, N: n})
	x.frame("6.7", prefix+"_pong_"+a.name, a.name, wire.Ping{Type: wire.FramePong, N: m})
}
