package wire

import (
	"fmt"
	"net/url"
	"strings"
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
// that order. Every byte but letters, digits and -._~/:@ is escaped.
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
// for a. What it returns prints to at most MaxLink bytes, too. Errors name the
// part that is wrong: their class begins with "link-" or "address-".
func ParseLink(s string) (Link, error) {
	l, err := parseLink(s)
	if err == nil && len(l.String()) > MaxLink {
		err = failf("link-length", "the link, written out, is longer than %d bytes", MaxLink)
	}
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
	address, query, hasQuery := strings.Cut(s[len(linkScheme):], "?")
	if l.Account, err = ParseAccount(address); err != nil {
		return l, fmt.Errorf("the link's address: %w", err)
	}
	if !hasQuery {
		return l, errNoSecret
	}
	if strings.ContainsFunc(query, func(r rune) bool { return !inQuery(r) }) {
		return l, failf("link-escape", "the link has a character that must be escaped")
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
		return l, errNoSecret
	}
	return l, nil
}

var errNoSecret = failf("link-secret", "the link has no secret (the part after \"k=\"): was it cut off?")

// inQuery reports whether r may stand in the query of a URI (RFC 3986 §3.4).
func inQuery(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		strings.ContainsRune("-._~!$&'()*+,;=:@/?%", r)
}

func (l *Link) set(key, value string) error {
	switch key {
	case "k":
		raw, ok := decodeBase32(value, len(l.Secret))
		if !ok {
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
		if _, last := ma.SplitLast(addr); last == nil || last.Protocol().Code != ma.P_P2P {
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
