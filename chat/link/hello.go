package link

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// Errors of a hello.
var (
	ErrNoRelation = errors.New("the peer knows no relation with us")
	errHello      = errors.New("the hello failed")
)

// greeted is the outcome of a hello: who speaks at the other end.
type greeted struct {
	account   wire.Account
	device    wire.Device
	boot      uint64
	signed    []byte // device list
	proof     chat.Proof
	version   uint16
	initiator bool
	ahead     time.Duration // their clock of ours, at the hello
	bulk      tokens
}

// tokens are what the two sides of a session show on its bulk streams.
type tokens struct{ mine, theirs [32]byte }

var versions = []uint16{wire.Version}

// greet is the dialler's side of a hello. The proofs may be of several
// accounts, any of whom may be at the other end; there are at most
// wire.MaxTags. It returns ErrNoRelation if the listener answers nothing.
func (m *Manager) greet(s network.Stream, proofs []chat.Proof) (greeted, error) {
	me, them := ids(s)
	first := wire.Hello1{Type: wire.FrameHello1, Versions: versions}
	rand.Read(first.Nonce[:])
	keys := make([]wire.HelloKey, len(proofs))
	for i, p := range proofs {
		keys[i] = p.HelloKey(p.Account, me, them)
		first.Tags = append(first.Tags, keys[i].Tag(first.Nonce, versions))
	}
	for len(first.Tags)%4 != 0 { // the number of secrets is nobody's business
		var filler [32]byte
		rand.Read(filler[:])
		first.Tags = append(first.Tags, filler)
	}
	frame1, err := sendHello(s, first)
	if err != nil {
		return greeted{}, err
	}
	frame2, err := readHello(s, wire.MaxHello)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return greeted{}, fmt.Errorf("%w: %w", errDead, err)
	}
	if err != nil {
		return greeted{}, fmt.Errorf("%w: %w", ErrNoRelation, err)
	}
	second, err := wire.DecodeHello2(frame2)
	if err != nil {
		return greeted{}, err
	}
	if int(second.Tag) >= len(keys) || !slices.Contains(versions, second.Version) {
		return greeted{}, fmt.Errorf("%w: it chooses what was not offered", errHello)
	}
	key, proof := keys[second.Tag], proofs[second.Tag]
	if mac := key.MAC2(frame1, second); !hmac.Equal(mac[:], second.MAC[:]) {
		return greeted{}, fmt.Errorf("%w: it does not share the secret", errHello)
	}
	g, err := m.admit(second.Who, them, proof, second.Version)
	if err != nil {
		return greeted{}, err
	}
	g.initiator = true
	third := wire.Hello3{Type: wire.FrameHello3}
	if third.Who, err = m.chat.Credential(me); err != nil {
		return greeted{}, err
	}
	third.MAC = key.MAC3(frame1, frame2, third)
	frame3, err := sendHello(s, third)
	g.bulk = tokens{key.BulkToken(frame1, frame2, frame3, me), key.BulkToken(frame1, frame2, frame3, them)}
	return g, err
}

// answer is the listener's side of a hello. Until a tag matches it says
// nothing, whoever asks and whatever the reason (rule 4).
func (m *Manager) answer(s network.Stream) (greeted, error) {
	me, them := ids(s)
	frame1, err := readHello(s, wire.MaxFirstFrame)
	if err != nil {
		return greeted{}, err
	}
	first, err := wire.DecodeHello1(frame1)
	if err != nil {
		return greeted{}, err
	}
	version, ok := choose(first.Versions)
	if !ok {
		return greeted{}, fmt.Errorf("%w: no version in common", errHello)
	}
	key, proof, tag, err := m.match(first, them, me)
	if err != nil {
		return greeted{}, err
	}
	second := wire.Hello2{Type: wire.FrameHello2, Version: version, Tag: uint8(tag)}
	rand.Read(second.Nonce[:])
	if second.Who, err = m.chat.Credential(me); err != nil {
		return greeted{}, err
	}
	second.MAC = key.MAC2(frame1, second)
	frame2, err := sendHello(s, second)
	if err != nil {
		return greeted{}, err
	}
	frame3, err := readHello(s, wire.MaxHello)
	if err != nil {
		return greeted{}, err
	}
	third, err := wire.DecodeHello3(frame3)
	if err != nil {
		return greeted{}, err
	}
	if mac := key.MAC3(frame1, frame2, third); !hmac.Equal(mac[:], third.MAC[:]) {
		return greeted{}, fmt.Errorf("%w: it does not share the secret", errHello)
	}
	g, err := m.admit(third.Who, them, proof, version)
	g.bulk = tokens{key.BulkToken(frame1, frame2, frame3, me), key.BulkToken(frame1, frame2, frame3, them)}
	return g, err
}

// match finds the secret under which the dialler proves itself. It looks at
// all of them, so that the time does not tell which.
func (m *Manager) match(first wire.Hello1, dialler, listener []byte) (key wire.HelloKey, proof chat.Proof, tag int, err error) {
	proofs, err := m.chat.Proofs()
	if err != nil {
		return key, proof, 0, err
	}
	tag = -1
	for _, p := range proofs {
		k := p.HelloKey(m.chat.Account(), dialler, listener)
		want := k.Tag(first.Nonce, first.Versions)
		for i := range first.Tags {
			if hmac.Equal(want[:], first.Tags[i][:]) && (tag < 0 || i < tag) {
				key, proof, tag = k, p, i
			}
		}
	}
	if tag < 0 {
		return key, proof, 0, fmt.Errorf("%w: no proof of a relation", errHello)
	}
	return key, proof, tag, nil
}

// admit verifies a credential and has the chat judge it.
func (m *Manager) admit(who wire.Credential, them []byte, p chat.Proof, version uint16) (greeted, error) {
	list, err := who.Verify(them)
	if err != nil {
		return greeted{}, err
	}
	return greeted{
		account: list.Account, device: who.Device, boot: who.Boot,
		signed: who.List, proof: p, version: version,
		ahead: chat.Time(who.Time).Sub(m.chat.Now()),
	}, m.chat.Admit(p, list, who.List, who.Device, version)
}

func choose(offered []uint16) (uint16, bool) {
	for _, v := range slices.Backward(versions) {
		if slices.Contains(offered, v) {
			return v, true
		}
	}
	return 0, false
}

func ids(s network.Stream) (me, them []byte) {
	return []byte(s.Conn().LocalPeer()), []byte(s.Conn().RemotePeer())
}

func peerOf(s network.Stream) peer.ID { return s.Conn().RemotePeer() }

// sendHello writes one frame under a deadline and returns its bytes.
func sendHello(s network.Stream, f any) ([]byte, error) {
	b := wire.AppendFrame(nil, f)
	s.SetWriteDeadline(time.Now().Add(helloTimeout))
	_, err := s.Write(b)
	return b[4:], err
}

func readHello(s network.Stream, limit int) ([]byte, error) {
	s.SetReadDeadline(time.Now().Add(helloTimeout))
	return wire.ReadFrame(io.Reader(s), limit)
}
