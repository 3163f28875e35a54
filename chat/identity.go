package chat

import (
	"cmp"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// Create puts a new identity into an empty store: a fresh device, transport
// and reach secret for the account of the given key, and the device list that
// the key signs. The key itself is not kept.
func Create(store Store, key ed25519.PrivateKey, name string, now time.Time) error {
	if name != "" {
		if err := InputError(wire.CheckName(name)); err != nil {
			return err
		}
	}
	self := Self{
		Account: wire.Account(key.Public().(ed25519.PublicKey)),
		Name:    name,
		Created: millis(now),
	}
	rand.Read(self.Device[:])
	rand.Read(self.Transport[:])
	rand.Read(self.Reach[:])
	owner, err := hkdf.Key(sha256.New, key.Seed(), nil, "truce owner secret v1", 32)
	if err != nil {
		return err
	}
	self.Owner = wire.OwnerSecret(owner)
	device := ed25519.NewKeyFromSeed(self.Device[:])
	list := wire.DeviceList{
		N:       uint64(max(0, now.Unix())),
		Account: self.Account,
		Live:    []wire.ListedDevice{wire.Claim(device, self.Account)},
	}
	if self.List, err = list.Sign(key); err != nil {
		return err
	}
	return store.Update(func(tx Tx) error { return tx.PutSelf(self) })
}

// Name is what this node suggests others call it; it may be empty.
func (s *Service) Name() string {
	self, _ := s.current()
	return self.Name
}

// SetName changes the suggested name, which is that of my profile.
func (s *Service) SetName(name string) error {
	return s.SetProfile(ProfileChange{Name: &name})
}

// Link is what to hand out, with addrs (multiaddrs that end in /p2p/ID) to try
// first.
func (s *Service) Link(addrs []string) (wire.Link, error) {
	self, err := s.current()
	if len(addrs) > wire.MaxLinkAddrs {
		addrs = addrs[:wire.MaxLinkAddrs]
	}
	return wire.Link{Account: self.Account, Secret: self.Reach, Name: self.Name, Addrs: addrs}, err
}

// ResetLink makes every link handed out so far worthless, and replaces the
// libp2p identity, so that who holds one does not find this node by that. It
// disturbs no contact and no request that has arrived. key is an idempotency
// key, or empty.
func (s *Service) ResetLink(key string) error {
	return s.update(func(tx Tx) error {
		if done, err := s.done(tx, key, "link --reset"); err != nil || done != nil {
			return err
		}
		if err := newIdentity(tx, true); err != nil {
			return err
		}
		err := tx.Note(Change{Kind: ChangeSelf, Time: s.nowMillis()})
		return errors.Join(err, s.remember(tx, key, Done{What: "link --reset"}))
	})
}

// newIdentity draws another libp2p identity and, for a new link, another reach
// secret.
func newIdentity(tx Tx, link bool) error {
	self, err := tx.Self()
	if err != nil {
		return err
	}
	rand.Read(self.Transport[:])
	if link {
		rand.Read(self.Reach[:])
	}
	return tx.PutSelf(self)
}

// TransportSeed is the Ed25519 seed of the libp2p identity. It changes when
// somebody is removed or blocked or the link is reset (rule 1); Turned tells.
// The node then has to go on the network anew.
func (s *Service) TransportSeed() ([32]byte, error) {
	self, err := s.current()
	return self.Transport, err
}

// Port is the port to listen on, 0 if none was saved.
func (s *Service) Port() (int, error) {
	self, err := s.current()
	return self.Port, err
}

// Started notes that the node goes on the network, listening on port: it draws
// the number of this start, which rises whatever the clock does. Port 0, of a node
// that listens nowhere, leaves the one that was saved.
func (s *Service) Started(port int) error {
	return s.changeSelf(func(self *Self) {
		self.Boot = max(self.Boot+1, s.nowMillis())
		self.Port = cmp.Or(port, self.Port)
	})
}

func (s *Service) current() (self Self, err error) {
	err = s.store.View(func(r Reader) (err error) {
		self, err = r.Self()
		return err
	})
	return self, err
}

func (s *Service) changeSelf(change func(*Self)) error {
	return s.update(func(tx Tx) error {
		self, err := tx.Self()
		if err != nil {
			return err
		}
		change(&self)
		if err := tx.PutSelf(self); err != nil {
			return err
		}
		return tx.Note(Change{Kind: ChangeSelf, Time: s.nowMillis()})
	})
}
