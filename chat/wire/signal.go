package wire

// PresenceFrame carries a record of the sender's own device, newest of its view.
type PresenceFrame struct {
	_      struct{} `cbor:",toarray"`
	Type   FrameType
	Record []byte
}

// ShownView is one secret that the sender of a Views frame holds. Needs: it has
// no session with that account, so it would take the account's records by gossip.
type ShownView struct {
	_     struct{} `cbor:",toarray"`
	Tag   ViewTag
	Needs bool
}

// Views shows secrets that the sender holds (PROTOCOL.md §13.4). Each frame adds
// to those before; of two with one tag the last counts.
type Views struct {
	_     struct{} `cbor:",toarray"`
	Type  FrameType
	Shown []ShownView
}

// SignalKind says what a Signal tells.
type SignalKind uint8

// The kinds of Signal. Others are ignored.
const (
	SignalTyping SignalKind = 1 // a message is being written: good for 10 s
	SignalPaused SignalKind = 2 // no longer
)

// Signal tells of what passes: it is never stored.
type Signal struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	Conv ConvID
	Kind SignalKind
}

// MaxViews is how many tags one frame has at most, and one session remembers.
const MaxViews = 2048

func (f *PresenceFrame) frameType() FrameType { return f.Type }
func (f *Views) frameType() FrameType         { return f.Type }
func (f *Signal) frameType() FrameType        { return f.Type }

func (f *Signal) check() error { return nil }

func (f *PresenceFrame) check() error {
	_, err := PresenceDevice(f.Record)
	return err
}

func (f *Views) check() error {
	if len(f.Shown) > MaxViews {
		return failf("views", "more than %d views", MaxViews)
	}
	return nil
}
