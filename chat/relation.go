package chat

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// This file and exchange.go are what a link between two nodes asks of the
// Service: who may speak, and what they have to say to each other.

// Proof is a secret under which somebody may say hello. The zero account
// stands for anybody who holds my link.
type Proof struct {
	Account wire.Account
	Secret  wire.Secret
	Pair    bool // the pair secret: the others end when it is proved

	hello wire.HelloSecret // of Secret; zero: not derived yet
}

// HelloKey authenticates a hello under the proof, in which the peer dialler
// seeks the account wanted at the peer listener.
func (p Proof) HelloKey(wanted wire.Account, dialler, listener []byte) wire.HelloKey {
	if p.hello == (wire.HelloSecret{}) {
		p.hello = p.Secret.Hello()
	}
	return p.hello.Key(wanted, dialler, listener)
}

// Proofs returns every secret under which a hello to me is answered. They are
// kept in memory, made ready: a stranger's hello costs no look at the disk and
// one MAC for each.
func (s *Service) Proofs() ([]Proof, error) {
	s.mu.Lock()
	proofs, turns, nearby := s.proofs, s.turns, s.nearby
	s.mu.Unlock()
	if proofs != nil {
		return proofs, nil
	}
	err := s.store.View(func(r Reader) error {
		proofs = nil
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if c.untold() {
				continue // a stranger by now; we go to them
			}
			for _, p := range c.proofs() {
				if c.Reach == nil || p.Secret != wire.Secret(*c.Reach) { // theirs, not mine
					proofs = append(proofs, p)
				}
			}
		}
		self, err := r.Self()
		proofs = append(proofs, Proof{Secret: wire.Secret(self.Reach)})
		if nearby != nil {
			proofs = append(proofs, Proof{Secret: wire.Secret(*nearby)})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range proofs {
		proofs[i].hello = proofs[i].Secret.Hello()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turns == turns {
		s.proofs = proofs
	}
	return proofs, nil
}

// ProofsFor returns the secrets under which a may know me, best first; none if
// there is nothing to say to a.
func (s *Service) ProofsFor(a wire.Account) (proofs []Proof, err error) {
	err = s.store.View(func(r Reader) error {
		c, err := r.Contact(a)
		if err == nil && !(c.untold() && c.overdue(s.nowMillis())) {
			proofs = c.proofs()
		}
		return err
	})
	return proofs, err
}

// Sought is somebody whom this node should be linked with.
type Sought struct {
	Account wire.Account
	Pair    []wire.Secret     // shared with them: both find each other by these
	Reach   *wire.ReachSecret // of their link: they announce themselves under it
	Hints   []string          // multiaddrs from their link
	Quiet   bool              // removed, and to be told so: they must not find us
}

// Seeks returns whom to look for: contacts, those whom I asked, and those who
// have not yet heard my answer, or that they were removed.
func (s *Service) Seeks() (list []Sought, err error) {
	err = s.store.View(func(r Reader) error {
		list = nil
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if !s.seeks(&c) {
				continue
			}
			x := Sought{Account: c.Account, Reach: c.Reach, Hints: c.Hints, Quiet: c.untold()}
			for _, secret := range []*wire.Secret{c.Pair, c.AskedBy, c.AskedOf} {
				if secret != nil {
					x.Pair = append(x.Pair, *secret)
				}
			}
			list = append(list, x)
		}
		return nil
	})
	return list, err
}

func (s *Service) seeks(c *Contact) bool {
	switch {
	case c.Blocked, !c.Mine.Want && c.MineAcked >= c.Mine.Version, len(c.proofs()) == 0:
		return false
	}
	return !c.untold() || !c.overdue(s.nowMillis())
}

// SoughtPeers returns the libp2p peers at which those were reached whom Seeks
// names, newest first.
func (s *Service) SoughtPeers() (peers map[wire.Account][]Peer, err error) {
	err = s.store.View(func(r Reader) error {
		peers = map[wire.Account][]Peer{}
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if !s.seeks(&c) {
				continue
			}
			if peers[c.Account], err = r.Peers(c.Account); err != nil {
				return err
			}
		}
		return nil
	})
	return peers, err
}

// ReachSecret is the secret in my link.
func (s *Service) ReachSecret() (wire.ReachSecret, error) {
	self, err := s.current()
	return self.Reach, err
}

// credentialLife is how long the binding of the peer id to the device lasts.
// It is made anew for every hello.
const credentialLife = 24 * time.Hour

// Credential says who I am, over a connection of the libp2p peer id.
func (s *Service) Credential(peer []byte) (wire.Credential, error) {
	self, err := s.current()
	if err != nil {
		return wire.Credential{}, err
	}
	now := s.now()
	expiry := millis(now.Add(credentialLife))
	return wire.Credential{
		List: self.List, Device: s.Device(), Boot: self.Boot, Time: millis(now), Expiry: expiry,
		Signature: wire.BindTransport(s.deviceKey(), self.Account, peer, expiry),
	}, nil
}

// Errors of Admit.
var (
	ErrStranger   = errors.New("the peer is not who may speak under this secret")
	ErrRetired    = errors.New("the device is retired")
	ErrOldVersion = errors.New("the peer proves a lower version than before")
)

// Admit checks, after a hello under the proof p, that the account of the
// verified list may speak with this device and version, and keeps what is new:
// the list, the version, the proof of the pair secret. For somebody new, who
// comes by my link, nothing is kept yet. It returns an error that is
// ErrStranger, ErrRetired or ErrOldVersion, or one of the store.
func (s *Service) Admit(p Proof, list wire.DeviceList, signed []byte, device wire.Device, version uint16) error {
	a := list.Account
	if a == s.self.Account || p.Account != (wire.Account{}) && p.Account != a {
		return ErrStranger
	}
	admit := func(c *Contact) (news bool, err error) {
		if news, err = c.merge(list, signed, device, version, s.nowMillis()); err == nil {
			news = c.proved(p, s.self.Account) || news
		}
		return news, err
	}
	c, err := s.contactOf(a)
	if err != nil {
		return ignoreNotFound(err)
	}
	if c.Blocked && p.Account == (wire.Account{}) {
		return nil // who has my newest link sees what a newcomer sees while no request is taken
	}
	if news, err := admit(&c); err != nil || !news {
		return err
	}
	return s.update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if err != nil {
			return err
		}
		before := c.List
		if _, err := admit(&c); err != nil {
			return err
		}
		return errors.Join(s.noticeDevices(tx, c, before), tx.PutContact(c))
	})
}

func (s *Service) contactOf(a wire.Account) (c Contact, err error) {
	err = s.store.View(func(r Reader) (err error) {
		c, err = r.Contact(a)
		return err
	})
	return c, err
}

// maxRetired bounds the retired devices remembered of one contact: what a list
// may name, twice over for those that it has folded since.
const maxRetired = 2 * wire.MaxRetired

// merge takes what a hello told of the contact. Of two lists the one with the
// higher number counts, of two made in one second that of the higher bytes, for
// all contacts must come to the same; and whoever was retired once stays so
// (rule 2).
func (c *Contact) merge(list wire.DeviceList, signed []byte, device wire.Device, version uint16, now uint64) (news bool, err error) {
	switch {
	case c.Blocked:
		return false, ErrStranger
	case version < c.Version:
		return false, ErrOldVersion
	case slices.Contains(c.Retired, device):
		return false, ErrRetired
	}
	news = version > c.Version
	c.Version = version
	if bytes.Equal(c.List, signed) {
		return news, nil
	}
	if c.List != nil {
		known, err := wire.ParseDeviceList(c.List)
		if err != nil {
			return false, err
		}
		if !newer(list.N, known.N, now) && !(list.N == known.N && bytes.Compare(signed, c.List) > 0) {
			if !known.HasLive(device) {
				return false, ErrRetired
			}
			return news, nil
		}
	}
	c.List = signed
	for _, r := range list.Retired {
		if !slices.Contains(c.Retired, r.Key) {
			c.Retired = append(c.Retired, r.Key)
		}
	}
	c.Retired = c.Retired[max(0, len(c.Retired)-maxRetired):]
	return true, nil
}

// newer reports whether a list of number n, unix seconds, counts over the one
// known, at a time in milliseconds. A number more than a day ahead of our clock
// is a clock that lied: it must not lock out all lists that come after it.
func newer(n, known, now uint64) bool {
	ahead := now/1000 + 24*60*60
	return n > known || known > ahead && n <= ahead
}

// StanceFor returns my stance towards a as it travels, and whether a has it on
// disk. ErrNotFound: a is new to
// me or blocked, and I have no stance.
func (s *Service) StanceFor(a wire.Account) (st wire.Stance, acked bool, err error) {
	c, err := s.contactOf(a)
	if err == nil && c.Blocked {
		err = ErrNotFound
	}
	m := c.Mine
	if !m.Want {
		m.Share = [32]byte{}
	}
	return wire.Stance{
		Type: wire.FrameStance, Version: m.Version, Answers: m.Answers,
		Want: m.Want, Name: m.Name, Note: m.Note, Share: m.Share,
	}, c.MineAcked >= m.Version, err
}

// ErrTooManyRequests is returned by TakeStance when as many people wait for my
// answer as may.
var ErrTooManyRequests = errors.New("too many requests wait for an answer")

// TakeStance keeps the stance of a, who spoke under p. A first one of somebody
// new is a request. list is their signed device list, from the network that they
// connect from; empty: not counted. Once it returns nil the
// stance is on disk and may be acknowledged. Errors: ErrStranger for somebody
// blocked; ErrTooManyRequests.
func (s *Service) TakeStance(a wire.Account, p Proof, list []byte, from string, st wire.Stance) error {
	return s.update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if errors.Is(err, ErrNotFound) {
			if !st.Want {
				return nil
			}
			c, err = Contact{Account: a, Name: a.Short(), List: list, Created: s.nowMillis()}, nil
		}
		if err != nil {
			return err
		}
		if c.Blocked {
			return ErrStranger
		}
		self, err := tx.Self()
		if err != nil {
			return err
		}
		st.Answers = min(st.Answers, c.Mine.Version) // more than I said cannot be answered
		if st.Answers < c.MineAcked {
			c.MineAcked = st.Answers // their disk is older than my belief: say it again
			if err := tx.PutContact(c); err != nil {
				return err
			}
		}
		waited := c.Relation() == Requested
		if !c.hear(st, p, self.Account, self.Reach, s.nowMillis()) {
			return nil
		}
		c.settle(self.Account)
		if c.Relation() == Requested {
			c.Name = first(st.Name, c.Name)
			if err := roomForRequest(tx, from); err != nil && !waited {
				return err
			}
			if !waited {
				c.From = from
			}
		}
		if err := s.makeConv(tx, a); err != nil {
			return err
		}
		return s.putContact(tx, c)
	})
}

// roomForRequest fails if as many requests wait as may, of all or of those from
// one network.
func roomForRequest(r Reader, from string) error {
	waiting, near := 0, 0
	for c, err := range r.Contacts() {
		if err != nil {
			return err
		}
		if c.Relation() == Requested {
			waiting++
			if from != "" && c.From == from {
				near++
			}
		}
	}
	if waiting >= MaxRequests || near >= MaxRequestsFrom {
		return ErrTooManyRequests
	}
	return nil
}

// makeConv makes the conversation with a, unless it is there.
func (s *Service) makeConv(tx Tx, a wire.Account) error {
	conv, err := tx.Conv(s.conv(a))
	if err != nil || conv.Peer == a {
		return err
	}
	conv.Peer = a
	return tx.PutConv(conv)
}

// StanceAcked notes that a has my stance of that version on disk.
func (s *Service) StanceAcked(a wire.Account, version uint64) error {
	if c, err := s.contactOf(a); err != nil || version <= c.MineAcked || version > c.Mine.Version {
		return err
	}
	return s.update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if err != nil {
			return err
		}
		if version <= c.MineAcked || version > c.Mine.Version {
			return nil
		}
		c.MineAcked = version
		if version == c.Mine.Version && c.untold() {
			if err := c.told(tx); err != nil {
				return err
			}
		}
		return tx.PutContact(c)
	})
}

// Peers returns the libp2p peers at which a was reached, newest first.
func (s *Service) Peers(a wire.Account) (list []Peer, err error) {
	err = s.store.View(func(r Reader) (err error) {
		list, err = r.Peers(a)
		return err
	})
	return list, err
}

// maxPeers bounds the addresses kept of one contact: a few devices, a few
// networks each.
const maxPeers = 8

// gone reports whether p has the places of x: at one address there is one peer,
// the newest, so x was replaced.
func (x Peer) gone(p Peer) bool {
	return len(x.Addrs) > 0 && !slices.ContainsFunc(x.Addrs, func(a string) bool { return !slices.Contains(p.Addrs, a) })
}

// Reached keeps where a was reached, unless a is blocked.
func (s *Service) Reached(a wire.Account, p Peer) error {
	p.Seen = s.nowMillis()
	return s.store.Update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if err := ignoreNotFound(err); err != nil || c.Blocked {
			return err
		}
		old, err := tx.Peers(a)
		if err != nil {
			return err
		}
		list := []Peer{p}
		for _, x := range old {
			if x.ID != p.ID && !x.gone(p) && len(list) < maxPeers {
				list = append(list, x)
			}
		}
		return tx.PutPeers(a, list)
	})
}
