package api

import (
	"net/http"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/api/client"
)

func (s *server) settings(*http.Request) (any, error) {
	var list []client.Setting
	for _, name := range chat.Settings() {
		value, err := s.chat.Setting(name)
		if err != nil {
			return nil, err
		}
		list = append(list, client.Setting{Name: name, Value: value})
	}
	return map[string]any{"settings": list}, nil
}

func (s *server) setting(r *http.Request) (any, error) {
	name := r.PathValue("name")
	value, err := s.chat.Setting(name)
	return client.Setting{Name: name, Value: value}, err
}

func (s *server) setSetting(r *http.Request) (any, error) {
	in, err := decode[struct {
		Value string `json:"value"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := s.chat.SetSetting(r.PathValue("name"), in.Value); err != nil {
		return nil, err
	}
	return s.setting(r)
}
