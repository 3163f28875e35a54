// Package emoji turns :names: into emoji, by the names that GitHub and others give
// them. Everything is safe for concurrent use.
package emoji

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	kyokomi "github.com/kyokomi/emoji/v2"
)

// Suggestion is an emoji with one of its names, between colons.
type Suggestion struct{ Name, Emoji string }

// names are those made of small letters, digits and _ + - alone, the shortest of them
// first. The tables are made when they are first wanted.
var names = sync.OnceValue(func() (list []Suggestion) {
	for name, emoji := range kyokomi.CodeMap() {
		if strings.IndexFunc(strings.Trim(name, ":"), notInName) < 0 {
			list = append(list, Suggestion{name, strings.TrimSpace(emoji)})
		}
	}
	slices.SortFunc(list, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return list
})

func inName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '+' || r == '-'
}

func notInName(r rune) bool { return !inName(r) }

// Complete returns at most so many emoji whose name begins with word, which begins
// with a colon; then those in whose name it begins a part. Each comes once, the
// shortest names first.
func Complete(word string, most int) (list []Suggestion) {
	word, ok := strings.CutPrefix(strings.ToLower(word), ":")
	if !ok || word == "" || strings.IndexFunc(word, notInName) >= 0 {
		return nil
	}
	for _, begin := range []string{":", "_"} {
		for _, s := range names() {
			if len(list) == most {
				return list
			}
			if strings.Contains(s.Name, begin+word) && !slices.ContainsFunc(list, func(x Suggestion) bool { return x.Emoji == s.Emoji }) {
				list = append(list, s)
			}
		}
	}
	return list
}

// Expand puts emoji in the place of their :names:, but for those in links, in `code`
// and within words, such as 10:30:00. What is no name stays.
func Expand(text string) string {
	if strings.Count(text, ":") < 2 {
		return text
	}
	var out strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i > 0 {
			out.WriteByte('`')
		}
		if i%2 == 1 && i < strings.Count(text, "`") {
			out.WriteString(part) // between two of them
			continue
		}
		expandWords(&out, part)
	}
	return out.String()
}

func expandWords(out *strings.Builder, text string) {
	for text != "" {
		n := strings.IndexAny(text, " \t\n") + 1
		if n == 0 {
			n = len(text)
		}
		if word := text[:n]; strings.Contains(word, "://") {
			out.WriteString(word)
		} else {
			expandWord(out, word)
		}
		text = text[n:]
	}
}

func expandWord(out *strings.Builder, word string) {
	codes := kyokomi.CodeMap()
	within := false // a word: no name begins here
	for word != "" {
		if word[0] == ':' && !within {
			if end := strings.IndexByte(word[1:], ':'); end > 0 && strings.IndexFunc(word[1:1+end], notInName) < 0 {
				if emoji, known := codes[word[:end+2]]; known {
					out.WriteString(strings.TrimSpace(emoji))
					word = word[end+2:]
					continue
				}
			}
		}
		r, n := utf8.DecodeRuneInString(word)
		within = r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r)
		out.WriteString(word[:n])
		word = word[n:]
	}
}
