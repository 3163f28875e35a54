package client

// Identity tells who the node is. PeerID is empty and Addrs has no entry while
// the node is not connected to a network.
type Identity struct {
	Account   string   `json:"account"`
	Name      string   `json:"name"`
	PeerID    string   `json:"peer_id"`
	Link      string   `json:"link"`
	Addrs     []string `json:"addrs"`
	Protected bool     `json:"protected"`
}

// Contact is another person as this node knows them.
type Contact struct {
	Account  string   `json:"account"`
	Name     string   `json:"name"`
	State    string   `json:"state"`    // asked, accepted, declined or blocked
	Presence string   `json:"presence"` // available, away, busy or offline
	Status   string   `json:"status"`
	Idle     Time     `json:"idle_since"`
	LastSeen Time     `json:"last_seen"`
	Typing   bool     `json:"typing"` // they write a message to me
	Groups   []string `json:"groups"` // mine, that they are in
	Memo     string   `json:"memo"`   // a note of mine
	Shown    string   `json:"shown"`  // how much they see of my presence: full, plain or none
	Tell     bool     `json:"tell"`   // I want to be told when they come
	Hidden   bool     `json:"hidden"` // they must not see where this node is
	Verified bool     `json:"verified"`
	Why      string   `json:"why"` // nothing more is taken from them now: the reason
	Unread   uint64   `json:"unread"`
}

// Request is somebody who asks to be a contact. Name is what they call
// themselves; nobody has checked it.
type Request struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Note    string `json:"note"`
	Time    Time   `json:"time"`
}

// Message is one message with everything that was done to it later.
type Message struct {
	ID           string              `json:"id"`
	Conversation string              `json:"conversation"` // the other's account
	Direction    string              `json:"direction"`    // in or out
	From         string              `json:"from"`
	FromName     string              `json:"from_name"`
	Time         Time                `json:"time"`
	Received     Time                `json:"received"`
	Text         string              `json:"text"`
	State        string              `json:"state"` // see Settled
	ReplyTo      string              `json:"reply_to"`
	Edited       bool                `json:"edited"`
	Deleted      bool                `json:"deleted"`
	Reactions    map[string][]string `json:"reactions"` // accounts by emoji
	Files        []File              `json:"files"`
	Why          string              `json:"why"`    // why it is queued or failed
	Auto         bool                `json:"auto"`   // a program answered for somebody who was away
	Nudge        bool                `json:"nudge"`  // to be shown as a nudge; Text is for those who cannot
	Notice       string              `json:"notice"` // see NoticeNewDevice; empty: somebody wrote it
}

// NoticeNewDevice is a line that nobody wrote: the other side uses a device that
// it did not have before.
const NoticeNewDevice = "new_device"

// Out reports whether I wrote the message.
func (m Message) Out() bool { return m.Direction == "out" }

// Settled reports whether nothing more is to be waited for: the message has
// arrived or never will. A message is queued, carried, delivered, read or
// failed if I wrote it, else received or read.
func (m Message) Settled() bool { return m.State != "queued" && m.State != "carried" }

// File is something attached to a message.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Size  uint64 `json:"size"`
	Done  uint64 `json:"done"`
	State string `json:"state"`
}

// Peer is one open connection. Account and Name are empty unless the other
// side has proved that it is a contact.
type Peer struct {
	PeerID    string `json:"peer_id"`
	Account   string `json:"account"`
	Name      string `json:"name"`
	Addr      string `json:"addr"`
	Via       string `json:"via"`       // direct or relay
	Transport string `json:"transport"` // tcp or quic
	RTT       int64  `json:"rtt_ms"`
}

// Safety is the safety number that two people compare out of band.
type Safety struct {
	Account  string `json:"account"`
	Number   string `json:"number"`
	Verified bool   `json:"verified"`
}

// Unread counts what is not read yet in one conversation.
type Unread struct {
	Unread uint64 `json:"unread"`
}

// Setting is one named setting; Value is empty if it was never set.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Version tells of the running program.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// Kinds of Event.
const (
	EventReady    = "ready" // printed by `truce run`; the API does not send it
	EventMessage  = "message"
	EventState    = "state"
	EventContact  = "contact"
	EventPresence = "presence"
	EventTyping   = "typing"
	EventNode     = "node"
	EventReset    = "reset"
)

// Event is one thing that happened. Reading may go on after Cursor.
type Event struct {
	Cursor  string   `json:"cursor"`
	Event   string   `json:"event"`
	Time    Time     `json:"time"`
	Message *Message `json:"message,omitempty"` // of message and state
	Contact *Contact `json:"contact,omitempty"` // of contact, presence and typing
	What    string   `json:"what,omitempty"`    // of node: what changed
	Tell    bool     `json:"tell,omitempty"`    // of presence: they came, as I wanted to be told
}

// Nudges reports whether the event tells of a nudge that has just come, as opposed
// to one that something was done to.
func (e Event) Nudges() bool {
	return e.Event == EventMessage && e.Message.Nudge && !e.Message.Out() && e.Time.Equal(e.Message.Received.Time)
}
