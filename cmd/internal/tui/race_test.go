package tui

import (
	"errors"
	"testing"
	"time"

	"github.com/truce-im/truce/node/api/client"
)

func told(m *model, msg client.Message) {
	m.Update(eventMsg{Event: client.EventState, Time: msg.Time, Message: &msg})
}

// pageOf is a page of the conversation with them, as it was asked for last.
func pageOf(m *model, at edge, end bool, list ...client.Message) pageMsg {
	return pageMsg{with: m.thread.with, at: at, list: list, end: end, round: m.thread.round}
}

func said(id, state string) client.Message {
	at := client.Time{Time: time.Date(2026, 1, 2, 15, 5, len(id), 0, time.UTC)}
	return client.Message{ID: id, Conversation: "them", From: "me", Direction: "out", Text: id, State: state, Time: at, Received: at}
}

// What is told while an older page is on its way is not undone by it: no message is
// missing, no tick goes back, nothing deleted is seen again.
func TestEventsOvertakePages(t *testing.T) {
	m := full(t)
	m.talkTo("them")
	late := pageOf(m, newest, true, said("a", "queued"), said("bb", "delivered"))
	told(m, said("a", "read"))
	gone := said("bb", "delivered")
	gone.Deleted = true
	told(m, gone)
	told(m, said("ccc", "queued"))
	m.Update(late)
	if len(m.thread.list) != 3 || m.thread.list[0].State != "read" || !m.thread.list[1].Deleted || m.thread.list[2].ID != "ccc" {
		t.Errorf("after the page there is %+v", m.thread.list)
	}
	if len(m.thread.late) > 0 {
		t.Error("what was told is kept")
	}
}

// The answer to what I send says less than what was told of it before.
func TestEventsOvertakeAnswers(t *testing.T) {
	m := full(t)
	m.thread.loading = true
	told(m, said("a", "delivered"))
	m.Update(sentMsg(said("a", "queued")))
	m.Update(pageOf(m, newest, true, said("a", "queued")))
	if got, _ := m.thread.get("a"); got.State != "delivered" {
		t.Errorf("while a page is on its way it becomes %q", got.State)
	}
	told(m, said("more", "delivered"))
	m.Update(sentMsg(said("more", "queued")))
	if got, _ := m.thread.get("more"); got.State != "delivered" {
		t.Errorf("it is %q", got.State)
	}
}

// A page that is not wanted any more leaves no gap.
func TestStalePages(t *testing.T) {
	m := full(t)
	m.ask(nil)
	old := pageOf(m, older, false, said("a", "read"))
	m.thread.last = false
	m.newest()
	m.Update(pageOf(m, newest, false, said("ccc", "read")))
	m.Update(old)
	if len(m.thread.list) != 1 || m.thread.list[0].ID != "ccc" {
		t.Errorf("there is %+v", m.thread.list)
	}
	m.talkTo("them")
	old = pageOf(m, newest, true, said("a", "read"))
	m.talkTo("other")
	m.talkTo("them")
	if m.Update(old); len(m.thread.list) > 0 || !m.thread.loading {
		t.Error("a page of the last time is taken for that of this time")
	}
}

// A page that does not come is asked for again.
func TestPageFails(t *testing.T) {
	m := full(t)
	m.talkTo("them")
	round := m.thread.round
	m.Update(failedMsg{err: errors.New("no")})
	if !m.thread.loading {
		t.Error("another failure is taken for the page's")
	}
	m.Update(failedMsg{err: errors.New("no"), round: round})
	if m.thread.loading {
		t.Error("the page is waited for for ever")
	}
}

// What is not known of what happened is asked for anew, even at the end of the
// conversation.
func TestReset(t *testing.T) {
	m := full(t)
	m.Update(eventMsg{Event: client.EventReset})
	if !m.thread.loading {
		t.Error("the conversation stays as it was")
	}
}

// An answer by a command stands where it was written, wherever the user is since.
func TestReplyElsewhere(t *testing.T) {
	m := full(t)
	m.talkTo("other")
	m.Update(pageOf(m, newest, true))
	sent := said("a", "queued")
	m.Update(ranMsg{Sent: &sent})
	if len(m.thread.list) > 0 {
		t.Error("it stands in the conversation with another")
	}
}
