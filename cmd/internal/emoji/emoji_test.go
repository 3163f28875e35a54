package emoji_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/truce-im/truce/cmd/internal/emoji"
)

func TestExpand(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"hello :smile:":                  "hello 😄",
		":+1::tada:":                     "👍🎉",
		"(:heart:)":                      "(❤️)",
		"at 10:30:45":                    "at 10:30:45",
		"std::vector::iterator":          "std::vector::iterator",
		":no_such_thing:":                ":no_such_thing:",
		":Smile: :smile":                 ":Smile: :smile",
		"`:smile:` and :smile:":          "`:smile:` and 😄",
		"`:smile: is open":               "`😄 is open",
		"https://a.example/:smile:/x":    "https://a.example/:smile:/x",
		"::smile:":                       "::smile:",
		"🎉:smile:":                       "🎉😄",
		"a\n:smile:\tb":                  "a\n😄\tb",
		"日本:smile:":                      "日本:smile:",
		strings.Repeat(":", 1000) + "x:": strings.Repeat(":", 1000) + "x:",
	} {
		if got := emoji.Expand(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	for _, test := range []struct{ word, name, emoji string }{
		{":tad", ":tada:", "🎉"},
		{":TAD", ":tada:", "🎉"},
		{":thumbsu", ":thumbsup:", "👍"},
		{":+", ":+1:", "👍"},
	} {
		list := emoji.Complete(test.word, 5)
		if len(list) == 0 || list[0] != (emoji.Suggestion{Name: test.name, Emoji: test.emoji}) {
			t.Errorf("%s may become %v, not first %s", test.word, list, test.name)
		}
	}
	for _, word := range []string{"", ":", "tada", ":no such", ":zzzzzz", ":-D("} {
		if list := emoji.Complete(word, 5); len(list) > 0 {
			t.Errorf("%q may become %v", word, list)
		}
	}
	seen := map[string]bool{}
	list := emoji.Complete(":s", 20)
	for _, s := range list {
		if seen[s.Emoji] || s.Emoji == "" || strings.ContainsAny(s.Name, " ()") {
			t.Errorf("%v comes again, or is none", s)
		}
		seen[s.Emoji] = true
	}
	if len(list) != 20 {
		t.Errorf("there are %d", len(list))
	}
}

func FuzzExpand(f *testing.F) {
	f.Add(":smile: `:smile:` https://x/:a: 10:30:45")
	f.Fuzz(func(t *testing.T, text string) {
		got := emoji.Expand(text)
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q becomes %q", text, got)
		}
		if emoji.Expand(got) != got && !strings.Contains(text, "::") {
			t.Errorf("%q becomes %q, and that %q", text, got, emoji.Expand(got))
		}
	})
}
