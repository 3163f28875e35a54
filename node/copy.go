package node

import (
	"path/filepath"

	"github.com/truce-im/truce/chat"
)

// renewCopy gives a home that was copied or restored a new device key before
// anything is written (rule 13). Without the account key the home stays as it
// is, and refuses to write until Renew.
func (n *Node) renewCopy() error {
	copied, err := n.chat.Born(birthOf(filepath.Join(n.home.dir, storeFile)))
	if err != nil {
		return err
	}
	due, err := n.chat.NeedsRenewal()
	if err != nil || !due {
		return err
	}
	if copied {
		n.cfg.Log.Warn("this home is a copy of another: it takes a new device key")
	}
	if key := n.home.keys.account(); key != nil {
		return n.chat.Renew(key)
	}
	n.cfg.Log.Warn("the account key is not here: nothing can be written until the device key is renewed")
	return nil
}

// Renew gives this device a new key and retires the old one. It needs the
// account's key file.
func (n *Node) Renew() error {
	key := n.home.keys.account()
	if key == nil {
		return chat.Errorf(chat.CodeFailed, "the account key is not in this home").WithHint("restore it by your 24 words")
	}
	return n.chat.Renew(key)
}
