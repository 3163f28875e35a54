package api

import (
	"net/http"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// annotating answers a request that changes one thing about somebody with the
// contact as it then is.
func annotating[T any](s *server, r *http.Request, set func(wire.Account, T) (chat.ContactView, error)) (any, error) {
	in, err := decode[T](r)
	if err != nil {
		return nil, err
	}
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	c, err := set(who, in)
	return viewContact(c), err
}

type groupsRequest struct {
	Groups []string `json:"groups"`
}

func (s *server) setGroups(r *http.Request) (any, error) {
	return annotating(s, r, func(a wire.Account, in groupsRequest) (chat.ContactView, error) {
		return s.chat.SetGroups(a, in.Groups)
	})
}

type memoRequest struct {
	Memo string `json:"memo"`
}

func (s *server) setMemo(r *http.Request) (any, error) {
	return annotating(s, r, func(a wire.Account, in memoRequest) (chat.ContactView, error) {
		return s.chat.SetMemo(a, in.Memo)
	})
}

type tellRequest struct {
	Tell bool `json:"tell"`
}

func (s *server) setTell(r *http.Request) (any, error) {
	return annotating(s, r, func(a wire.Account, in tellRequest) (chat.ContactView, error) {
		return s.chat.SetTell(a, in.Tell)
	})
}

type hideRequest struct {
	Hide bool `json:"hide"`
}

func (s *server) setHidden(r *http.Request) (any, error) {
	return annotating(s, r, func(a wire.Account, in hideRequest) (chat.ContactView, error) {
		return s.chat.SetHidden(a, in.Hide)
	})
}

type gradeRequest struct {
	Shown string `json:"shown"`
}

func (s *server) setGrade(r *http.Request) (any, error) {
	return annotating(s, r, func(a wire.Account, in gradeRequest) (c chat.ContactView, err error) {
		g, err := chat.ParseGrade(in.Shown)
		if err != nil {
			return c, err
		}
		if err := s.chat.SetGrade(a, g); err != nil {
			return c, err
		}
		return s.chat.Contact(a)
	})
}
