package chat

import "github.com/truce-im/truce/chat/wire"

// State is how far a message has got. For those that I sent it is one of
// Queued, Delivered, Read and Failed; for those that I received it is Received
// or Read.
type State string

// The states. A tick never goes back.
const (
	Queued    State = "queued"    // on my disk
	Carried   State = "carried"   // a mailbox holds it
	Delivered State = "delivered" // on the disk of one of their devices
	Read      State = "read"      // they have read it and let me know; or I have read it
	Received  State = "received"
	Failed    State = "failed" // it will never be delivered: Why says so
)

// Message is one message as people see it: the event with all that later
// events did to it.
type Message struct {
	ID        wire.MessageID
	Peer      wire.Account // the other side of the direct conversation
	Out       bool         // I wrote it
	From      wire.Account
	FromName  string
	Time      uint64 // the writer's clock, unix milliseconds
	Received  uint64 // when it was committed here
	Text      string // empty if Deleted
	State     State
	ReplyTo   wire.MessageID // zero: no reply
	Edited    bool
	Deleted   bool
	Reactions map[string][]wire.Account // by emoji
	Why       string                    // of a message that is queued or failed: the reason
	Auto      bool                      // my program, or theirs, answered for somebody who was away
	Nudge     bool                      // to be shown as a nudge; Text is for those who cannot
	Notice    Notice                    // nobody wrote this: From is zero, and Text tells the user something
}

// ContactView is a contact as people see it.
type ContactView struct {
	Account  wire.Account
	Name     string
	Relation Relation
	Note     string
	LastSeen uint64 // when they showed themselves last, unix milliseconds; 0: never
	Online   bool   // a link with it is open now, and both are contacts
	Presence Presence
	Typing   bool     // they write a message to me
	Groups   []string // of mine that they are in, sorted
	Memo     string
	Shown    Grade // how much of my presence they see
	Tell     bool  // I want to be told when they come
	Hidden   bool  // they must not see where this node is
	Verified bool
	Unread   uint64
	Why      string // nothing more is taken from them now: the reason
}

// Request is somebody who asks to be a contact.
type Request struct {
	Account wire.Account
	Name    string // suggested; may be empty
	Note    string
	Time    uint64 // unix milliseconds
}

// UpdateKind is what a Update tells of, as CONTRACT.md names it.
type UpdateKind string

// The kinds of Update.
const (
	UpdateMessage  UpdateKind = "message"  // new or changed: Message
	UpdateState    UpdateKind = "state"    // delivery: Message
	UpdateContact  UpdateKind = "contact"  // Contact
	UpdatePresence UpdateKind = "presence" // Contact: how they are there
	UpdateTyping   UpdateKind = "typing"   // Contact: whether they write
	UpdateNode     UpdateKind = "node"     // What: a setting, my name or my link changed
	UpdateReset    UpdateKind = "reset"    // the cursor asked for is unknown: read everything anew
)

// Update is one thing that happened.
type Update struct {
	Cursor  string // resume after this
	Kind    UpdateKind
	Time    uint64
	Message *Message
	Contact *ContactView
	What    string
	Tell    bool // of UpdatePresence: they came, and I wanted to be told
}
