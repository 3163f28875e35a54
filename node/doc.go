// Package node is Truce as a library: one Node is one person's presence on the
// network. It keeps an account in a home directory, finds the contacts, links
// with them and carries their messages; what it knows is read and changed
// through the chat.Service that it hands out. Programs, faces and tests all
// use it alike.
//
// The zero Config, but for Home, is what a person needs. Open makes the account
// at the first start. Close is a clean stop: the contacts are told, and what
// was accepted is on disk. A process that dies without it loses nothing.
//
// Of one home there is one Node at a time, in whatever process; Nodes of
// several homes may run in one.
package node
