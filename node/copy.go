package node

import (
	"crypto/ed25519"
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

// Renew gives this device a new key and retires the old one. seed is that of
// the account, as ParsePhrase gives it; nil: the one in the home's file, which
// can be read unless a passphrase protects it.
func (n *Node) Renew(seed *[32]byte) error {
	key := n.home.keys.account()
	if seed != nil {
		key = ed25519.NewKeyFromSeed(seed[:])
	}
	if key == nil {
		return chat.Errorf(chat.CodeFailed, "the account key is not here, or is protected by the passphrase").
			WithHint("give your 24 words: `truce device renew --phrase-file FILE`")
	}
	return n.chat.Renew(key)
}
