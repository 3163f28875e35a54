// Package client talks to a Truce node over its local API (API.md of the
// package above). It owns the JSON types of that API and depends on nothing
// but the standard library, so that bots may use it as it is.
//
// A Client is safe for concurrent use. Every method sends one request, returns
// an *Error for what the node refused, and ErrUnreachable if no node answered
// or it went away before its answer was whole: then a write may or may not
// have happened, and repeating it with the same key is safe. The caller owes a
// context that ends; nothing here has a time limit of its own.
package client
