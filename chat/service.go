package chat

import (
	"crypto/ed25519"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// Options of a Service. The zero value works.
type Options struct {
	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// Service holds the rules of the conversation over a Store. It is safe for
// concurrent use and must be the only writer of its store.
type Service struct {
	store Store
	now   func() time.Time
	log   *slog.Logger
	self  Self // what never changes of it: Account and Owner

	leaving sync.RWMutex // read-locked while events leave; taken before mu
	setting sync.Mutex   // held while a setting changes, until it holds; taken before mu

	mu       sync.Mutex
	device   ed25519.PrivateKey
	proofs   []Proof                   // cache; nil: must be read again
	turns    uint64                    // how often contacts may have changed
	lists    map[wire.Account]verified // device lists of contacts; a cache
	links    map[wire.Account]int      // open link sessions
	comings  map[wire.Account]*comings // of contacts, as they are told
	why      map[wire.Account]string   // what keeps queued messages from being delivered
	said     map[wire.Log]uint64       // how far the others say they have read my logs
	departed departures                // what has left
	hidden   atomic.Bool               // see Hides
	unseen   atomic.Bool               // presence is switched off
	mute     atomic.Bool               // messages are switched off
	resumed  atomic.Uint64             // see Resumed
	sights   sights                    // who is there
	mine     mine                      // how I am
	nearby   *wire.ReachSecret         // of those who see me nearby; nil: I am not shown
	moved    map[wire.Account]bool     // logs or marks that links have not been told of
	wake     chan struct{}             // closed when moved grows
	callers  callers                   // who wrote and may be answered
	counted  counters                  // see Figures
	renewed  chan struct{}             // closed when the device key changes
	turned   chan struct{}             // closed when contacts, or what is shared with them, may have changed
}

// New returns the service over a store that holds an account (see Create).
func New(store Store, opt Options) (*Service, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		store: store, now: opt.Now, log: opt.Log,
		lists:    map[wire.Account]verified{},
		links:    map[wire.Account]int{},
		comings:  map[wire.Account]*comings{},
		why:      map[wire.Account]string{},
		said:     map[wire.Log]uint64{},
		departed: departures{},
		sights:   sights{of: map[wire.Account]*sight{}},
	}
	var nearby string
	err := store.View(func(r Reader) (err error) {
		if s.self, err = r.Self(); err != nil {
			return err
		}
		if nearby, err = r.Setting(Nearby); err != nil {
			return err
		}
		hidden, err := hides(r)
		if err != nil {
			return err
		}
		s.hidden.Store(hidden)
		for off, name := range map[*atomic.Bool]string{&s.unseen: UsePresence, &s.mute: UseMessages} {
			value, err := r.Setting(name)
			if err != nil {
				return err
			}
			off.Store(value == "false")
		}
		away, err := r.Setting(AwayAfter)
		s.mine.away = awayAfter(away)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.setNearby(nearby == "true")
	s.device = ed25519.NewKeyFromSeed(s.self.Device[:])
	return s, nil
}

// Account is who this node speaks for.
func (s *Service) Account() wire.Account { return s.self.Account }

// Device is the device that this node is.
func (s *Service) Device() wire.Device {
	return wire.Device(s.deviceKey().Public().(ed25519.PublicKey))
}

func (s *Service) deviceKey() ed25519.PrivateKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.device
}

// conv is the direct conversation with a.
func (s *Service) conv(a wire.Account) wire.ConvID { return wire.DirectConv(s.self.Account, a) }

// ownLog is the log that this device writes for a.
func (s *Service) ownLog(a wire.Account) wire.Log {
	return wire.Log{Conv: s.conv(a), Account: s.self.Account, Device: s.Device()}
}

// Now is what the clock of the service says.
func (s *Service) Now() time.Time { return s.now() }

func (s *Service) nowMillis() uint64 { return millis(s.now()) }

// update runs fn on the store and drops what was cached of contacts.
func (s *Service) update(fn func(Tx) error) error {
	err := s.store.Update(fn)
	s.turnedOver()
	return err
}

// turnedOver drops what was cached of contacts, and tells those who wait for a
// change of them.
func (s *Service) turnedOver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proofs = nil
	s.turns++
	if s.turned != nil {
		close(s.turned)
		s.turned = nil
	}
}

// Turned returns a channel that is closed when contacts, or the secrets shared
// with them, may have changed. Take it before looking.
func (s *Service) Turned() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turned == nil {
		s.turned = make(chan struct{})
	}
	return s.turned
}
