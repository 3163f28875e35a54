package host

import "github.com/libp2p/go-libp2p/p2p/protocol/holepunch"

var (
	NewResourceManager = newResourceManager
	NewSecureTransport = newSecureTransport
	RankDials          = rankDials
)

func Punches(b *Beyond) holepunch.AddrFilter { return punches{b} }

const (
	ConnsPerBucket = connsPerBucket
	MaxInbound     = maxInbound
	QUICFallback   = quicFallback
)
