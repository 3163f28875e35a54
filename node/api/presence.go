package api

import (
	"net/http"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/api/client"
)

// presences are the words for how somebody is there.
var presences = [...]string{
	wire.PresenceOffline: "offline", wire.PresenceAvailable: "available",
	wire.PresenceAway: "away", wire.PresenceBusy: "busy",
}

func (s *server) status(*http.Request) (any, error) {
	st, err := s.chat.Status()
	return client.Status{Presence: string(st.Mood), Status: st.Text}, err
}

func (s *server) setStatus(r *http.Request) (any, error) {
	in, err := decode[client.Status](r)
	if err != nil {
		return nil, err
	}
	if err := s.chat.SetStatus(chat.Status{Mood: chat.Mood(in.Presence), Text: in.Status}); err != nil {
		return nil, err
	}
	return s.status(r)
}

// typing takes a signal that is gone in a moment. It changes nothing on disk.
func (s *server) typing(r *http.Request) (any, error) {
	in, err := decode[struct {
		Typing bool `json:"typing"`
	}](r)
	if err != nil {
		return nil, err
	}
	a, err := s.who(r)
	if err != nil {
		return nil, err
	}
	s.node.Typing(a, in.Typing)
	return struct{}{}, nil
}

// activity notes that somebody uses a face.
func (s *server) activity(*http.Request) (any, error) {
	s.chat.Touched()
	return struct{}{}, nil
}
