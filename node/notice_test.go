package node_test

import (
	"testing"

	"github.com/truce-im/truce/chat"
)

// Who renews a device key is noticed by the contact, in the conversation; at
// home nothing stands there (rule 10).
func TestContactSeesNewDevice(t *testing.T) {
	_, _, a, b := friends(t)
	delivered(t, a, b, "before")
	if err := a.Renew(nil); err != nil {
		t.Fatal(err)
	}
	delivered(t, a, b, "after")
	seen := func(h []chat.Message, err error) (count int) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range h {
			if m.Notice == chat.NoticeNewDevice {
				count++
			}
		}
		return count
	}
	if n := seen(b.Chat().History(a.Chat().Account(), chat.HistoryOptions{})); n != 1 {
		t.Errorf("Ben sees %d lines", n)
	}
	if n := seen(a.Chat().History(b.Chat().Account(), chat.HistoryOptions{})); n != 0 {
		t.Errorf("Ann sees %d lines", n)
	}
}
