package node

import (
	"maps"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
)

// target keeps the finder told of whom to look for.
func (r *reach) target() {
	for {
		turned, restated := r.e.chat.Turned(), r.e.chat.Restated()
		if err := r.retarget(); err != nil {
			r.log.Error("cannot tell whom to look for", "error", err)
		}
		select {
		case <-turned:
		case <-restated: // who is invisible is not to be seen nearby either
		case <-r.ctx.Done():
			return
		}
	}
}

func (r *reach) retarget() error {
	seeks, err := r.e.chat.Seeks()
	if err != nil {
		return err
	}
	reach, err := r.e.chat.ReachSecret()
	if err != nil {
		return err
	}
	me := r.e.chat.Account()
	keys := announceKeys{old: r.keys, now: map[announcer]discovery.Key{}}
	targets := make([]discovery.Target, len(seeks))
	for i, s := range seeks {
		targets[i] = targetOf(me, s, keys)
		targets[i].Far = r.e.hides.from(s.Account)
	}
	tell := []discovery.Key{keys.of(wire.Secret(reach), me)}
	if r.e.hides.any() { // who holds the link may be one of them
		targets, tell = append(targets, discovery.Target{Tell: tell, Far: true}), nil
	}
	var beacon []byte
	nearby, shown, err := r.e.chat.NearbySecret()
	if err != nil {
		return err
	}
	if shown && !r.e.hides.any() {
		tell = append(tell, keys.of(wire.Secret(nearby), me))
		beacon = card(me, nearby, r.e.chat.Name())
	}
	r.keys = keys.now
	r.e.finder.SetTargets(targets, tell)
	r.e.finder.SetBeacon(beacon)

	requests, err := r.e.chat.Requests()
	if err != nil {
		return err
	}
	fresh := r.seek(seeks)
	r.ask(requests, fresh)
	r.keep(func(s link.Info) bool { return fresh[s.Account] }) // they came to us
	return nil
}

// ask notes who asks to be a contact, and adds those who do newly to fresh: my
// answer may come when they have left, and has to find them.
func (r *reach) ask(requests []chat.Request, fresh map[wire.Account]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.asking
	r.asking = map[wire.Account]bool{}
	for _, q := range requests {
		r.asking[q.Account] = true
		if !old[q.Account] {
			fresh[q.Account] = true
		}
	}
}

// seek puts those who are sought newly on the schedule, and returns them.
func (r *reach) seek(seeks []chat.Sought) map[wire.Account]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := map[wire.Account]bool{}
	old := r.sought
	r.sought = map[wire.Account]bool{}
	for _, s := range seeks {
		r.sought[s.Account] = true
		if !old[s.Account] {
			fresh[s.Account] = true
			r.schedule(s.Account, r.head(s.Account))
		}
	}
	r.begun = true
	maps.DeleteFunc(r.relayed, func(a wire.Account, _ *relayed) bool { return !r.sought[a] })
	maps.DeleteFunc(r.brief, func(a wire.Account, _ retry) bool { return !r.sought[a] })
	return fresh
}

// head is how long somebody sought newly may be found on this network first, which asks
// nobody elsewhere. The caller holds mu.
func (r *reach) head(a wire.Account) time.Duration {
	switch {
	case r.e.links.Linked(a): // by a relay perhaps
		return firstRetry / 10
	case r.begun: // the user waits
		return firstRetry / 4
	}
	return firstRetry
}

// announcer is an account as the holders of a secret know it.
type announcer struct {
	secret  wire.Secret
	account wire.Account
}

// key is the key under which it tells them where it is (discovery/MDNS.md).
func (a announcer) key() discovery.Key {
	return discovery.Key(a.secret.Derive("truce mdns v1", a.account[:]))
}

// announceKeys saves making all of them anew whenever one contact changes.
type announceKeys struct{ old, now map[announcer]discovery.Key }

func (k announceKeys) of(s wire.Secret, account wire.Account) discovery.Key {
	a := announcer{s, account}
	key, known := k.old[a]
	if !known {
		key = a.key()
	}
	k.now[a] = key
	return key
}

func targetOf(me wire.Account, s chat.Sought, keys announceKeys) discovery.Target {
	t := discovery.Target{ID: discovery.ID(s.Account)}
	for _, secret := range s.Pair {
		t.Hear = append(t.Hear, keys.of(secret, s.Account))
		if !s.Quiet {
			t.Tell = append(t.Tell, keys.of(secret, me))
		}
	}
	if s.Reach != nil {
		t.Hear = append(t.Hear, keys.of(wire.Secret(*s.Reach), s.Account))
	}
	for _, hint := range s.Hints {
		if p, err := peer.AddrInfoFromString(hint); err == nil {
			t.Hints = append(t.Hints, *p)
		}
	}
	return t
}
