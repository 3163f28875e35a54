package api

import (
	"errors"
	"net/http"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (s *server) nearby(*http.Request) (any, error) {
	return map[string]any{"nearby": views(s.node.Nearby(), viewNeighbour)}, nil
}

func viewNeighbour(x node.Neighbour) client.Neighbour {
	return client.Neighbour{Account: x.Account.String(), Name: x.Name, PeerID: x.PeerID}
}

// addNearby asks somebody nearby, who is named instead of a link; noLink is the
// error if there is nobody.
func (s *server) addNearby(in client.AddRequest, noLink error) (any, error) {
	if c, err := s.chat.AskedBefore(in.Key); !errors.Is(err, chat.ErrNotFound) {
		return client.Changed{Contact: viewContact(c)}, err // who may be gone by now
	}
	link, err := s.node.NearbyLink(in.Link)
	if errors.Is(err, chat.ErrNotFound) {
		return nil, chat.Errorf(chat.CodeUsage, "%v", noLink).WithHint("nor is anybody nearby called that: `truce nearby` lists them")
	}
	if err != nil {
		return nil, err
	}
	return s.ask(link, in)
}
