package host

var (
	NewResourceManager = newResourceManager
	NewSecureTransport = newSecureTransport
	RankDials          = rankDials
)

const (
	ConnsPerBucket = connsPerBucket
	MaxInbound     = maxInbound
	QUICFallback   = quicFallback
)
