package discovery

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/net/dns/dnsmessage"
)

var update = flag.Bool("update", false, "write testdata/mdns.json anew; only before the format is released")

const vectorFile = "testdata/mdns.json"

// vectors is the file other implementations can run. Bytes are hex.
type vectors struct {
	Comment     string       `json:"comment"`
	Derivations []derivation `json:"derivations"`
	Packets     []vector     `json:"packets"`
	Beacons     []shownTo    `json:"beacons"`
}

// derivation shows how an entry and the body are made.
type derivation struct {
	Key     string `json:"key"`
	Salt    string `json:"salt"`
	BodyKey string `json:"body_key"`
	Entry   string `json:"entry"`
	Plain   string `json:"plain"`
	Sealed  string `json:"sealed"`
}

// vector is a packet and what the holder of Key reads in it.
type vector struct {
	Name   string   `json:"name"`
	Class  string   `json:"class"` // ok, query, goodbye, ignored; or how it fails: packet, txt, body, no-entry
	Key    string   `json:"key,omitempty"`
	Packet string   `json:"packet"`
	Peer   string   `json:"peer,omitempty"`
	TCP    uint16   `json:"tcp,omitempty"`
	UDP    uint16   `json:"udp,omitempty"`
	Addrs  []string `json:"addrs,omitempty"`
}

// shownTo is a packet and what everybody reads in it.
type shownTo struct {
	Name   string `json:"name"`
	Class  string `json:"class"` // ok, or none
	Packet string `json:"packet"`
	Peer   string `json:"peer,omitempty"`
	Data   string `json:"data,omitempty"`
}

func TestVectors(t *testing.T) {
	if *update {
		b, err := json.MarshalIndent(makeVectors(), "", "  ")
		if err == nil {
			err = os.WriteFile(vectorFile, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	for _, d := range v.Derivations {
		checkDerivation(t, d)
	}
	for _, p := range v.Packets {
		t.Run(p.Name, func(t *testing.T) { checkPacket(t, p) })
	}
	for _, b := range v.Beacons {
		if got := classifyBeacon(b.Name, unhex(b.Packet)); got != b {
			t.Errorf("the beacon %q reads as %+v", b.Name, got)
		}
	}
}

func checkDerivation(t *testing.T, d derivation) {
	salt, bodyKey := [saltSize]byte(unhex(d.Salt)), [bodyKeySize]byte(unhex(d.BodyKey))
	e := wrap(Key(unhex(d.Key)), salt, bodyKey)
	if hex.EncodeToString(e[:]) != d.Entry {
		t.Errorf("entry %x, want %s", e, d.Entry)
	}
	w, err := parseWhereabouts([bodySize]byte(unhex(d.Plain)))
	if err != nil {
		t.Fatal(err)
	}
	if s := sealBody(bodyKey, salt, w); hex.EncodeToString(s[:]) != d.Sealed {
		t.Errorf("sealed %x, want %s", s, d.Sealed)
	}
}

func checkPacket(t *testing.T, v vector) {
	class, w, again := classify(unhex(v.Packet), v.Key)
	if class != v.Class {
		t.Fatalf("is of class %q, want %q", class, v.Class)
	}
	if class == "ok" {
		got := expected(v, w)
		if got.Peer != v.Peer || got.TCP != v.TCP || got.UDP != v.UDP || !slices.Equal(got.Addrs, v.Addrs) {
			t.Errorf("says %+v", got)
		}
	}
	if again != nil && hex.EncodeToString(again) != v.Packet {
		t.Errorf("encodes to %x", again)
	}
}

// classify reads a packet as the holder of key. again is the packet encoded
// anew, for the kinds that we send.
func classify(b []byte, key string) (class string, w whereabouts, again []byte) {
	p, err := parsePacket(b)
	switch {
	case errors.Is(err, errPacket):
		return "packet", w, nil
	case errors.Is(err, errTXT):
		return "txt", w, nil
	case p.query:
		return "query", w, marshalQuery(p.id)
	case len(p.gone) > 0:
		return "goodbye", w, marshalGoodbye(p.gone)
	case len(p.instances) == 0:
		return "ignored", w, nil
	}
	in := &p.instances[0]
	k := Key(unhex(key))
	mac := hmac.New(sha256.New, k[:])
	i := slices.IndexFunc(in.entries, func(e entry) bool {
		return bytes.HasPrefix(derive(mac, labelTag, in.salt), e[:tagSize])
	})
	if i < 0 {
		return "no-entry", w, nil
	}
	w, err = openBody(unwrap(mac, in.salt, in.entries[i]), in.salt, in.body)
	if err != nil {
		return "body", w, nil
	}
	return "ok", w, in.marshal()
}

func classifyBeacon(name string, packet []byte) shownTo {
	out := shownTo{Name: name, Class: "none", Packet: hex.EncodeToString(packet)}
	p, err := parsePacket(packet)
	if err != nil || len(p.instances) == 0 {
		return out
	}
	if b, ok := readBeacon(&p.instances[0]); ok {
		out.Class, out.Peer, out.Data = "ok", b.Peer.String(), hex.EncodeToString(b.Data)
	}
	return out
}

// expected fills in what w says.
func expected(v vector, w whereabouts) vector {
	v.Peer, v.TCP, v.UDP, v.Addrs = w.peer.String(), w.tcp, w.udp, nil
	for _, a := range w.addrs {
		v.Addrs = append(v.Addrs, a.String())
	}
	return v
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// makeVectors makes the file. What is random in life counts up here.
func makeVectors() vectors {
	v := vectors{Comment: "Packets of _truce._udp.local as MDNS.md describes them."}
	w := sampleWhereabouts()
	in, bodyKey := sampleInstance(w, 3)
	key := testKey(1)
	plain := w.marshal()
	v.Derivations = []derivation{{
		Key: hex.EncodeToString(key[:]), Salt: hex.EncodeToString(in.salt[:]), BodyKey: hex.EncodeToString(bodyKey[:]),
		Entry: hex.EncodeToString(in.entries[0][:]), Plain: hex.EncodeToString(plain[:]), Sealed: hex.EncodeToString(in.body[:]),
	}}
	add := func(name string, k Key, packet []byte) {
		x := vector{Name: name, Key: hex.EncodeToString(k[:]), Packet: hex.EncodeToString(packet)}
		var said whereabouts
		if x.Class, said, _ = classify(packet, x.Key); x.Class == "ok" {
			x = expected(x, said)
		}
		v.Packets = append(v.Packets, x)
	}
	text := func(txt ...string) []byte { return withText(in.label, txt) }
	full, _ := sampleInstance(w, maxEntries)
	bare, _ := sampleInstance(whereabouts{peer: w.peer, udp: 1}, 1)
	good := in.text()
	add("three contacts", key, in.marshal())
	add("forty-eight contacts", testKey(48), full.marshal())
	add("neither address nor tcp", key, bare.marshal())
	add("a key that is not meant", testKey(99), in.marshal())
	add("query", key, marshalQuery(0))
	add("goodbye", key, marshalGoodbye([]string{in.label}))
	add("another service", key, otherService())
	add("cut off", key, in.marshal()[:200])
	add("too long", key, append(in.marshal(), make([]byte, maxPacket)...))
	add("no strings", key, text(""))
	add("strings in another order", key, text(good[1], good[0], good[2], good[3]))
	add("short salt", key, text(good[0][:17], good[1], good[2], good[3]))
	add("fifteen entries", key, text(good[0], good[1], good[2], good[3][:len(good[3])-entrySize]))
	add("half an entry", key, text(good[0], good[1], good[2], good[3][:len(good[3])-entrySize/2]))
	add("an unknown string", key, text(append(slices.Clone(good), "x=")...))
	add("sixty-four entries", key, text(append(full.text(), good[2], good[3])...))
	add("body changed", key, text(good[0], "b="+flip(good[1][2:]), good[2], good[3]))
	add("salt changed", key, text("s="+flip(good[0][2:]), good[1], good[2], good[3]))
	for name, body := range map[string]func(*[bodySize]byte){
		"body version 2":   func(b *[bodySize]byte) { b[0] = 2 },
		"nine addresses":   func(b *[bodySize]byte) { b[6+len(w.peer)] = 9 },
		"padding not zero": func(b *[bodySize]byte) { b[bodySize-1] = 1 },
		"no peer id":       func(b *[bodySize]byte) { b[5] = 0 },
		"peer id too long": func(b *[bodySize]byte) { b[5] = 65 },
		"not a peer id":    func(b *[bodySize]byte) { b[6] = 0xff },
	} {
		p := plain
		body(&p)
		bad := in
		bodyAEAD(bodyKey).Seal(bad.body[:0], make([]byte, 12), p[:], bodyAD(in.salt))
		add(name, key, bad.marshal())
	}
	slices.SortStableFunc(v.Packets, func(a, b vector) int { return strings.Compare(a.Class+a.Name, b.Class+b.Name) })
	v.Beacons = makeBeacons(in, bodyKey, w.peer)
	return v
}

// makeBeacons makes those of the file, of an instance and its key.
func makeBeacons(in instance, bodyKey [bodyKeySize]byte, id peer.ID) (out []shownTo) {
	account, secret := testKey(0xac), testKey(0x5e)
	data := append(append(account[:], secret[:]...), "Ann"...)
	good := Beacon{Peer: id, Data: data}.marshal()
	add := func(name string, key Key, change func(*[bodySize]byte)) {
		plain := good
		change(&plain)
		b := in
		b.entries = slices.Clone(in.entries)
		b.entries[0] = wrap(key, b.salt, bodyKey)
		b.body = sealPlain(bodyKey, b.salt, plain)
		out = append(out, classifyBeacon(name, b.marshal()))
	}
	size := 2 + len(id)
	add("somebody", openKey, func(*[bodySize]byte) {})
	add("under another key", testKey(1), func(*[bodySize]byte) {})
	add("body of version 1", openKey, func(p *[bodySize]byte) { p[0] = 1 })
	add("no data", openKey, func(p *[bodySize]byte) { p[size] = 0 })
	add("more than 160 bytes", openKey, func(p *[bodySize]byte) { p[size] = MaxBeacon + 1 })
	add("padding not zero", openKey, func(p *[bodySize]byte) { p[bodySize-1] = 1 })
	return out
}

func sampleWhereabouts() whereabouts {
	seed := bytes.NewReader(bytes.Repeat([]byte{7}, 64))
	_, pub, err := crypto.GenerateEd25519Key(seed)
	if err != nil {
		panic(err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		panic(err)
	}
	return whereabouts{peer: id, tcp: 4001, udp: 4002, addrs: []netip.Addr{
		netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("fe80::1:2:3:4"), netip.MustParseAddr("fd00::20"),
	}}
}

// sampleInstance announces w to the keys {1}, {2}, and so on, unshuffled.
func sampleInstance(w whereabouts, contacts int) (instance, [bodyKeySize]byte) {
	in := instance{label: "00c0ffee00c0ffee"}
	var bodyKey [bodyKeySize]byte
	for i := range bodyKey {
		in.salt[i], bodyKey[i] = byte(0xa0+i), byte(0xb0+i)
	}
	in.body = sealBody(bodyKey, in.salt, w)
	for i := range contacts {
		in.entries = append(in.entries, wrap(testKey(byte(i+1)), in.salt, bodyKey))
	}
	for len(in.entries)%entryStep != 0 {
		in.entries = append(in.entries, entry(bytes.Repeat([]byte{byte(len(in.entries))}, entrySize)))
	}
	return in, bodyKey
}

// withText builds a response with the strings as they are.
func withText(label string, txt []string) []byte {
	name := instanceName(label)
	b := response()
	return finish(&b, b.StartAnswers(),
		b.PTRResource(pointer(recordTTL), dnsmessage.PTRResource{PTR: name}),
		b.TXTResource(dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: recordTTL},
			dnsmessage.TXTResource{TXT: txt}))
}

func otherService() []byte {
	b := response()
	name := dnsmessage.MustNewName("_ipp._tcp.local.")
	return finish(&b, b.StartAnswers(), b.PTRResource(
		dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: recordTTL},
		dnsmessage.PTRResource{PTR: dnsmessage.MustNewName("printer._ipp._tcp.local.")}))
}

// flip changes the last bit of s.
func flip(s string) string { return s[:len(s)-1] + string([]byte{s[len(s)-1] ^ 1}) }

// FuzzParsePacket: no packet panics, and what is parsed encodes to a packet
// that means the same; for our own packets, to the very same bytes.
func FuzzParsePacket(f *testing.F) {
	for _, v := range makeVectors().Packets {
		f.Add(unhex(v.Packet))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePacket(b)
		if err != nil {
			if p.query || p.instances != nil || p.gone != nil {
				t.Fatal("an error left something behind")
			}
			return
		}
		for i := range p.instances {
			in := &p.instances[i]
			if len(in.label) > 40 {
				continue // longer than ours: need not fit with all else
			}
			enc := in.marshal()
			again, err := parsePacket(enc)
			if err != nil || len(again.instances) != 1 || !bytes.Equal(again.instances[0].marshal(), enc) {
				t.Fatalf("%x encodes to %x: %v", b, enc, err)
			}
		}
	})
}
