package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/discovery/dht"
)

func TestDHTCheck(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		status dht.Status
		public bool
		ok     bool
		says   string
	}{
		"rests":         {dht.Status{}, true, true, "rests"},
		"well":          {dht.Status{On: true, Peers: 7, Published: now.Add(-time.Minute), Looked: now.Add(-time.Second)}, true, true, "7 nodes known; written 1m0s ago; looked up 1s ago"},
		"no way in":     {dht.Status{On: true, Err: errors.New("no way into the network")}, true, false, "0 nodes known: no way into the network"},
		"first":         {dht.Status{On: true, Err: fmt.Errorf("write: %w", dht.ErrAlone)}, true, false, "nobody else is in the network yet"},
		"slow":          {dht.Status{On: true, Peers: 1, Err: fmt.Errorf("look up: %w", context.DeadlineExceeded)}, true, true, "1 node known, but the last attempt took too long"},
		"not reachable": {dht.Status{On: true, Peers: 3}, false, true, "nobody finds this node"},
	} {
		if c := dhtCheck(test.status, test.public, now); c.OK != test.ok || !strings.Contains(c.Detail, test.says) || !c.OK && c.Hint == "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
