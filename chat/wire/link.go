package wire

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	ma "github.com/multiformats/go-multiaddr"
)

// ReachSecret lets its holder find an account and ask it once to be a contact.
type ReachSecret [32]byte

// Link is what a person hands out so that others can ask to be a contact
// (PROTOCOL.md §2.2). Name is only a suggestion and may be empty; Addrs are
// multiaddrs ending in /p2p/ID and may be none.
type Link struct {
	Account Account
	Secret  ReachSecret
	Name    string
	Addrs   []string
}

const linkScheme = "truce:"

// String prints the link canonically: scheme, address, then k, n and a in
// that order, escaped no more than RFC 3986 §3.4 asks.
func (l Link) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s?k=%s", linkScheme, l.Account, base32Lower.EncodeToString(l.Secret[:]))
	if l.Name != "" {
		b.WriteString("&n=" + escapeQuery(l.Name))
	}
	for _, a := range l.Addrs {
		b.WriteString("&a=" + escapeQuery(a))
	}
	return b.String()
}

// ParseLink reads a link. The scheme, the address and the secret may be in
// either letter case, everything else is strict. Fields of an unknown name are
// left out, so that links may grow; a field that occurs twice is refused, but
// for a. Errors name the part that is wrong: their class begins with "link-"
// or "address-".
func ParseLink(s string) (Link, error) {
	l, err := parseLink(s)
	if err != nil {
		return Link{}, err
	}
	return l, nil
}

func parseLink(s string) (l Link, err error) {
	if len(s) > MaxLink {
		return l, failf("link-length", "the link is longer than %d bytes", MaxLink)
	}
	if len(s) < len(linkScheme) || !strings.EqualFold(s[:len(linkScheme)], linkScheme) {
		return l, failf("link-scheme", "a link begins with %q", linkScheme)
	}
	address, query, _ := strings.Cut(s[len(linkScheme):], "?")
	if l.Account, err = ParseAccount(address); err != nil {
		return l, fmt.Errorf("the link's address: %w", err)
	}
	seen := map[string]bool{}
	for _, field := range strings.Split(query, "&") {
		key, escaped, ok := strings.Cut(field, "=")
		if !ok {
			return l, failf("link-field", "the link has a field without a value: %q", field)
		}
		value, err := url.PathUnescape(escaped)
		if err != nil || !utf8.ValidString(value) {
			return l, failf("link-escape", "the link's field %q is badly escaped", key)
		}
		if seen[key] && key != "a" {
			return l, failf("link-double", "the link has the field %q twice", key)
		}
		seen[key] = true
		if err := l.set(key, value); err != nil {
			return l, err
		}
	}
	if !seen["k"] {
		return l, failf("link-secret", "the link has no secret (the part after \"k=\"): was it cut off?")
	}
	return l, nil
}

func (l *Link) set(key, value string) error {
	switch key {
	case "k":
		raw, err := base32Lower.DecodeString(strings.ToLower(value))
		if err != nil || len(raw) != len(l.Secret) || base32Lower.EncodeToString(raw) != strings.ToLower(value) {
			return failf("link-secret", "the link's secret (the part after \"k=\") is damaged: was it cut off?")
		}
		l.Secret = ReachSecret(raw)
	case "n":
		if err := CheckName(value); err != nil {
			return failf("link-name", "the link's name: %w", err)
		}
		l.Name = value
	case "a":
		if len(l.Addrs) == MaxLinkAddrs {
			return failf("link-addrs", "the link has more than %d addresses", MaxLinkAddrs)
		}
		addr, err := ma.NewMultiaddr(value)
		if err != nil {
			return failf("link-addr", "the link's address %q cannot be read", value)
		}
		if _, err := addr.ValueForProtocol(ma.P_P2P); err != nil {
			return failf("link-addr", "the link's address %q does not end in /p2p/ and a peer id", value)
		}
		l.Addrs = append(l.Addrs, addr.String())
	}
	return nil
}

// escapeQuery escapes what may not stand in a query, and the characters that
// part its fields.
func escapeQuery(s string) string {
	return strings.NewReplacer("%2F", "/", "&", "%26", "=", "%3D", "+", "%2B", "$", "%24").Replace(url.PathEscape(s))
}

// CheckName tells whether s may be a name: valid UTF-8, 1 to MaxName
// characters, none of them a control or a format character, no space at either
// end, and not of the form of an address or a room.
func CheckName(s string) error {
	switch {
	case !utf8.ValidString(s):
		return failf("name-utf8", "a name is UTF-8")
	case s == "":
		return failf("name-empty", "a name has at least one character")
	case utf8.RuneCountInString(s) > MaxName:
		return failf("name-length", "a name has at most %d characters", MaxName)
	case strings.TrimSpace(s) != s:
		return failf("name-space", "a name has no space at its ends")
	case strings.HasPrefix(s, "#"):
		return failf("name-room", "a name does not begin with #")
	}
	for _, r := range s {
		if badInName(r) {
			return failf("name-control", "a name has no control characters")
		}
	}
	if _, err := ParseAccount(s); err == nil {
		return failf("name-address", "a name is not an address")
	}
	return nil
}

// badInName also keeps out line and paragraph separators and what is unseen or
// turns the writing direction: two names must not look alike by such means.
func badInName(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) && r != '\u200d'
}

// CheckNote tells whether s may be the note with a request: valid UTF-8 and at
// most MaxNote characters.
func CheckNote(s string) error {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > MaxNote {
		return failf("note-length", "a note is UTF-8 of at most %d characters", MaxNote)
	}
	return nil
}

// CheckText tells whether s may be the text of a message.
func CheckText(s string) error {
	switch {
	case !utf8.ValidString(s):
		return failf("text-utf8", "a message is UTF-8")
	case len(s) > MaxText:
		return failf("text-length", "a message has at most %d bytes, this one has %d", MaxText, len(s))
	case s == "":
		return failf("text-empty", "a message has a text")
	}
	return nil
}
