package wire_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

type linkVector struct {
	Comment   string   `json:"comment"`
	Link      string   `json:"link"`
	Canonical string   `json:"canonical"` // how it is printed
	Account   string   `json:"account"`
	Secret    string   `json:"secret"`
	Name      string   `json:"name"`
	Addrs     []string `json:"addrs"`
}

const (
	vectorPeer = "/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
	ip4Addr    = "/ip4/192.0.2.1/tcp/4001" + vectorPeer
	ip6Addr    = "/ip6/2001:db8::1/udp/4001/quic-v1" + vectorPeer
)

func vectorLink(name string, addrs ...string) wire.Link {
	return wire.Link{Account: alice.id(), Secret: wire.ReachSecret(filled(0x66)), Name: name, Addrs: addrs}
}

// linkHead is the link of vectorLink without name and addresses.
var linkHead = vectorLink("").String()

func validLink(name, comment, link string, l wire.Link) named[linkVector] {
	return named[linkVector]{name, linkVector{
		comment, link, l.String(), toHex(l.Account[:]), toHex(l.Secret[:]), l.Name, append([]string{}, l.Addrs...),
	}}
}

func TestLinkVectors(t *testing.T) {
	full := vectorLink("Zoë & Łukasz = 100%", ip4Addr, ip6Addr)
	secret := linkHead[len("truce:")+wire.AddressLen+len("?k="):]
	table := []named[linkVector]{
		validLink("bare", "no name and no address", linkHead, vectorLink("")),
		validLink("full", "a name with characters that are escaped, two addresses", full.String(), full),
		validLink("upper", "scheme, address and secret in capitals, as a QR code likes them",
			"TRUCE:"+strings.ToUpper(alice.id().String())+"?k="+strings.ToUpper(secret), vectorLink("")),
		validLink("order", "fields in another order, and one that is not known",
			"truce:"+alice.id().String()+"?a="+ip4Addr+"&zz=x%20y&n=A&k="+secret, vectorLink("A", ip4Addr)),
		validLink("unescaped", "characters that need no escape are accepted without it",
			linkHead+"&n=a+b!(c)", vectorLink("a+b!(c)")),
		validLink("emoji", "a joined emoji and one with a style", linkHead+"&n=%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB%E2%9D%A4%EF%B8%8F", vectorLink("👩\u200d💻❤\ufe0f")),
		validLink("sinhala", "a joiner after a virama", vectorLink("ශ\u0dca\u200dරී").String(), vectorLink("ශ\u0dca\u200dරී")),
		validLink("relay", "an address over a relay", linkHead+"&a="+ip4Addr+"/p2p-circuit"+vectorPeer, vectorLink("", ip4Addr+"/p2p-circuit"+vectorPeer)),
		validLink("ip6", "addresses are printed canonically", linkHead+"&a="+strings.Replace(ip6Addr, "2001:db8::1", "2001:DB8:0::0001", 1), vectorLink("", ip6Addr)),
	}
	runVectors(t, "testdata/link/valid", table, func(t *testing.T, v linkVector) {
		want := wire.Link{Account: wire.Account(unhex32(t, v.Account)), Secret: wire.ReachSecret(unhex32(t, v.Secret)), Name: v.Name, Addrs: v.Addrs}
		got, err := wire.ParseLink(v.Link)
		if err != nil {
			t.Fatal(err)
		}
		if got.Addrs == nil {
			got.Addrs = []string{}
		}
		if !reflect.DeepEqual(got, want) || got.String() != v.Canonical {
			t.Errorf("got %+v, printed %s", got, got)
		}
	})
}

func TestInvalidLinkVectors(t *testing.T) {
	addr := "truce:" + alice.id().String()
	wide := "&a=/dns4/" + strings.Repeat("+", 600) + "/tcp/1" + vectorPeer
	table := []named[invalidText]{
		refusedText("empty", "link-scheme", "", "nothing"),
		refusedText("scheme", "link-scheme", "xmpp"+linkHead[5:], "another scheme"),
		refusedText("slashes", "address-length", "truce://"+linkHead[6:], "slashes after the scheme"),
		refusedText("address", "address-checksum", "truce:"+flip(linkHead[6:7])+linkHead[7:], "an error in the address"),
		refusedText("long", "link-length", linkHead+"&x="+strings.Repeat("y", wire.MaxLink), "over 2,048 bytes"),
		refusedText("long-canonical", "link-length", linkHead+wide+wide, "over 2,048 bytes when written out"),
		refusedText("no-query", "link-secret", addr, "only the address"),
		refusedText("no-secret", "link-secret", addr+"?n=Alice", "no secret"),
		refusedText("secret-short", "link-secret", linkHead[:len(linkHead)-1], "the last character is cut off"),
		refusedText("secret-bits", "link-secret", linkHead[:len(linkHead)-1]+"z", "bits beyond the last byte are not zero"),
		refusedText("secret-newline", "link-secret", linkHead[:len(linkHead)-3]+"%0A"+linkHead[len(linkHead)-3:], "a line break in the secret"),
		refusedText("secret-kelvin", "link-secret", linkHead[:len(linkHead)-3]+"%E2%84%AA"+linkHead[len(linkHead)-2:], "U+212A, whose lower case is k"),
		refusedText("double-secret", "link-double", linkHead+"&"+linkHead[len(addr)+1:], "the secret twice"),
		refusedText("double-name", "link-double", linkHead+"&n=A&n=B", "the name twice"),
		refusedText("double-unknown", "link-double", linkHead+"&z=A&z=B", "an unknown field twice"),
		refusedText("field", "link-field", linkHead+"&n", "a field without a value"),
		refusedText("ampersand", "link-field", linkHead+"&", "an empty field"),
		refusedText("escape", "link-escape", linkHead+"&n=%4", "an escape is cut off"),
		refusedText("escape-hex", "link-escape", linkHead+"&n=%zz", "an escape is no hex"),
		refusedText("escape-utf8", "link-escape", linkHead+"&n=%ff", "a name that is not UTF-8"),
		refusedText("raw-space", "link-escape", linkHead+"&n=a b", "a space"),
		refusedText("raw-utf8", "link-escape", linkHead+"&n=Zoë", "a letter outside ASCII"),
		refusedText("fragment", "link-escape", linkHead+"&n=A#x", "a fragment"),
		refusedText("name-empty", "link-name", linkHead+"&n=", "an empty name"),
		refusedText("name-long", "link-name", linkHead+"&n="+strings.Repeat("a", wire.MaxName+1), "65 characters"),
		refusedText("name-newline", "link-name", linkHead+"&n=a%0Ab", "a line break in the name"),
		refusedText("name-bidi", "link-name", linkHead+"&n=a%E2%80%AEb", "U+202E turns the writing direction"),
		refusedText("name-room", "link-name", linkHead+"&n=%23room", "the form of a room"),
		refusedText("addr-text", "link-addr", linkHead+"&a=example.org", "no multiaddr"),
		refusedText("addr-peerless", "link-addr", linkHead+"&a=/ip4/192.0.2.1/tcp/4001", "no peer id"),
		refusedText("addr-end", "link-addr", linkHead+"&a="+ip4Addr+"/p2p-circuit", "the peer id is not at the end"),
		refusedText("addrs", "link-addrs", linkHead+strings.Repeat("&a="+ip4Addr, wire.MaxLinkAddrs+1), "nine addresses"),
	}
	runVectors(t, "testdata/link/invalid", table, func(t *testing.T, v invalidText) {
		l, err := wire.ParseLink(v.Input)
		wantClass(t, err, v.Class)
		if !reflect.ValueOf(l).IsZero() {
			t.Errorf("an error with %+v", l)
		}
	})
}

// TestLongestLink makes sure that what we print can be read.
func TestLongestLink(t *testing.T) {
	addr := "/ip6/2001:db8:1111:2222:3333:4444:5555:6666/udp/65535/quic-v1" + vectorPeer
	l := vectorLink(strings.Repeat("\U0001F600", wire.MaxName))
	for range wire.MaxLinkAddrs {
		l.Addrs = append(l.Addrs, addr)
	}
	got, err := wire.ParseLink(l.String())
	if err != nil || !reflect.DeepEqual(got, l) {
		t.Errorf("%d bytes: %v", len(l.String()), err)
	}
}

func TestCheckName(t *testing.T) {
	for name, class := range map[string]string{
		"a":                                   "",
		"Anna-Lena O'Neil (2)":                "",
		"山田\u3000太郎":                          "",
		"👨\u200d👩\u200d👧":                     "",
		"🏳\ufe0f\u200d🌈":                      "",
		"1\ufe0f\u20e3":                       "",
		"क\u094d\u200dष":                      "",
		strings.Repeat("é", 64):               "",
		"":                                    "name-empty",
		strings.Repeat("é", 65):               "name-length",
		"\xff":                                "name-utf8",
		" a":                                  "name-space",
		"a\u00a0":                             "name-space",
		"#a":                                  "name-room",
		"a\x00b":                              "name-control",
		"a\x7fb":                              "name-control",
		"a\u0085b":                            "name-control",
		"a\u200bb":                            "name-control", // zero width space
		"a\u200cb":                            "name-control",
		"a\u200db":                            "name-control", // joins nothing
		"\u200da":                             "name-control",
		"👩\u200d":                             "name-control",
		"👩\u200d\u200d👩":                      "name-control",
		"a\ufe0f":                             "name-control",
		"a\U000E0100":                         "name-control",
		"a\u202eb":                            "name-control",
		"a\u2066b":                            "name-control",
		"a\u2028b":                            "name-control",
		"a\U000E0041b":                        "name-control", // tag character
		"a\u00adb":                            "name-control",
		"\u3164":                              "name-control", // Hangul filler
		"a\u034fb":                            "name-control",
		"\u2800":                              "name-control",
		"a\ue000":                             "name-control",
		"a\ufeffb":                            "name-control",
		alice.id().String():                   "name-address",
		"a" + alice.id().String()[1:]:         "name-address", // with a typing error
		strings.Repeat("a", 52) + "\n\n\n\nb": "name-control",
		strings.Repeat("a", 51) + "\n\n\n\nb": "name-control",
		strings.Repeat("a", 49) + "\u212a\u212ab": "",
	} {
		if err := wire.CheckName(name); wire.ErrorClass(err) != class {
			t.Errorf("%q: %v, want class %q", name, err, class)
		}
	}
}

func TestCheckTextAndNote(t *testing.T) {
	for text, class := range map[string]string{
		"a":                                 "",
		"\x1b[31m":                          "",
		strings.Repeat("a", wire.MaxText):   "",
		strings.Repeat("a", wire.MaxText+1): "text-length",
		"":                                  "text-empty",
		"\xff":                              "text-utf8",
	} {
		if err := wire.CheckText(text); wire.ErrorClass(err) != class {
			t.Errorf("%.10q: %v, want class %q", text, err, class)
		}
	}
	for note, class := range map[string]string{
		"":                                  "",
		strings.Repeat("é", wire.MaxNote):   "",
		strings.Repeat("é", wire.MaxNote+1): "note-length",
		"\xff":                              "note-length",
	} {
		if err := wire.CheckNote(note); wire.ErrorClass(err) != class {
			t.Errorf("%.10q: %v, want class %q", note, err, class)
		}
	}
}
