package node

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
)

// What a relay says in words of its own does not get to the user.
func TestUnserved(t *testing.T) {
	for want, err := range map[string]error{
		"it refuses":           fmt.Errorf("try: %w", client.ReservationError{Status: pb.Status_RESERVATION_REFUSED, Reason: "send money\n"}),
		"it has no place left": client.ReservationError{Status: pb.Status_RESOURCE_LIMIT_EXCEEDED},
		noRoute.what:           fmt.Errorf("failed to dial:\n  * %w", syscall.ENETUNREACH),
		noIdea.what:            errors.New("anything\nelse"),
	} {
		if got := unserved(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
