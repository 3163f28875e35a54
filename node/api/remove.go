package api

import (
	"context"
	"net/http"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/api/client"
)

func (s *server) remove(r *http.Request) (any, error)  { return s.turn(r, s.chat.Remove) }
func (s *server) block(r *http.Request) (any, error)   { return s.turn(r, s.chat.Block) }
func (s *server) unblock(r *http.Request) (any, error) { return s.turn(r, s.chat.Unblock) }

// turn changes how a contact stands.
func (s *server) turn(r *http.Request, change func(wire.Account) (chat.ContactView, string, error)) (any, error) {
	if _, err := decode[empty](r); err != nil {
		return nil, err
	}
	who, err := s.who(r)
	if err != nil {
		return nil, err
	}
	c, notice, err := change(who)
	if err != nil {
		return nil, err
	}
	s.settle(r)
	return client.Changed{Contact: viewContact(c), Notice: notice}, nil
}

// settleTime bounds the wait for another libp2p identity: what was asked for is
// on disk, and takes effect in any case.
const settleTime = 15 * time.Second

func (s *server) settle(r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), settleTime)
	defer cancel()
	s.node.Settle(ctx)
}
