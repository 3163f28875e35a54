//go:build !linux

package node

// birthOf tells one file from every copy of it, where the system says when a
// file was made. Here a copy is found by its contacts instead.
func birthOf(string) string { return "" }
