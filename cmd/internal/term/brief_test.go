package term_test

import (
	"testing"

	"github.com/truce-im/truce/cmd/internal/term"
)

func TestBrief(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		"éééééé":        "éééééé",
		"ééééééé":       "ééééé…",
		" a\n\tb  c \n": "a b c",
		"ab\ncdefg":     "ab cd…",
	} {
		if got := term.Brief(text, 6); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
