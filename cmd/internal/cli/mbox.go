package cli

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// mbox writes messages of a conversation as mail (RFC 5322) in an mbox file (RFC
// 4155). All of it is ASCII that is harmless on a terminal: headers are encoded
// words, bodies quoted-printable.
type mbox struct{ me, them person }

// person is one side of the conversation.
type person struct{ name, account string }

// mailDomain stands behind accounts and ids: they are no addresses of the mail,
// and must look like one (RFC 6761 §6.4).
const mailDomain = "@truce.invalid"

// maxSubject is how many characters of a message's first line are its subject.
const maxSubject = 60

// encode returns nothing for a message of which nothing is left, and for a notice,
// which nobody wrote.
func (x mbox) encode(m client.Message) ([]byte, error) {
	if m.Deleted || m.Notice != "" {
		return nil, nil
	}
	from, to := x.them, x.me
	if m.Out() {
		from, to = x.me, x.them
	}
	date := m.Time.Time
	if date.IsZero() {
		date = m.Received.Time
	}
	var b bytes.Buffer
	b.WriteString("From " + from.account + mailDomain + " " + date.UTC().Format(time.ANSIC) + "\n")
	header := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	header("From", from.address())
	header("To", to.address())
	header("Date", date.UTC().Format(time.RFC1123Z))
	header("Subject", fold(encodeWords(subject(m.Text))))
	header("Message-ID", messageID(m.ID))
	header("In-Reply-To", messageID(m.ReplyTo))
	header("References", messageID(m.ReplyTo))
	header("X-Truce-State", m.State)
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteByte('\n')
	body, err := mailBody(m.Text)
	b.Write(body)
	b.WriteString("\n\n")
	return b.Bytes(), err
}

func (p person) address() string {
	address := (&mail.Address{Address: p.account + mailDomain}).String()
	if strings.Contains(p.name, "=?") {
		return fold(encodeWords(p.name) + " " + address)
	}
	return fold((&mail.Address{Name: p.name, Address: p.account + mailDomain}).String())
}

// encodeWords encodes text for a header (RFC 2047) if it has to be: also where it
// looks as if it was, for a reader would show another text than was written.
func encodeWords(text string) string {
	if !strings.Contains(text, "=?") {
		return mime.QEncoding.Encode("utf-8", text)
	}
	var words []string
	for len(text) > 0 {
		n := min(len(text), maxWord)
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(text[:n]))+"?=")
		text = text[n:]
	}
	return strings.Join(words, " ")
}

// maxWord is how many bytes an encoded word holds, which has at most 75 itself.
const maxWord = 45

// fold breaks a header's value between encoded words, of which each is short.
func fold(value string) string { return strings.ReplaceAll(value, "?= =?", "?=\n =?") }

func messageID(id string) string {
	if id == "" {
		return ""
	}
	return "<" + id + mailDomain + ">"
}

// subject is the beginning of the first line that says something.
func subject(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return term.Brief(line, maxSubject)
}

// separator is what a reader of an mbox may take for the beginning of a message,
// or for one that was quoted.
var separator = regexp.MustCompile(`(?m)^>*From `)

// mailBody encodes the lines of text, none of which then is like a separator: its
// first character is written by its number. So the readers of every kind of mbox
// show what was written.
func mailBody(text string) ([]byte, error) {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	body := bytes.ReplaceAll(b.Bytes(), []byte("\r\n"), []byte("\n"))
	return separator.ReplaceAllFunc(body, func(s []byte) []byte {
		return append([]byte(map[byte]string{'F': "=46", '>': "=3E"}[s[0]]), s[1:]...)
	}), nil
}
