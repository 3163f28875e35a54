package chat

import (
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// Self is what the node knows of itself. It holds secrets: it is never logged.
type Self struct {
	Account   wire.Account
	Name      string           // suggested to others; may be empty
	Device    [32]byte         // Ed25519 seed of the device key
	Transport [32]byte         // Ed25519 seed of the libp2p identity
	Owner     wire.OwnerSecret // shared by the account's devices
	Reach     wire.ReachSecret // in the link
	List      []byte           // signed device list
	Boot      uint64           // number of the last start; only rises
	Port      int              // to listen on; 0 before the first start
	Created   uint64           // unix milliseconds
	Renew     bool             // this device must write no more: it needs a new key first (rule 13)
	Taken     bool             // a contact showed that another device took over: only the user can renew
	Birth     string           // of the store's file when it was last opened; empty: not known
}

// Stance is what one side wants of the other (PROTOCOL.md §3.4). The zero
// value is no word yet.
type Stance struct {
	Version uint64
	Answers uint64 // version of the other side's stance that was known when this was made
	Want    bool
	Name    string
	Note    string
	Share   [32]byte
	Time    uint64 // when it was made or first seen here, unix milliseconds
}

// Relation is how a contact stands, as CONTRACT.md names it.
type Relation string

// The relations. Requested and Gone are not shown among contacts.
const (
	Asked     Relation = "asked"     // I asked, no answer yet
	Accepted  Relation = "accepted"  // both want
	Declined  Relation = "declined"  // they declined
	Blocked   Relation = "blocked"   // I blocked them
	Requested Relation = "requested" // they ask, I have not answered
	Gone      Relation = "gone"      // I declined, or nobody wants any more
)

// named reports whether the name of such a contact is one that I chose, or let
// stand, and not only what they call themselves.
func (r Relation) named() bool { return r != Requested && r != Gone }

// Contact is another account that this node knows.
type Contact struct {
	Account   wire.Account
	Name      string // the petname; unique among all contacts
	Note      string // sent with my request
	Mine      Stance
	Theirs    Stance
	MineAcked uint64            // version of Mine that they have on disk
	Reach     *wire.ReachSecret // from their link; until the pair secret is proved
	AskedBy   *wire.Secret      // pending secret of their request; likewise
	AskedOf   *wire.Secret      // pending secret of my request; likewise
	Pair      *wire.Secret      // once both want
	Hints     []string          // multiaddrs from their link
	From      string            // network that their request came from, as long as it waits; empty: not known
	List      []byte            // newest signed device list seen
	Retired   []wire.Device     // ever seen as retired: they stay so, whatever a list says
	Version   uint16            // highest protocol version they proved
	Verified  bool              // the safety number was compared
	Blocked   bool
	Created   uint64 // unix milliseconds
	LastSeen  uint64 // unix milliseconds; 0: never
}

// Relation derives how the contact stands from the two stances.
func (c *Contact) Relation() Relation {
	switch {
	case c.Blocked:
		return Blocked
	case c.Mine.Want && c.Theirs.Want:
		return Accepted
	case c.Mine.Want && c.Theirs.Answers >= c.Mine.Version:
		return Declined
	case c.Mine.Want:
		return Asked
	case c.Theirs.Want && c.Mine.Answers < c.Theirs.Version:
		return Requested
	}
	return Gone
}

// LogState is the head of a log and what is known of how far it got. For a log
// of this account, Delivered and Read tell of the other account; for a log of
// another, Read tells how far I have read, and Shown how far I had when I last
// read with read receipts on.
type LogState struct {
	Log       wire.Log
	Base      uint64 // events after Base up to Head were committed here
	Head      uint64
	Chain     wire.ChainValue // at Head
	Order     uint64          // order key of the event at Head, unix milliseconds
	Delivered uint64
	Read      uint64
	Shown     uint64
}

// Event is one entry of a log as it is stored.
type Event struct {
	Log      wire.Log
	Seq      uint64
	Wire     wire.Event
	ID       wire.MessageID // zero: the body is not content that can be read
	Order    uint64         // order key, fixed at commit; ties by device, then seq
	Received uint64         // when it was committed here, unix milliseconds
	Listed   bool           // stands in the history, as opposed to an edit or a reaction
	Refused  *wire.Reason   // the other side will never take it
	Cursor   uint64         // journal number; set by Append
}

// Position is where a message stands in a history: by Order, ties by Device,
// then by Seq.
type Position struct {
	Order  uint64
	Device wire.Device
	Seq    uint64
}

// Position returns where e stands in its conversation's history.
func (e *Event) Position() Position { return Position{e.Order, e.Log.Device, e.Seq} }

// Ref names an event by its place in a log.
type Ref struct {
	Log wire.Log
	Seq uint64
}

// Fold gathers what later events did to one message. It may exist before the
// message does (PROTOCOL.md §4.5).
type Fold struct {
	Conv      wire.ConvID
	Target    wire.MessageID
	Edits     []Edit // at most one per account: the one that counts
	Deleted   []wire.Account
	Reactions []Reaction // at most one per account and emoji
}

// Edit is the newest edit of a message by one account.
type Edit struct {
	Account wire.Account
	At      Position
	Event   Ref
}

// Reaction is one account's reaction to a message. A removed one is kept, so
// that an older one arriving later does not revive it.
type Reaction struct {
	Account wire.Account
	Emoji   string
	ID      wire.MessageID // of the reaction itself: what its removal names
	At      Position
	Removed bool
}

// Conv is the local state of a conversation.
type Conv struct {
	ID     wire.ConvID
	Peer   wire.Account
	Unread uint64 // incoming listed messages beyond the read marks
	Unseen uint64 // bytes that what came since I last read takes on this disk, about
	Over   bool   // that is over the quota: what Peer writes is not taken
}

// Peer is a libp2p peer at which a contact was reached, newest first.
type Peer struct {
	ID    string   // libp2p peer id, in text
	Addrs []string // multiaddrs without the peer id
	Seen  uint64   // unix milliseconds
}

// Done is the remembered result of a write with an idempotency key.
type Done struct {
	What    string // the kind of write, so that a key is not used for two
	ID      wire.MessageID
	Account wire.Account
	Time    uint64 // unix milliseconds
}

// ChangeKind says what a row of the journal tells of.
type ChangeKind uint8

// The kinds of change. Numbers are stored: they never change.
const (
	ChangeEvent     ChangeKind = 1 // an event was appended: Event
	ChangeDelivered ChangeKind = 2 // of Log, the events after From up to To were delivered
	ChangeRead      ChangeKind = 3 // likewise read; by the other, or by me
	ChangeContact   ChangeKind = 4 // Account changed
	ChangeMessage   ChangeKind = 5 // the message Target changed without an event: refused
	ChangeSelf      ChangeKind = 6 // my own name, link or devices
	ChangeSetting   ChangeKind = 7 // Name
)

// Change is one row of the journal: one durable change. Cursor numbers rise
// without a gap over all kinds.
type Change struct {
	Cursor  uint64
	Kind    ChangeKind
	Time    uint64 // unix milliseconds
	Event   *Event // of ChangeEvent, as it is now: a deleted body is gone
	Log     wire.Log
	From    uint64
	To      uint64
	Account wire.Account
	Target  wire.MessageID
	Name    string
}

func millis(t time.Time) uint64 { return uint64(max(0, t.UnixMilli())) }

// Time turns unix milliseconds, as they are stored, into a time in UTC.
func Time(ms uint64) time.Time { return time.UnixMilli(int64(min(ms, wire.MaxStamp))).UTC() }
