package chat_test

import (
	"testing"

	"github.com/truce-im/truce/chat"
)

func TestCheckReaction(t *testing.T) {
	for _, s := range []string{"👍", "👍🏽", "❤️", "ℹ️", "1️⃣", "#️⃣", "‼️", "↔️", "©", "🅰️", "㊗️", "🇨🇭", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"} {
		if err := chat.CheckReaction(s, false); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"", "notanemoji", "+1", ":)", "12", "é", "да", "好", "👍yes", "a b", "👍 "} {
		if err := chat.CheckReaction(s, false); err == nil {
			t.Errorf("%q may be a reaction", s)
		}
	}
	if err := chat.CheckReaction("notanemoji", true); err != nil {
		t.Errorf("it cannot be taken off: %v", err)
	}
}
