package redact

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// tail is how much of a peer id stays.
const tail = 8

var (
	links    = regexp.MustCompile(`(?i)\b(truce|im):[^\s"'<>]{20,}`)
	accounts = regexp.MustCompile(`(?i)\b[a-z2-7]{56}\b`)
	// Base58 of an Ed25519, secp256k1 or hashed key; CIDs of keys in base 36 and 32.
	peers = regexp.MustCompile(`\b(?:(?:12D3KooW|16Uiu2HA|Qm)[1-9A-HJ-NP-Za-km-z]{40,50}|k[25]1?[0-9a-z]{50,65}|bafz[a-z2-7]{50,65})`)
	names = regexp.MustCompile(`/(dns|dns4|dns6|dnsaddr|sni|http-path|ip6zone)/[^/\s"]+`)
	ipv4s = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	// Whatever may be an IPv6 address; a parser decides.
	ipv6s = regexp.MustCompile(`[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?`)
)

// Text returns s without what tells who or where somebody is.
func Text(s string) string {
	s = links.ReplaceAllString(s, "[link]")
	s = peers.ReplaceAllStringFunc(s, func(id string) string { return "…" + id[len(id)-tail:] })
	s = accounts.ReplaceAllString(s, "[account]")
	s = names.ReplaceAllString(s, "/$1/…")
	s = ipv6s.ReplaceAllStringFunc(s, shortIPv6) // before IPv4, which it may end in
	return ipv4s.ReplaceAllStringFunc(s, func(text string) string { return short(text, text) })
}

// shortIPv6 shortens the address in text, which may have colons and dots of its
// surroundings at either end.
func shortIPv6(text string) string {
	for from := 0; from <= len(text) && strings.Trim(text[:from], ":.") == ""; from++ {
		for to := len(text); to > from && strings.Trim(text[to:], ":.") == ""; to-- {
			if out := short(text[from:to], ""); out != "" {
				return text[:from] + out + text[to:]
			}
		}
	}
	return text
}

// short is the network of an address; otherwise if text is none.
func short(text, otherwise string) string {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return otherwise
	}
	if ip.IsUnspecified() {
		return text // nobody's
	}
	if ip = ip.Unmap(); ip.Is4() {
		b := ip.As4()
		return fmt.Sprintf("%d.%d.%d.x", b[0], b[1], b[2])
	}
	b := ip.As16()
	return fmt.Sprintf("%x:%x:…", uint(b[0])<<8|uint(b[1]), uint(b[2])<<8|uint(b[3]))
}
