package chat_test

import (
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
)

// Rows of the journal are bounded for a contact that comes and goes without
// end, and what was told last is true.
func TestFlappingContact(t *testing.T) {
	ann, ben, _ := pair(t)
	cursor := func() (n uint64) {
		ann.view(t, func(r chat.Reader) error {
			n = r.Cursor()
			return nil
		})
		return n
	}
	rows := func(times int) (n uint64, online bool) {
		t.Helper()
		since := cursor()
		for range times {
			for _, link := range []func() error{
				func() error { return ann.LinkUp(ben.Account()) },
				func() error { return ann.LinkDown(ben.Account()) },
			} {
				if err := link(); err != nil {
					t.Fatal(err)
				}
			}
		}
		c, err := ann.Contact(ben.Account())
		if err != nil {
			t.Fatal(err)
		}
		return cursor() - since, c.Online
	}
	if n, online := rows(3); n != 6 || online {
		t.Errorf("three visits take %d rows; still there: %t", n, online)
	}
	if n, _ := rows(10_000); n > 2*64 {
		t.Errorf("10,000 visits take %d rows", n)
	}
	ann.clock.advance(10 * time.Minute)
	if n, _ := rows(100); n != 20 {
		t.Errorf("ten minutes later, 100 visits take %d rows", n)
	}
}
