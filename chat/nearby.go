package chat

import (
	"crypto/rand"

	"github.com/truce-im/truce/chat/wire"
)

// Nearby is the setting that lets everybody on the local network see me and ask
// me: "true" or "false", which is also its default.
const Nearby = "nearby"

// NearbySecret is what those prove who ask me because they see me nearby, beside
// the secret in my link. It is drawn when the setting Nearby is switched on, and
// when the Service is made while it is, and kept in memory alone. While I am not
// to be shown, by that setting or as invisible, shown is false.
func (s *Service) NearbySecret() (secret wire.ReachSecret, shown bool, err error) {
	s.mu.Lock()
	nearby := s.nearby
	s.mu.Unlock()
	if nearby == nil {
		return secret, false, nil
	}
	st, err := s.Status()
	return *nearby, err == nil && st.Mood != MoodInvisible, err
}

// setNearby draws a secret for those nearby, or forgets the one that there is.
func (s *Service) setNearby(on bool) {
	s.mu.Lock()
	switch {
	case !on:
		s.nearby = nil
	case s.nearby == nil:
		s.nearby = new(wire.ReachSecret)
		rand.Read(s.nearby[:])
	}
	s.mu.Unlock()
	s.turnedOver()
}

// AskedBefore returns the contact whom an Ask with this idempotency key asked.
// Errors: ErrNotFound if there was none, or key is empty.
func (s *Service) AskedBefore(key string) (view ContactView, err error) {
	var done *Done
	err = s.store.View(func(r Reader) (err error) {
		done, err = s.done(r, key, "add")
		return err
	})
	if err == nil && done == nil {
		err = ErrNotFound
	}
	if err != nil {
		return view, err
	}
	return s.Contact(done.Account)
}
