package api

import (
	"net/http"
	"strconv"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/api/client"
)

// messageID is the message that the path names.
func (s *server) messageID(r *http.Request) (wire.MessageID, error) {
	return s.chat.ResolveID(r.PathValue("id"))
}

// optionalID resolves text, or returns no id if it is empty.
func (s *server) optionalID(text string) (wire.MessageID, error) {
	if text == "" {
		return wire.MessageID{}, nil
	}
	return s.chat.ResolveID(text)
}

func (s *server) send(r *http.Request) (any, error) {
	in, err := decode[client.SendRequest](r)
	if err != nil {
		return nil, err
	}
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	replyTo, err := s.optionalID(in.ReplyTo)
	if err != nil {
		return nil, err
	}
	m, err := s.chat.Send(who, in.Text, chat.SendOptions{ReplyTo: replyTo, Key: in.Key})
	return viewMessage(m), err
}

func (s *server) nudge(r *http.Request) (any, error) {
	in, err := decode[struct {
		Key string `json:"key"`
	}](r)
	if err != nil {
		return nil, err
	}
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	m, err := s.chat.Nudge(who, in.Key)
	return viewMessage(m), err
}

// defaultHistory is how many messages are returned unless told otherwise.
const defaultHistory = 50

func (s *server) history(r *http.Request) (any, error) {
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	opt := chat.HistoryOptions{N: defaultHistory}
	if n := query.Get("n"); n != "" {
		if opt.N, err = strconv.Atoi(n); err != nil || opt.N < 1 || opt.N > client.MaxHistory {
			return nil, chat.Errorf(chat.CodeUsage, "n must be a number from 1 to %d", client.MaxHistory)
		}
	}
	if opt.Before, err = s.optionalID(query.Get("before")); err != nil {
		return nil, err
	}
	if opt.After, err = s.optionalID(query.Get("after")); err != nil {
		return nil, err
	}
	if opt.Oldest, err = oldest(query); err != nil {
		return nil, err
	}
	list, err := s.chat.History(who, opt)
	return map[string]any{"messages": views(list, viewMessage)}, err
}

func (s *server) read(r *http.Request) (any, error) {
	in, err := decode[struct {
		UpTo string `json:"up_to"`
	}](r)
	if err != nil {
		return nil, err
	}
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	upTo, err := s.optionalID(in.UpTo)
	if err != nil {
		return nil, err
	}
	unread, err := s.chat.MarkRead(who, upTo)
	return client.Unread{Unread: unread}, err
}

func (s *server) outbox(*http.Request) (any, error) {
	list, err := s.chat.Outbox()
	return map[string]any{"messages": views(list, viewMessage)}, err
}

func (s *server) message(r *http.Request) (any, error) {
	id, err := s.messageID(r)
	if err != nil {
		return nil, err
	}
	m, err := s.chat.Message(id)
	return viewMessage(m), err
}

func (s *server) waitMessage(r *http.Request) (any, error) {
	id, err := s.messageID(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := withTimeout(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	m, err := s.chat.WaitDelivered(ctx, id)
	if err != nil && ctx.Err() != nil && r.Context().Err() == nil {
		m, err = s.chat.Message(id) // out of time: as it stands
	}
	return viewMessage(m), err
}

func (s *server) edit(r *http.Request) (any, error) {
	in, err := decode[struct {
		Text string `json:"text"`
		Key  string `json:"key"`
	}](r)
	if err != nil {
		return nil, err
	}
	id, err := s.messageID(r)
	if err != nil {
		return nil, err
	}
	m, err := s.chat.Edit(id, in.Text, in.Key)
	return viewMessage(m), err
}

func (s *server) delete(r *http.Request) (any, error) {
	in, err := decode[struct {
		Key string `json:"key"`
	}](r)
	if err != nil {
		return nil, err
	}
	id, err := s.messageID(r)
	if err != nil {
		return nil, err
	}
	m, err := s.chat.Delete(id, in.Key)
	return viewMessage(m), err
}

func (s *server) react(r *http.Request) (any, error) {
	in, err := decode[struct {
		Emoji  string `json:"emoji"`
		Remove bool   `json:"remove"`
		Key    string `json:"key"`
	}](r)
	if err != nil {
		return nil, err
	}
	id, err := s.messageID(r)
	if err != nil {
		return nil, err
	}
	m, err := s.chat.React(id, in.Emoji, in.Remove, in.Key)
	return viewMessage(m), err
}
