package api

import "net/http"

func (s *server) cancel(r *http.Request) (any, error) {
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
	m, err := s.chat.Cancel(id, in.Key)
	return viewMessage(m), err
}
