package link

import "time"

// Limits of a link. A stranger controls none of these quantities beyond them.
const (
	helloTimeout = 5 * time.Second  // for each frame of a hello, as for a stranger's first
	dialTimeout  = 15 * time.Second // for connecting and the whole hello
	writeTimeout = 15 * time.Second // for one write: a peer that reads nothing is gone
	drainTimeout = 3 * time.Second  // for the last frames of a session that ends: commands wait 5 s for a node that dies

	quietTimeout = 5 * time.Second  // silence, while something waits for an answer, after which we ask
	deadTimeout  = 12 * time.Second // silence after which the peer is taken for dead (promised: 15 s)
	probeTimeout = 2 * time.Second  // for the answer to a probe after the network changed: links are to be back within 5 s

	roomInterval = 5 * time.Second // between looks at the disk while there is no room for what a peer pushes

	helloRate     = 2    // hellos a second of one address, or of one contact's peer, in the long run
	helloBurst    = 64   // and at once: a dormitory behind one address comes back
	strangerRate  = 100  // hellos a second of all strangers: at 1 ms each, with 300 contacts, a tenth of a core
	strangerBurst = 512  // and at once
	maxBuckets    = 4096 // addresses counted one by one

	maxVisitors = 64               // connections on which nothing was proved: the host has place for 300 besides our own
	visitTime   = 30 * time.Second // for each of them: three times what a slow hello takes

	maxUnproved  = 32          // hellos under way at a time: strangers cannot hold more (rule 5)
	maxKnown     = 8           // peers of one contact that have a place of their own
	maxAskers    = 32          // open sessions with people who are no contacts yet
	askerTime    = time.Minute // for each of them: to say it, and for the answer of a user who sits there
	maxStances   = 64          // stances taken in one session: each goes to disk
	maxVectors   = 64          // vectors taken without an acknowledgement between, or at once: each has us push anew
	vectorRate   = 2           // and a second, in the long run: who has no room sends one in 5 s
	maxWants     = 72          // questions about logs of mine in one session: live and retired devices
	costlyRate   = 100         // frames a second that may each cost a commit or a signature, in the long run
	costlyBurst  = 1000        // and at once
	maxPerDevice = 4           // open sessions with one device: one in use, others being drained

	window       = 256 << 10 // bytes pushed and not acknowledged (rule 21)
	pushSize     = 32 << 10  // bytes of one push: small enough that acknowledgements come between
	bulkEvents   = 1000      // a log that the peer lacks more of, or
	bulkBytes    = 1 << 20   // more bytes of, goes on the bulk stream (rule 21)
	bulkWindow   = 256 << 10 // bytes pushed there and not acknowledged: what a slow line holds before a frame of the link
	bulkPage     = 32 << 10  // bytes of one push there; two are in memory
	bulkTaking   = 256 << 10 // bytes for the disk with which the reader of the peer's bulk stream waits: the longest commit
	maxTaking    = 2 << 20   // bytes pushed to us that wait for the disk: twice what all windows of a peer allow
	maxPushing   = 1 << 20   // bytes of pushes that wait to be sent: windows that a peer had us begin anew
	maxAnswering = 256       // frames that wait to be sent, beside pushes
)
