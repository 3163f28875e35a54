// Package presence tells contacts how the user is there, and learns it of them
// (PROTOCOL.md §13).
//
// A node tells each contact with whom it has a session over that session: at once
// when it begins and whenever something changes, then once a minute. Whoever has
// no session with somebody hears of them through common contacts, by gossip: who
// gets a record on a session passes it on, sealed, to those who have shown that
// they hold the secret of its view and that they need it. What arrives may be the
// newest alone; what is late is dropped. Nothing that must arrive goes this way.
package presence
