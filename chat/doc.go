// Package chat is the domain of Truce: accounts, contacts, conversations,
// events, version vectors and the rules that hold between them. It declares
// the storage it needs (Store) and knows neither the network nor the disk.
//
// Service is the only writer. Its methods are safe for concurrent use, return
// once what they changed is on disk, and change nothing when they fail. A
// conversation is a set of append-only logs, one for each device that writes
// in it: the log is the outbox, the position in it is the identity of an event
// for delivery, and the other side's version vector is the delivery tick. The
// protocol is specified in wire/PROTOCOL.md; comments cite the rules by
// the section of that document.
package chat
