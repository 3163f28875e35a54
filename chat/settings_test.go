package chat_test

import (
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
)

func TestSettingValues(t *testing.T) {
	n := newNode(t, "Ann")
	long := strings.Repeat("ü", chat.MaxAutoReply)
	for _, tt := range []struct {
		name, value string
		code        chat.Code // empty: it holds
	}{
		{chat.ReadReceipts, "false", ""},
		{chat.ReadReceipts, "", chat.CodeUsage},
		{chat.Typing, "false", ""},
		{chat.Typing, "yes", chat.CodeUsage},
		{chat.AutoReply, "back\nat noon", ""},
		{chat.AutoReply, long, ""},
		{chat.AutoReply, long + "x", chat.CodeRefused},
		{chat.AutoReply, "\xff", chat.CodeUsage},
		{chat.AutoReply, "", ""},
		{chat.AwayAfter, "90s", ""},
		{chat.AwayAfter, "0", ""},
		{chat.AwayAfter, "-1m", chat.CodeUsage},
		{chat.AwayAfter, "1ms", chat.CodeUsage},
		{chat.AwayAfter, "", chat.CodeUsage},
		{chat.AwayAfter, "10", chat.CodeUsage},
		{chat.Nearby, "true", ""},
		{"nonsense", "true", chat.CodeNotFound},
	} {
		before, _ := n.Setting(tt.name)
		err := n.SetSetting(tt.name, tt.value)
		want := tt.value
		if tt.code != "" {
			wantCode(t, err, tt.code)
			want = before
		} else if err != nil {
			t.Error(err)
		}
		n.restart(t)
		if got, _ := n.Setting(tt.name); got != want {
			t.Errorf("%s is %q, not %q", tt.name, got, want)
		}
	}
	for _, name := range chat.Settings() {
		if _, err := n.Setting(name); err != nil {
			t.Error(err)
		}
	}
}
