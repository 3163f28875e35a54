package api

import (
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

// viewTime turns unix milliseconds into a time; 0 is none.
func viewTime(ms uint64) client.Time {
	if ms == 0 {
		return client.Time{}
	}
	return client.Time{Time: chat.Time(ms)}
}

func viewContact(c chat.ContactView) client.Contact {
	out := client.Contact{
		Account:  c.Account.String(),
		Name:     c.Name,
		State:    string(c.Relation),
		Presence: presences[c.Presence.State],
		Status:   c.Presence.Text,
		Idle:     viewTime(c.Presence.Idle),
		Typing:   c.Typing,
		Groups:   append([]string{}, c.Groups...),
		Memo:     c.Memo,
		Shown:    c.Shown.String(),
		Tell:     c.Tell,
		Hidden:   c.Hidden,
		LastSeen: viewTime(c.LastSeen),
		Verified: c.Verified,
		Why:      c.Why,
		Unread:   c.Unread,
	}
	if c.Relation == chat.Gone {
		out.State = string(chat.Declined)
	}
	return out
}

func viewRequest(q chat.Request) client.Request {
	return client.Request{Account: q.Account.String(), Name: q.Name, Note: q.Note, Time: viewTime(q.Time)}
}

func viewMessage(m chat.Message) client.Message {
	out := client.Message{
		ID:           m.ID.String(),
		Conversation: m.Peer.String(),
		Direction:    "in",
		From:         m.From.String(),
		FromName:     m.FromName,
		Time:         viewTime(m.Time),
		Received:     viewTime(m.Received),
		Text:         m.Text,
		State:        string(m.State),
		Edited:       m.Edited,
		Deleted:      m.Deleted,
		Reactions:    make(map[string][]string, len(m.Reactions)),
		Files:        []client.File{},
		Why:          m.Why,
		Auto:         m.Auto,
		Nudge:        m.Nudge,
		Notice:       string(m.Notice),
	}
	if m.Notice != "" {
		out.From = ""
	}
	if m.Out {
		out.Direction = "out"
	}
	if !m.ReplyTo.IsZero() {
		out.ReplyTo = m.ReplyTo.String()
	}
	for emoji, accounts := range m.Reactions {
		out.Reactions[emoji] = views(accounts, wire.Account.String)
	}
	return out
}

func viewPeer(p node.PeerInfo) client.Peer {
	out := client.Peer{
		PeerID:    p.PeerID,
		Name:      p.Name,
		Addr:      p.Addr,
		Via:       p.Via,
		Transport: p.Transport,
		RTT:       p.RTT.Round(time.Millisecond).Milliseconds(),
	}
	if p.Account != (wire.Account{}) {
		out.Account = p.Account.String()
	}
	return out
}

func viewUpdate(u chat.Update) client.Event {
	out := client.Event{Cursor: u.Cursor, Event: string(u.Kind), Time: viewTime(u.Time), What: u.What, Tell: u.Tell}
	if u.Message != nil {
		m := viewMessage(*u.Message)
		out.Message = &m
	}
	if u.Contact != nil {
		c := viewContact(*u.Contact)
		out.Contact = &c
	}
	return out
}

// views turns every element of a list; the result is never nil, so that it is
// written as [].
func views[A, B any](list []A, view func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, view(a))
	}
	return out
}
