package chat_test

import (
	"testing"

	"github.com/truce-im/truce/chat"
)

// What is sent between the commit of a new device key and its being taken on
// stands in the new device's log: the old one's is over (rule 12).
func TestSendWhileTheDeviceIsRenewed(t *testing.T) {
	ann, ben, p := pair(t)
	ann.send(t, ben, "before")
	p.exchange(t)
	old := ann.logTo(ben)
	ann.disk.wrote = func() { ann.send(t, ben, "meanwhile") }
	if err := ann.Renew(ann.key); err != nil {
		t.Fatal(err)
	}
	if ann.Device() == old.Device || ann.head(t, old).Head != 1 || ann.head(t, ann.logTo(ben)).Head != 1 {
		t.Errorf("the old log ends at %d, the new one at %d", ann.head(t, old).Head, ann.head(t, ann.logTo(ben)).Head)
	}
	open(t, ann, ben).exchange(t)
	if got := ben.texts(t, ann); len(got) != 3 || got[2] != "meanwhile" { // and the notice
		t.Errorf("Ben has %q", got)
	}
}

// A home that must not write says so in words, and can be read (rule 2).
func TestStoppedHomeSaysSo(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "before")
	p.exchange(t)
	if _, err := ann.Born("first"); err != nil {
		t.Fatal(err)
	}
	if copied, err := ann.Born("second"); err != nil || !copied {
		t.Fatalf("a copy is not recognised: %v", err)
	}
	for what, write := range map[string]func() error{
		"send":   func() error { _, err := ann.Send(ben.Account(), "no", chat.SendOptions{}); return err },
		"edit":   func() error { _, err := ann.Edit(m.ID, "no", ""); return err },
		"delete": func() error { _, err := ann.Delete(m.ID, ""); return err },
		"react":  func() error { _, err := ann.React(m.ID, "👍", false, ""); return err },
	} {
		err := write()
		wantCode(t, err, chat.CodeFailed)
		if told, ok := err.(*chat.Error); !ok || told.Hint == "" {
			t.Errorf("%s: %v, without a next step", what, err)
		}
	}
	wantTexts(t, ann.texts(t, ben), "before")
	if err := ann.Renew(ann.key); err != nil {
		t.Fatal(err)
	}
	ann.send(t, ben, "after")
}
