package storage

import (
	"errors"
	"fmt"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/truce-im/truce/chat"
)

// Errors that Open and the methods of a Store return, wrapped. They are for
// errors.Is; each is told in a line of its own.
var (
	// ErrNewerSchema: only a newer program can read the file.
	ErrNewerSchema = errors.New("this home was written by a newer truce")
	// ErrWrongKey: the data key is not the one that the file is sealed with.
	ErrWrongKey = errors.New("the key does not fit this home's store")
	// ErrCorrupt: the file is torn, or is not ours.
	ErrCorrupt = errors.New("the store's file is damaged")
	// ErrLocked: another process has the file open.
	ErrLocked = errors.New("another program has the store open")
	// ErrClosed: the Store was used after Close.
	ErrClosed = errors.New("the store is closed")
	// ErrBroken: after a failed commit the file could not be opened again, and
	// whether that commit landed is not known. Each later call tries anew.
	ErrBroken = errors.New("the store could not be opened again after a failed write")
)

func corruptf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}

// guard, deferred, turns a panic of bbolt, which a damaged file can cause, into
// an error. No function of a caller may run under it.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = corruptf("%v", p)
	}
}

// openError translates what bbolt.Open returns.
func openError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, berrors.ErrTimeout):
		return ErrLocked
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return corruptf("%w", err)
	}
	return err
}

// failed tells of a machine that would not.
func failed(cause error, format string, args ...any) error {
	return &chat.Error{Code: chat.CodeFailed, Message: fmt.Sprintf(format, args...) + ": " + cause.Error(), Err: cause}
}

func notFound(what string) error { return chat.Errorf(chat.CodeNotFound, "%s", what) }
