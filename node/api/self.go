package api

import (
	"net/http"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (s *server) id(*http.Request) (any, error) {
	link, err := s.node.Link()
	if err != nil {
		return nil, err
	}
	return client.Identity{
		Account:   s.chat.Account().String(),
		Name:      s.chat.Name(),
		PeerID:    s.node.PeerID(),
		Link:      link.String(),
		Addrs:     append([]string{}, s.node.Addrs()...),
		Protected: s.node.Protected(),
	}, nil
}

func (s *server) link(*http.Request) (any, error) {
	link, err := s.node.Link()
	return map[string]any{"link": link.String()}, err
}

func (s *server) resetLink(r *http.Request) (any, error) {
	in, err := decode[struct {
		Key string `json:"key"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := s.chat.ResetLink(in.Key); err != nil {
		return nil, err
	}
	s.settle(r)
	return s.link(r)
}

// renewDevice takes the account's 24 words, or none where its key file can be
// read.
func (s *server) renewDevice(r *http.Request) (any, error) {
	in, err := decode[struct {
		Words string `json:"words"`
	}](r)
	if err != nil {
		return nil, err
	}
	var seed *[32]byte
	if in.Words != "" {
		parsed, _, err := node.ParsePhrase(in.Words)
		if err != nil {
			return nil, err
		}
		seed = &parsed
	}
	if err := s.node.Renew(seed); err != nil {
		return nil, err
	}
	return s.id(r)
}

func (s *server) peers(*http.Request) (any, error) {
	return map[string]any{"peers": views(s.node.Peers(), viewPeer)}, nil
}

func (s *server) version(*http.Request) (any, error) { return BuildVersion(), nil }

// BuildVersion tells what this program was built from: its version if it was
// built as a released module, else "devel".
func BuildVersion() client.Version {
	v := client.Version{Version: "devel", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	return v
}

func (s *server) stop(r *http.Request) (any, error) {
	if _, err := decode[empty](r); err != nil {
		return nil, err
	}
	if s.opt.Stop == nil {
		return nil, chat.Errorf(chat.CodeRefused, "this node cannot be stopped from outside")
	}
	s.opt.Stop()
	return empty{}, nil
}

func (s *server) handOver(r *http.Request) (any, error) {
	if _, err := decode[empty](r); err != nil {
		return nil, err
	}
	if s.opt.HandOver == nil {
		return nil, chat.Errorf(chat.CodeRefused, "a node runs in this home already (process %d)", os.Getpid()).
			WithHint("`truce stop` ends it")
	}
	s.opt.HandOver()
	return empty{}, nil
}
