package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/api/client"
)

// who is the account that the path names.
func (s *server) who(r *http.Request) (wire.Account, error) {
	return s.chat.Resolve(r.PathValue("who"))
}

func (s *server) contacts(r *http.Request) (any, error) {
	list, err := s.chat.Contacts()
	if group := r.URL.Query().Get("group"); group != "" {
		list = slices.DeleteFunc(list, func(c chat.ContactView) bool { return !c.InGroup(group) })
	}
	return map[string]any{"contacts": views(list, viewContact)}, err
}

func (s *server) contact(r *http.Request) (any, error) {
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	c, err := s.chat.Contact(who)
	return viewContact(c), err
}

func (s *server) add(r *http.Request) (any, error) {
	in, err := decode[client.AddRequest](r)
	if err != nil {
		return nil, err
	}
	link, err := wire.ParseLink(in.Link)
	if wire.ErrorClass(err) == "link-scheme" {
		return s.addNearby(in, err)
	}
	if err != nil {
		return nil, err
	}
	return s.ask(link, in)
}

func (s *server) ask(link wire.Link, in client.AddRequest) (any, error) {
	c, notice, err := s.chat.Ask(link, chat.AskOptions{Name: in.Name, Note: in.Note, Key: in.Key})
	return client.Changed{Contact: viewContact(c), Notice: notice}, err
}

// waitContact waits until a request of mine is answered.
func (s *server) waitContact(r *http.Request) (any, error) {
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := withTimeout(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	since := s.chat.Cursor()
	c, err := s.chat.Contact(who)
	if err != nil || c.Relation != chat.Asked {
		return viewContact(c), err
	}
	for u, err := range s.chat.Watch(ctx, since) {
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return nil, err
		}
		if u.Contact != nil && u.Contact.Account == who && u.Contact.Relation != chat.Asked {
			break
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	c, err = s.chat.Contact(who)
	return viewContact(c), err
}

// withTimeout bounds the request by its query "timeout", if it has one.
func withTimeout(r *http.Request) (context.Context, context.CancelFunc, error) {
	text := r.URL.Query().Get("timeout")
	if text == "" {
		return r.Context(), func() {}, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, nil, chat.Errorf(chat.CodeUsage, "the timeout %q is no duration such as 10s", text)
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}

type nameRequest struct {
	Name string `json:"name"`
}

func (s *server) rename(r *http.Request) (any, error) {
	in, err := decode[struct {
		Name string `json:"name"`
		Key  string `json:"key"`
	}](r)
	if err != nil {
		return nil, err
	}
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	c, err := s.chat.Rename(who, in.Name, in.Key)
	return viewContact(c), err
}

func (s *server) safety(r *http.Request) (any, error) {
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	c, err := s.chat.Contact(who)
	if err != nil {
		return nil, err
	}
	return client.Safety{Account: who.String(), Number: s.chat.SafetyNumber(who), Verified: c.Verified}, nil
}

func (s *server) verify(r *http.Request) (any, error) {
	in, err := decode[struct {
		Number string `json:"number"`
	}](r)
	if err != nil {
		return nil, err
	}
	if in.Number == "" {
		return nil, chat.Errorf(chat.CodeUsage, "the number to compare is missing")
	}
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	number, verified, err := s.chat.Verify(who, in.Number)
	return client.Safety{Account: who.String(), Number: number, Verified: verified}, err
}

func (s *server) requests(*http.Request) (any, error) {
	list, err := s.chat.Requests()
	return map[string]any{"requests": views(list, viewRequest)}, err
}

func (s *server) accept(r *http.Request) (any, error) {
	in, err := decode[nameRequest](r)
	if err != nil {
		return nil, err
	}
	who, err := s.chat.ResolveAsker(r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	c, notice, err := s.chat.Accept(who, in.Name)
	return client.Changed{Contact: viewContact(c), Notice: notice}, err
}

func (s *server) decline(r *http.Request) (any, error) {
	if _, err := decode[empty](r); err != nil {
		return nil, err
	}
	who, err := s.chat.ResolveAsker(r.PathValue("who"))
	if err != nil {
		return nil, err
	}
	c, err := s.chat.Decline(who)
	return viewContact(c), err
}
