// Package storage keeps the state of a node in one bbolt file. It implements
// chat.Store; layout.go and LAYOUT.md say how the file is laid out.
//
// Order: journal numbers rise by one for each change, in the order of commits.
// Updates that wait at the same time share one commit, in the order in which
// they came. A view sees the newest state that is on disk, whole, and never one
// whose commit has not returned.
//
// Durability: Update returns nil after the data has been synced to the disk.
// When a commit fails, the file is closed and opened again to learn whether it
// landed after all, and only then is the caller answered.
//
// The caller keeps other processes away from the file, which the home's lock is
// for; a second opening fails with ErrLocked. Functions given to View and
// Update must not call the Store: a view within an update sees an older state,
// and an update within a view may wait for itself.
//
// The package starts no goroutine: a commit runs in the goroutine of one of the
// updates that it carries.
package storage
