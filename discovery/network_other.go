//go:build !linux && !darwin

package discovery

import (
	"context"
	"errors"
)

// watchSystem is not available here: the caller polls.
func watchSystem(context.Context, func()) error { return errors.ErrUnsupported }

func unusableAddrs() map[ifaceAddr]bool { return nil }
