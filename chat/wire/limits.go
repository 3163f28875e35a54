package wire

// Limits of the protocol (PROTOCOL.md §9). Each is what the largest honest use
// needs, rounded up.
const (
	MaxText = 64 << 10 // bytes of UTF-8 in one message
	MaxName = 64       // characters of a suggested name
	MaxNote = 1000     // characters of the note with a request

	MaxFirstFrame = 1 << 10   // bytes of a frame from a peer that has proved nothing
	MaxHello      = 64 << 10  // bytes of a hello once the relation is proved
	MaxFrame      = 256 << 10 // bytes of any frame of an open session
	MaxBody       = 96 << 10  // bytes of one event's body: a text of MaxText and its wrapping
	MaxTags       = 16        // proofs in one first frame: four of a contact, of four contacts
	MaxVersions   = 16        // protocol versions in one first frame

	MaxEntries = 1024 // entries of a version vector: 8 live and 64 retired devices of two accounts, with room
	MaxEvents  = 1024 // events of one push: what MaxFrame holds of short texts

	MaxSeq   = 1 << 53         // position in a log: JSON holds it exactly, and sums do not overflow
	MaxStamp = 253402300799999 // unix milliseconds of any time, in the year 9999: RFC 3339 can write it

	MaxLive    = 8       // devices in use at a time
	MaxRetired = 64      // devices listed one by one as retired; older ones are folded
	MaxList    = 4 << 10 // bytes of a signed device list: the longest has 3,775

	MaxLinkAddrs = 8    // addresses in a link
	MaxLink      = 2048 // bytes of a link
)
