package api

import (
	"encoding/hex"
	"net/http"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/picture"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/api/client"
)

func (s *server) profileOf(a wire.Account) (any, error) {
	p, err := s.chat.ProfileOf(a)
	return client.Profile{
		Account: p.Account.String(), Name: p.Name, About: p.About, Avatar: hex.EncodeToString(p.Avatar), AvatarHere: p.Here,
	}, err
}

func (s *server) profile(*http.Request) (any, error) { return s.profileOf(s.chat.Account()) }

func (s *server) setProfile(r *http.Request) (any, error) {
	in, err := decode[client.ProfileChange](r)
	if err != nil {
		return nil, err
	}
	if err := s.chat.SetProfile(chat.ProfileChange{Name: in.Name, About: in.About, Avatar: in.Avatar}); err != nil {
		return nil, err
	}
	return s.profile(r)
}

func (s *server) theirProfile(r *http.Request) (any, error) {
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	return s.profileOf(who)
}

// avatar sends a picture, mine where the path names nobody.
func (s *server) avatar(w http.ResponseWriter, r *http.Request) {
	file, err := s.readAvatar(r)
	if err != nil {
		fail(w, failure(r, err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.Write(file) // an error means that the client is gone
}

func (s *server) readAvatar(r *http.Request) (shown []byte, err error) {
	a := s.chat.Account()
	if r.PathValue("who") != "" {
		if a, err = s.who(r); err != nil {
			return nil, err
		}
	}
	file, err := s.chat.Picture(a)
	if err != nil {
		return nil, err
	}
	if len(file) == 0 {
		return nil, chat.Errorf(chat.CodeNotFound, "there is no picture").WithHint("one that a contact has comes once you are connected")
	}
	s.decoding.Lock() // others made them: one at a time
	defer s.decoding.Unlock()
	if shown, err = picture.PNG(file); err != nil {
		return nil, chat.Errorf(chat.CodeFailed, "the picture cannot be shown: %w", err)
	}
	return shown, nil
}
