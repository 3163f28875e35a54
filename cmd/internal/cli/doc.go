// Package cli is the command line of Truce: one file for each command or small
// family of them. Every command goes through the same typed client of the local
// API: over the socket if a node runs in the home, else over handlers in this
// process on the store that the command opens for itself (connect.go).
//
// Arguments are checked before the home is looked at. Results go to standard
// output, what is told about them to standard error, and a failure is one line
// there (errors.go). Nothing that others wrote reaches a terminal but through
// package term.
package cli
