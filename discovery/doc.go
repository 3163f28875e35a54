// Package discovery finds where people are: from addresses that worked before,
// from those in their link, and by announcements on the local network.
//
// A [Manager] is told whom to look for ([Manager.SetTargets]) and hands out
// candidates one by one ([Manager.Next]). It merges what its sources say,
// remembers failures, and bounds what strangers can make us dial. mDNS is built
// in (MDNS.md is the specification of its packets); another [Source], such as
// a DHT, plugs in through [Config].Sources.
//
// Promises. Nothing here names an account or a peer to anybody who lacks a
// shared [Key]. All methods of a Manager are safe for concurrent use, but only
// one goroutine may call Next. No method waits for the network; SetTargets and
// Seek call the Cache on the caller's goroutine, and Report may. A candidate
// is a claim, not a fact: the caller dials it, proves who answers, and tells
// the outcome to [Manager.Report].
//
// The caller owes: one call of Close; keys that are secret to the pair and
// differ by direction (a node never gives the same key in Tell and in Hear);
// and a Seek whenever it wants somebody it is not connected to, for instance
// after NetworkChanges or on a back-off of its own.
package discovery
