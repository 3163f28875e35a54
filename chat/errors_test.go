package chat_test

import (
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// What is over a limit is refused by rule; what can be nothing is wrong usage.
func TestInputErrors(t *testing.T) {
	for text, want := range map[string]chat.Code{
		strings.Repeat("x", wire.MaxName+1): chat.CodeRefused,
		"":                                  chat.CodeUsage,
		"a\x07":                             chat.CodeUsage,
		"#room":                             chat.CodeUsage,
	} {
		wantCode(t, chat.InputError(wire.CheckName(text)), want)
	}
	wantCode(t, chat.InputError(wire.CheckNote(strings.Repeat("x", wire.MaxNote+1))), chat.CodeRefused)
	wantCode(t, chat.InputError(wire.CheckText(strings.Repeat("x", wire.MaxText+1))), chat.CodeRefused)
	if err := chat.InputError(wire.CheckName("Ann")); err != nil {
		t.Error(err)
	}
}
