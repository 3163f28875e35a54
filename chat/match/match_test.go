package match_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/truce-im/truce/chat/match"
)

func TestIn(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          string // where it stands; empty: nowhere
	}{
		{"hello", "Well, HeLLo there, and more", "HeLLo"},
		{"zoe", "to Zoë!", "Zoë"},
		{"ZOË", "to zoe!", "zoe"},
		{"zoe", "to Zoe\u0308!", "Zoe\u0308"},
		{"strasse", "Große Straße", "Straße"},
		{"Straße", "in der STRASSE hier", "STRASSE"},
		{"οδοσ", "Ὁδός", "Ὁδός"},
		{"ΜΟΣΚΒΑ", "москва", ""},
		{"ёлка", "новогодняя ЕЛКА", "ЕЛКА"},
		{"москва", "Это Москва, столица", "Москва"},
		{"tiếng việt", "học TIENG VIET", "TIENG VIET"},
		{"kelvin", "300 \u212Aelvin", "\u212Aelvin"},
		{"istanbul", "İstanbul", "İstanbul"},
		{"two words", "two\nwords", "two\nwords"},
		{"two words", "two\u00a0words", "two\u00a0words"},
		{"שלום", "שָׁלוֹם", "שָׁלוֹם"},
		{"❤", "I ❤️ you", "❤️"},
		{"日本", "今日は日本へ", "日本"},
		{"👍", "ok 👍🏽", "👍"},
		{"s", "ß", "ß"},
		{"aa", "a", ""},
		{"xyz", "", ""},
		{"", "text", ""},
		{"\u0301", "é", ""},
	} {
		p := match.New(c.pattern)
		if got := p.In([]byte(c.text)); got != (c.want != "") {
			t.Errorf("%q is in %q: %v", c.pattern, c.text, got)
		}
		from, to := p.Find(c.text)
		if from < 0 {
			from, to = 0, 0
		}
		if got := c.text[from:to]; got != c.want {
			t.Errorf("%q stands in %q as %q, not %q", c.pattern, c.text, got, c.want)
		}
	}
}

// Every character finds itself, in any case, and is not longer when folded; with
// others around it, too, where eight bytes are taken at a time.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		p := match.New(string(r))
		if p.Empty() {
			continue
		}
		for _, x := range []rune{r, unicode.ToUpper(r), unicode.ToLower(r)} {
			if !p.In([]byte(string(x))) && len(string(x)) >= len(string(r)) {
				t.Errorf("%U does not find %U", r, x)
			}
		}
		if r < 0x3000 && !p.In([]byte("1234567"+string(r)+"ABCDEFGHIJK")) {
			t.Errorf("%U is not found among others", r)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("oë", "to Zoë and\nothers, \u0301 \xff")
	f.Add("ss", strings.Repeat("x", 600)+"ß")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p := match.New(pattern)
		from, to := p.Find(text)
		if from >= 0 && (to <= from || to > len(text)) {
			t.Fatalf("Find(%q, %q) = %d, %d", pattern, text, from, to)
		}
		if from >= 0 && utf8.ValidString(text) && !p.In([]byte(text)) {
			t.Errorf("%q: found at %d of %q, and not in it", pattern, from, text)
		}
		if whole := pattern + text; utf8.ValidString(pattern) && utf8.ValidString(text) && !p.Empty() && !p.In([]byte(whole)) {
			t.Errorf("%q is not in %q", pattern, whole)
		}
	})
}

func TestInAllocatesNothing(t *testing.T) {
	p, text := match.New("nowhere"), []byte(strings.Repeat("Zoë wrote: ", 20))
	if n := testing.AllocsPerRun(100, func() { p.In(text) }); n > 0 {
		t.Errorf("it allocates %v times", n)
	}
}

func BenchmarkIn(b *testing.B) {
	for name, text := range map[string]string{
		"ascii":    "The quick brown fox jumps over the lazy dog. ",
		"german":   "Größere Äpfel fallen öfter über hübsche Gärten. ",
		"cyrillic": "Съешь ещё этих мягких французских булок. ",
		"japanese": "いろはにほへと散りぬるを我が世誰ぞ常ならむ",
	} {
		b.Run(name, func(b *testing.B) {
			text := slices.Repeat([]byte(text), 8)[:200]
			p := match.New("tarantino")
			b.SetBytes(200)
			for b.Loop() {
				p.In(text)
			}
		})
	}
}
