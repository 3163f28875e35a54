package chat_test

import (
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func TestMessageIsDeliveredAndRead(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "hello Ben")
	if m.State != chat.Queued {
		t.Errorf("it is %s before it was pushed", m.State)
	}
	p.exchange(t)
	if got := ann.message(t, m.ID).State; got != chat.Delivered {
		t.Errorf("it is %s after the push", got)
	}
	if got := ben.message(t, m.ID); got.State != chat.Received || got.Text != "hello Ben" || got.Out || got.FromName != "Ann" {
		t.Errorf("at Ben it is %+v", got)
	}
	if n := ben.unread(t, ann); n != 1 {
		t.Errorf("%d are unread", n)
	}
	if n, err := ben.MarkRead(ann.Account(), wire.MessageID{}); n != 0 || err != nil {
		t.Errorf("%d are left unread, %v", n, err)
	}
	p.exchange(t)
	if got := ann.message(t, m.ID).State; got != chat.Read {
		t.Errorf("it is %s after Ben read it", got)
	}
}
