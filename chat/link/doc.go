// Package link keeps sessions between this node and its contacts: streams of
// /truce/link/1.0.0 on which two devices prove their relation, compare version
// vectors, push the events that the other lacks and acknowledge those that are
// on disk (chat/wire/PROTOCOL.md §5 and §6).
//
// A log that the peer lacks much of goes on a second stream, of
// /truce/bulk/1.0.0, which belongs to the session (§6.10).
//
// A Manager owns all sessions of a host. A session has five goroutines; the
// Manager waits for the first, and that one for the others:
//
//   - serve runs the session proper (run), which alone decides and changes its
//     state, and ends it;
//   - read decodes frames and hands them on, and never waits for a disk;
//   - write sends, acknowledgements first, each write under a deadline;
//   - taker commits pushes, all that wait in one go, before it acknowledges them;
//   - ticker commits what the other side acknowledged and read.
//
// A sixth, likewise, writes its bulk stream, once there is one. Those that read
// bulk streams of peers end with their session; the Manager waits for them.
//
// At the end of a session run has the last two commit what is left.
//
// No state crosses sessions: a new one begins with both vectors. Nothing here
// must arrive that is not in a log, so whatever goes wrong the answer is to reset
// the stream and begin again.
package link
