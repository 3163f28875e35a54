package discovery

import (
	"context"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Source is one way of finding people. A Manager runs each of its sources and
// filters what they say.
//
// To plug in a DHT: make a type whose SetTargets keeps the keys, whose Serve
// publishes records under Tell and looks records up under Hear, and put it into
// Config.Sources; its Public returns true.
//
// SetTargets, Seek and NetworkChanged must not block: they leave a note for
// Serve. They may be called before Serve, after it and at the same time.
type Source interface {
	// Name is shown in Found.Source. It is constant.
	Name() string

	// Public tells that strangers can write what this source reads. Then only
	// public unicast addresses are taken from it, and only MaxCandidates
	// different candidates per target and day. It is constant.
	Public() bool

	// Serve looks and announces until ctx ends, then says goodbye, waits for
	// its goroutines and returns. offer never blocks and is safe for concurrent
	// use. If Serve returns while ctx lives it is called again after a pause.
	Serve(ctx context.Context, offer func(Candidate)) error

	// SetTargets replaces the targets and every key to announce under. The
	// slices are shared and must not be modified.
	SetTargets(targets []Target, tell []Key)

	// Seek looks again for one target.
	Seek(id ID)

	// NetworkChanged tells the interfaces that are there now. It is called once
	// before Serve and then after every change.
	NetworkChanged(ifaces []Interface)
}

// News says how much a candidate's word is worth against an earlier failure.
type News uint8

const (
	// Recalled comes from memory: addresses that failed stay out.
	Recalled News = iota
	// Repeated was just said again by the target: failures are forgotten, but
	// it is passed on only if the last attempt failed or somebody seeks it.
	Repeated
	// Fresh was just said by the target for the first time: always passed on.
	Fresh
)

// Candidate is what a Source says: target ID may be reached at Peer.
type Candidate struct {
	ID   ID
	Peer peer.AddrInfo
	Via  string // the interface it was heard on; what comes over several is kept apart
	News News   // counts for sources that are not Public only
}
