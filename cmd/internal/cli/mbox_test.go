package cli_test

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/cmd/internal/cli"
	"github.com/truce-im/truce/node/api/client"
)

// A mail program gets back what was written, whatever that was.
func TestMail(t *testing.T) {
	me, them := [2]string{"Zoë \"Z\" 👩‍👩‍👧", strings.Repeat("a", 56)}, [2]string{strings.Repeat("👩", 64), strings.Repeat("b", 56)}
	sent := time.Date(2025, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600))
	for _, text := range []string{
		"hello", "two\nlines\n", "From here\n>From there\n>>From\nFrom", "\nFrom ", "naïve 日本\x1b[2J\u202e\u0085",
		strings.Repeat("x", 64<<10), strings.Repeat("long words ", 5000), "trailing \t\nspace ", ".\n..\n", "=46rom =\n=3E", "?= =?utf-8?q?x?= =?",
	} {
		m := client.Message{
			ID: strings.Repeat("1", 64), ReplyTo: strings.Repeat("2", 64), Direction: "out",
			Time: client.Time{Time: sent}, Text: text, State: "read",
		}
		b, err := cli.EncodeMail(me, them, m)
		if err != nil {
			t.Fatal(err)
		}
		wantMail(t, b, m, me, them)
	}
	if b, err := cli.EncodeMail(me, them, client.Message{Deleted: true}); len(b) > 0 || err != nil {
		t.Errorf("a deleted message is %q, %v", b, err)
	}
}

func wantMail(t *testing.T, b []byte, m client.Message, from, to [2]string) {
	t.Helper()
	line, rest, _ := bytes.Cut(b, []byte("\n"))
	if want := "From " + from[1] + "@truce.invalid Sat Mar  1 12:00:00 2025"; string(line) != want {
		t.Errorf("the first line is %q, not %q", line, want)
	}
	if !bytes.HasSuffix(rest, []byte("\n\n")) || regexp.MustCompile(`(?m)^>*From `).Match(rest) {
		t.Errorf("it does not stand apart:\n%s", rest)
	}
	if regexp.MustCompile(`[^\n\x20-\x7e]|[^\n]{999}`).Match(b) {
		t.Errorf("it has a long line or a byte that is not printable:\n%q", b)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(rest))
	if err != nil {
		t.Fatal(err)
	}
	for name, person := range map[string][2]string{"From": from, "To": to} {
		a, err := mail.ParseAddress(msg.Header.Get(name))
		if err != nil || a.Name != person[0] || a.Address != person[1]+"@truce.invalid" {
			t.Errorf("%s is %v, %v, not %s", name, a, err, person)
		}
	}
	if date, err := msg.Header.Date(); err != nil || !date.Equal(m.Time.Time) {
		t.Errorf("its date is %v, %v", date, err)
	}
	if _, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		t.Error(err)
	}
	for name, id := range map[string]string{"Message-Id": m.ID, "In-Reply-To": m.ReplyTo, "References": m.ReplyTo} {
		if got := msg.Header.Get(name); got != "<"+id+"@truce.invalid>" {
			t.Errorf("%s is %q", name, got)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if got := strings.TrimSuffix(string(body), "\n\n"); got != m.Text || err != nil {
		t.Errorf("the body is %.200q, %v, not %.200q", got, err, m.Text)
	}
}

// What looks like an encoded word is shown as it was written.
func TestMailOfADeceitfulName(t *testing.T) {
	for _, name := range []string{"=?utf-8?q?Zo=C3=AB?=", `"=?utf-8?b?WA==?=" \`, strings.Repeat("=?", 32)} {
		b, err := cli.EncodeMail([2]string{"me", "a"}, [2]string{name, "b"}, client.Message{ID: "1", Direction: "in"})
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(b, []byte("\n"))
		msg, err := mail.ReadMessage(bytes.NewReader(rest))
		if err != nil {
			t.Fatal(err)
		}
		if from := msg.Header.Get("From"); strings.Contains(from, `"=?`) {
			t.Errorf("a reader may decode %s", from)
		}
		if a, err := mail.ParseAddress(msg.Header.Get("From")); err != nil || a.Name != name || a.Address != "b@truce.invalid" {
			t.Errorf("%q is %v, %v", name, a, err)
		}
	}
}

func TestMailSubject(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                  "hello",
		"\n  two   words\nmore":  "two words",
		strings.Repeat("é", 100): strings.Repeat("é", 59) + "…",
		"\x1b[2J":                "\x1b[2J",
		"a =?utf-8?q?lie?=":      "a =?utf-8?q?lie?=",
		"?= =?utf-8?q?lie?= =?":  "?= =?utf-8?q?lie?= =?",
		"":                       "",
	} {
		b, err := cli.EncodeMail([2]string{}, [2]string{}, client.Message{ID: "1", Text: text})
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(b, []byte("\n"))
		msg, err := mail.ReadMessage(bytes.NewReader(rest))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); got != want || err != nil {
			t.Errorf("the subject of %q is %q, %v", text, got, err)
		}
	}
}
