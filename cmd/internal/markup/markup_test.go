package markup_test

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/cmd/internal/markup"
	"github.com/truce-im/truce/cmd/internal/term"
)

// signs are styles that show in letters what text looks like.
func signs() markup.Styles {
	sign := func(name string) lipgloss.Style {
		return lipgloss.NewStyle().Transform(func(s string) string { return "{" + name + " " + s + "}" })
	}
	code := sign("code")
	return markup.Styles{
		Strong: sign("strong"), Emphasis: sign("em"), Struck: sign("struck"), Heading: sign("head"),
		Link: sign("link"), Found: sign("found"), Code: &code, Cells: ansi.GraphemeWidth,
	}
}

func TestRows(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"plain", "hello there", "hello there"},
		{"nothing", "", ""},
		{"strong", "a **b c** d", "a {strong b c} d"},
		{"emphasis", "*a* and _b_", "{em a} and {em b}"},
		{"struck", "~~no~~ yes", "{struck no} yes"},
		{"code", "run `a *b* c` now", "run {code a *b* c} now"},
		{"at the ends of words alone", "2*3*4 snake_case_name ~/a ~/b __init__", "2*3*4 snake_case_name ~/a ~/b __init__"},
		{"with spaces", "a * b * c", "a * b * c"},
		{"never closed", "**a *b `c", "**a *b `c"},
		{"nothing between", "**** ** ** __ ``", "**** ** ** __ ``"},
		{"before a full stop", "*so*.", "{em so}."},
		{"in a script without spaces", "这是**重点**吗", "这是{strong 重点}吗"},
		{"a link", "see https://truce.example/a_b_c(d), please", "see {link https://truce.example/a_b_c(d)}, please"},
		{"a link in brackets", "(https://a.example/)", "({link https://a.example/})"},
		{"a link in a sentence", "is it https://a.example/?", "is it {link https://a.example/}?"},
		{"no link", "xhttps://a https:// shttp", "xhttps://a https:// shttp"},
		{"words that are a link", "[my page](https://a.example)", "my page ({link https://a.example})"},
		{"words that are their link", "[https://a.example](https://a.example)", "{link https://a.example}"},
		{"words that lead nowhere", "[a](b) [c] [](https://a.example)", "[a](b) [c] []({link https://a.example})"},
		{"a link of Truce", "truce:abc", "{link truce:abc}"},
		{"heading", "## One *two*", "{head One }{em two}"},
		{"no heading", "#one", "#one"},
		{"quote", "> a\n>> b", "│ a\n│ │ b"},
		{"list", "- a\n  * b\n+ c", "• a\n  • b\n• c"},
		{"tasks", "- [ ] a\n- [x] b", "☐ a\n☑ b"},
		{"numbers", "1. a\n10) b", "1. a\n10) b"},
		{"block", "```go\na  *b*\n\nc\n```\nd", "▏ {code a  *b*}\n▏ \n▏ {code c}\nd"},
		{"block never closed", "```\na", "```\na"},
		{"empty block", "```\n```\na", "```\n```\na"},
		{"tab", "a\tb", "a    b"},
		{"CR LF", "a\r\nb", "a\nb"},
		{"controls", "a\x1b[31mb\u202ec", "a\uFFFD[31mb\uFFFDc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ansi.Strip(strings.Join(signs().Rows(test.text, 80), "\n")); got != test.want {
				t.Errorf("%q becomes\n%s, not\n%s", test.text, got, test.want)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		name, text string
		width      int
		want       string
	}{
		{"words", "aaa bbb ccc ddd", 8, "aaa bbb\nccc ddd"},
		{"spaces at an end are dropped", "aaaaaaaa   bbb", 8, "aaaaaaaa\nbbb"},
		{"spaces at the beginning stay", "  aaa bbb ccc", 8, "  aaa\nbbb ccc"},
		{"a long word", "aa bbbbbbbbbbbb c", 8, "aa\nbbbbbbbb\nbbbb c"},
		{"a long word behind a space", " bbbbbbbbbbbb", 8, "\nbbbbbbbb\nbbbb"},
		{"wide characters", "你好世界你好", 8, "你好世界\n你好"},
		{"half a character is no room", "a你好世界", 8, "a你好世\n界"},
		{"a full stop stays with its word", "你好世界。", 8, "你好世\n界。"},
		{"emoji", "👍🏽👍🏽👍🏽👍🏽👍🏽", 8, "👍🏽👍🏽👍🏽👍🏽\n👍🏽"},
		{"a family", "aaaaaaa 👨‍👩‍👧‍👦", 8, "aaaaaaa\n👨‍👩‍👧‍👦"},
		{"a list hangs", "- aaa bbbbb", 10, "• aaa\n  bbbbb"},
		{"too narrow to hang", "- aaa", 4, "aaa"},
		{"code in a block is cut", "```\naaa bbb cc\n```", 11, "▏ aaa bbb c\n▏ c"},
		{"no room at all", "你a", 1, "你\na"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := markup.Styles{Cells: ansi.GraphemeWidth}
			if got := strings.Join(s.Rows(test.text, test.width), "\n"); got != test.want {
				t.Errorf("%q becomes\n%s, not\n%s", test.text, got, test.want)
			}
		})
	}
}

// A terminal that counts each rune of an emoji has room for fewer of them.
func TestCells(t *testing.T) {
	s := markup.Styles{Cells: ansi.WcWidth}
	if got := s.Rows("👍🏽👍🏽👍🏽", 8); len(got) != 2 {
		t.Errorf("three thumbs of four cells each become %q", got)
	}
}

func TestFound(t *testing.T) {
	s := signs()
	for _, test := range []struct{ text, words, want string }{
		{"Zoë and zoe", "zoe", "{found Zoë} and {found zoe}"},
		{"the **big** one", "big one", "the {found big}{found  one}"},
		{"nothing", "else", "nothing"},
		{"aaa", "a", "{found aaa}"},
	} {
		if got := strings.Join(s.Rows(test.text, 80, match.New(test.words)), "\n"); got != test.want {
			t.Errorf("%q in %q: %s, not %s", test.words, test.text, got, test.want)
		}
	}
}

// Accents heaped on a letter do not reach other rows.
func TestHeapedAccents(t *testing.T) {
	got := markup.Styles{}.Rows("a"+strings.Repeat("\u0301", 10_000)+"b", 80)
	if len(got) != 1 || len(got[0]) > 30 || !strings.HasSuffix(got[0], "b") {
		t.Errorf("%d rows, the first of %d bytes", len(got), len(got[0]))
	}
}

// Links lead where they say.
func TestLinkTarget(t *testing.T) {
	got := markup.Styles{}.Rows("https://a.example/b", 80)[0]
	if want := ansi.SetHyperlink("https://a.example/b"); !strings.HasPrefix(got, want) || ansi.Strip(got) != "https://a.example/b" {
		t.Errorf("the link is %q", got)
	}
}

func FuzzRows(f *testing.F) {
	for _, text := range []string{"**a** `b` _c_ ~~d~~", "[a](https://b)", "> > - [x] 1. #", "```\na\n```", "👨‍👩‍👧‍👦 שלום", "***a*b**"} {
		f.Add(text, "a", 10)
	}
	f.Fuzz(func(t *testing.T, text, words string, width int) {
		width = 1 + max(0, width)%200
		for _, cells := range []ansi.Method{ansi.WcWidth, ansi.GraphemeWidth} {
			rows := markup.Styles{Cells: cells}.Rows(text, width, match.New(words))
			if len(rows) == 0 {
				t.Fatal("no rows")
			}
			for _, row := range rows {
				shown := ansi.Strip(row)
				if term.Printable(shown) != shown {
					t.Fatalf("%q shows %q", text, shown)
				}
				if n := cells.StringWidth(shown); n > width && len([]rune(shown)) > 1 && oneCharacter(shown, cells) < len(shown) {
					t.Fatalf("a row of %d cells, not %d: %q", n, width, shown)
				}
			}
		}
	})
}

// oneCharacter is the length of the first character of a row.
func oneCharacter(row string, cells ansi.Method) int {
	first, _ := ansi.FirstGraphemeCluster(row, cells)
	return len(first)
}

// The time is in proportion to the length, whatever the text.
func BenchmarkRows(b *testing.B) {
	for name, piece := range map[string]string{
		"words": "some words of no interest ", "signs": "*a _b **c ~~", "links": "[a](http://a", "brackets": "[", "backticks": "`` ` ",
		"fences": "```a\n", "urls": "http://", "accents": "\u0301", "emoji": "👨‍👩‍👧‍👦",
	} {
		for _, n := range []int{4 << 10, 64 << 10} {
			text := strings.Repeat(piece, n/len(piece))
			b.Run(name+"/"+map[int]string{4 << 10: "4KiB", 64 << 10: "64KiB"}[n], func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					markup.Styles{}.Rows(text, 80)
				}
			})
		}
	}
}
