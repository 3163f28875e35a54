// Package api serves a node to its owner's programs: HTTP with JSON, and
// server-sent events, on a Unix socket in the home (API.md). The command line
// has no other door.
//
// The handler is safe for concurrent use. Requests change nothing unless they
// are answered with 200; an answer means that the change is on disk. An event
// stream holds a cursor and no queue, so a slow reader costs nothing and misses
// nothing. Handlers run until their request ends; Serve returns when all have.
package api
