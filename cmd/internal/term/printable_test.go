package term_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/truce-im/truce/cmd/internal/term"
)

var hostile = []string{
	"plain", "naïve 👩‍👩‍👧 日本", "\x1b[2Jgone", "a\nb\tc\r\n", "\x00\x7f\u0080\u009b31m", "\u202eevil\u2066x\u2069",
	"\u2028\u2029", "\U000E0041\U000E007F", "\u061c\u200e\u200f", "\xff\xfe", "C:\\u0041 \\", `"quoted" <b>&`,
}

// forbidden is written apart from the code under test, from rule 33.
func forbidden(r rune) bool {
	bidi := []rune{0x61C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069}
	return unicode.Is(unicode.Cc, r) || strings.ContainsRune(string(bidi), r) ||
		unicode.In(r, unicode.Zl, unicode.Zp) || r >= 0xE0000 && r <= 0xE007F
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Zoë 👩‍👩‍👧":   "Zoë 👩‍👩‍👧",
		"a\x1b[2J":    "a\uFFFD[2J",
		"two\nlines":  "two\uFFFDlines",
		"\u202eabc":   "\uFFFDabc",
		"\U000E0041x": "\uFFFDx",
	} {
		if got := term.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPrintableText(t *testing.T) {
	if got, want := term.PrintableText("a\tb\r\nc\x1b\nd", "  "), "a\tb\n  c\uFFFD\n  d"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	got, err := term.JSON(map[string]string{"text": "\x1b\u009b\u202e\u2028\U000E0041 <é>"})
	want := `{"text":"\u001b\u009b\u202e\u2028\udb40\udc41 <é>"}` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line, text := term.Printable(s), term.PrintableText(s, "    ")
		if i := strings.IndexFunc(line, forbidden); i >= 0 || !utf8.ValidString(line) {
			t.Errorf("Printable(%q) = %q", s, line)
		}
		body := strings.NewReplacer("\n", "", "\t", "").Replace(text)
		if i := strings.IndexFunc(body, forbidden); i >= 0 || !utf8.ValidString(text) {
			t.Errorf("PrintableText(%q) = %q", s, text)
		}
		for i, l := range strings.Split(text, "\n") {
			if i > 0 && !strings.HasPrefix(l, "    ") {
				t.Errorf("PrintableText(%q) has a line that is not indented", s)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line, err := term.JSON(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(strings.TrimSuffix(string(line), "\n"), forbidden); i >= 0 {
			t.Errorf("JSON(%q) = %q", s, line)
		}
		var back map[string]string
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("JSON(%q) = %s: %v", s, line, err)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); utf8.ValidString(s) && back[want] != want {
			t.Errorf("JSON(%q) decodes to %q", s, back)
		}
	})
}
