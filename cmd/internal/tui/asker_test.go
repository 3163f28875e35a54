package tui

import (
	"testing"

	"github.com/truce-im/truce/node/api/client"
)

// Only who asks is told of as somebody who asks, and once.
func TestTellAsker(t *testing.T) {
	for state, want := range map[string]bool{"requested": true, "asked": false, "accepted": false, "gone": false} {
		m := full(t)
		e := client.Event{Event: client.EventContact, Contact: &client.Contact{Account: "new", Name: "New", State: state}}
		if told := m.tellAsker(e) != nil; told != want {
			t.Errorf("%s: told is %t", state, told)
		}
		e.Contact.Account = "asker"
		if m.tellAsker(e) != nil {
			t.Errorf("%s: who asked before is told of again", state)
		}
	}
}
