package redact_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/node/redact"
)

const (
	id      = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
	account = "s4dfdskzgtou7svtdxvhoa6ndztefrr5pcvizjjn3pm4cbzfz2dzoryb"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"nothing to see": "nothing to see",
		"203.0.113.77":   "203.0.113.x",
		"dial tcp4 0.0.0.0:4001->203.0.113.77:4001: refused":             "dial tcp4 0.0.0.0:4001->203.0.113.x:4001: refused",
		"dial tcp [2001:db8:1:2::77]:4001: refused":                      "dial tcp [2001:db8:…]:4001: refused",
		"at 2001:db8::: no":                                              "at 2001:db8:…: no",
		"from 2001:db8::1.":                                              "from 2001:db8:….",
		"fe80::1%eth0 is down":                                           "fe80:0:… is down",
		"::ffff:203.0.113.77":                                            "203.0.113.x",
		"/ip4/203.0.113.77/tcp/1/p2p/" + id:                              "/ip4/203.0.113.x/tcp/1/p2p/…4kx6nXTN",
		"/ip6/2001:db8::77/udp/1/quic-v1":                                "/ip6/2001:db8:…/udp/1/quic-v1",
		"/ip6zone/eth0/ip6/fe80::1/udp/1":                                "/ip6zone/…/ip6/fe80:0:…/udp/1",
		"/dns4/home.example.org/tcp/1":                                   "/dns4/…/tcp/1",
		"/dnsaddr/home.example.org":                                      "/dnsaddr/…",
		"QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N":                 "…7DWjhx5N",
		"k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8": "…zllnv0v8",
		"asks " + account + " now":                                       "asks [account] now",
		strings.ToUpper(account):                                         "[account]",
		"truce:" + account + "?r=abcdef&n=Ann":                           "[link]",
		"at 12:34:56.789 on 2026-11-22T21:00:00Z":                        "at 12:34:56.789 on 2026-11-22T21:00:00Z",
		"version 1.2.3, 300.1.1.1, chat::send, :: and [::]:1":            "version 1.2.3, 300.1.1.1, chat::send, :: and [::]:1",
		"deadbeef": "deadbeef",
	} {
		if got := redact.Text(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// FuzzText: what is redacted stays so, and nothing makes it panic.
func FuzzText(f *testing.F) {
	f.Add("dial tcp [2001:db8::1%eth0]:4001 via /dns4/a/tcp/1/p2p/" + id)
	f.Add(":::203.0.113.77:.:")
	f.Fuzz(func(t *testing.T, s string) { redact.Text(s) })
}

type secret struct{}

func (secret) LogValue() slog.Value { return slog.StringValue("198.51.100.9") }

// Whatever way something gets into a line, it is redacted there.
func TestHandler(t *testing.T) {
	p, err := peer.Decode(id)
	if err != nil {
		t.Fatal(err)
	}
	addr := ma.StringCast("/ip4/203.0.113.77/tcp/4001")
	for name, next := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		log := slog.New(redact.Handler(redact.Handler(next(&b)))).With("self", p).WithGroup("g").With("at", addr)
		log.Debug("not written")
		log.Warn("met 203.0.113.77", "error", fmt.Errorf("no: %w", errors.New(addr.String())), "count", 7, "ok", true,
			"all", []ma.Multiaddr{addr}, "info", peer.AddrInfo{ID: p, Addrs: []ma.Multiaddr{addr}},
			"secret", secret{}, slog.Group("deep", "peer", p, "nothing", nil))
		line := b.String()
		for _, bad := range []string{"113.77", "100.9", id, "not written"} {
			if strings.Contains(line, bad) {
				t.Errorf("%s: %q stands in %s", name, bad, line)
			}
		}
		for _, good := range []string{"203.0.113.x", "4kx6nXTN", "198.51.100.x", "7", "true"} {
			if !strings.Contains(line, good) {
				t.Errorf("%s: %q is missing in %s", name, good, line)
			}
		}
	}
}
