package node_test

import (
	"errors"
	"testing"
	"time"

	"github.com/truce-im/truce/node"
)

// Who exchanges the keys waits for updates of the store, and an update may ask
// for the account key: it must get it at once.
func TestAccountKeyWhileTheDataKeyIsExchanged(t *testing.T) {
	n := newPerson(t, "Ann").start(t, offline)
	stop := errors.New("stop")
	err := node.Exchange(n, func() error {
		got := make(chan bool, 1)
		go func() { got <- node.AccountKey(n) != nil }()
		select {
		case ok := <-got:
			if !ok {
				t.Error("there is no account key")
			}
		case <-time.After(time.Minute):
			t.Error("the account key waits for the exchange")
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}
