package chat

import (
	"context"
	"iter"

	"github.com/truce-im/truce/chat/wire"
)

// Store keeps everything that must survive. It is safe for concurrent use.
type Store interface {
	// View runs fn on a consistent state. What fn gets is valid until it returns.
	View(fn func(Reader) error) error

	// Update runs fn and commits what it wrote, whole or not at all; several
	// concurrent updates may share one commit. fn may run more than once, so it
	// must not have effects but on tx. When Update returns nil the changes are
	// on disk; with fn's own error nothing has changed; with any other error
	// the commit failed, and the store has made sure that it left nothing; but
	// if it could not even look, because the file does not open any more, what
	// became of the commit is unknown.
	Update(fn func(Tx) error) error

	// Scan goes through the events of all conversations, or of one that is not
	// zero, from those that came last to the first that ever did, and yields
	// step by step those with a body of kind content that keep accepts. keep is
	// called from several goroutines at a time, also for events that are never
	// yielded, and must not hold on to what it is given. What is changed
	// meanwhile is seen or not. Scan takes little memory and keeps nobody from
	// writing; between two steps it holds nothing. It ends early when ctx does,
	// with its cause.
	Scan(ctx context.Context, conv wire.ConvID, keep func(body []byte) bool) iter.Seq2[Scanned, error]

	// Changed returns a channel that is closed by the next commit. Take it
	// before looking, and no change is missed.
	Changed() <-chan struct{}

	// Generation names this store: cursors of another are void.
	Generation() string

	// Free returns the bytes that the disk has left.
	Free() (uint64, error)

	// Close waits for updates under way, then releases the files.
	Close() error
}

// Reader reads one state of the store. Single look-ups that find nothing
// return an error that is ErrNotFound, unless they say otherwise. Sequences
// stop after yielding an error; they read as they go and hold no more than a
// page. Nobody changes the bytes and secrets that Self and Contacts point to:
// others have the same.
type Reader interface {
	Self() (Self, error)
	Setting(name string) (string, error) // "" if it was never set

	Contact(wire.Account) (Contact, error)
	Contacts() iter.Seq2[Contact, error] // in order of creation

	// Log returns a state with Head 0 for a log that is not there.
	Log(wire.Log) (LogState, error)
	Logs(wire.ConvID) ([]LogState, error)
	// Conv returns a zero Conv, but for its ID, for one that is not there.
	Conv(wire.ConvID) (Conv, error)

	Event(l wire.Log, seq uint64) (Event, error)
	Events(l wire.Log, from uint64) iter.Seq2[Event, error] // rising seq, starting at from
	ByID(wire.MessageID) (Event, error)
	// ByPrefix returns at most limit events whose id in hex begins with prefix,
	// which is lower-case hex of any length up to 64.
	ByPrefix(prefix string, limit int) ([]Event, error)
	// Before yields the listed events of a conversation that stand before p,
	// newest first; a nil p starts at the end.
	Before(c wire.ConvID, p *Position) iter.Seq2[Event, error]
	// After yields those that stand after p, oldest first; a nil p starts at
	// the beginning.
	After(c wire.ConvID, p *Position) iter.Seq2[Event, error]
	// Fold returns a Fold with nothing but its names for a message that nothing
	// was done to.
	Fold(c wire.ConvID, target wire.MessageID) (Fold, error)

	Done(key string) (Done, error)
	Peers(wire.Account) ([]Peer, error) // none: nil
	// Card returns a Card with nothing but its Account for one that is not there.
	Card(wire.Account) (Card, error)
	Picture(wire.Account) ([]byte, error) // none: nil
	HasPicture(wire.Account) (bool, error)

	// Journal yields all changes after cursor, in order.
	Journal(cursor uint64) iter.Seq2[Change, error]
	// Cursor is the number of the last change; 0 in a new store.
	Cursor() uint64
}

// Tx is a Reader that sees its own writes.
type Tx interface {
	Reader

	PutSelf(Self) error
	PutSetting(name, value string) error
	PutContact(Contact) error
	PutLog(LogState) error
	PutConv(Conv) error
	PutFold(Fold) error
	PutDone(key string, d Done) error
	// PutPeers is not a change: it writes no journal row.
	PutPeers(wire.Account, []Peer) error
	// PutCard is not a change: it writes no journal row.
	PutCard(Card) error
	// PutPicture keeps the picture of an account; nil: none any more. It is not a
	// change either.
	PutPicture(a wire.Account, file []byte) error

	// Append stores e under the next journal number and sets e.Cursor. The
	// caller keeps positions unique and updates the LogState.
	Append(e *Event) error
	// Rewrite replaces the stored event at e's position, to blank its body or
	// to note that it was refused. Identity and order stay.
	Rewrite(e Event) error
	// Move takes the event at from away and stores e in its stead, which is the
	// same message at another position and in another order: id, cursor and body
	// stay, nothing stands at from any more. It is rare, and may be slow.
	Move(from Ref, e Event) error
	// Note adds a row to the journal for a change that is no event. Its Cursor
	// is ignored.
	Note(Change) error
	// ForgetDone drops idempotency keys used before t (unix milliseconds).
	ForgetDone(t uint64) error
}
