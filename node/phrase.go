package node

import (
	"crypto/ed25519"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/phrase"
)

// Phrase returns the 24 words that stand for the account in home. It reads the
// account key's file alone, so that a node may run meanwhile. If that is sealed
// ask is called for the passphrase; it may be nil.
func Phrase(home string, ask func() ([]byte, error)) (words string, err error) {
	if !Exists(home) && !exists(currentAccount(home)) {
		return "", chat.Errorf(chat.CodeFailed, "there is no account in this home yet").WithHint("run `truce init` or `truce`")
	}
	seed, err := accountSeed(home, ask)
	if err != nil {
		return "", failed(err, "")
	}
	defer clear(seed[:])
	return phrase.Encode(seed), nil
}

// ParsePhrase returns the seed of the account that 24 words stand for, for
// Config.Seed, and the account. White space and case do not matter.
func ParsePhrase(words string) (seed [32]byte, account wire.Account, err error) {
	seed, err = phrase.Decode(words)
	if err != nil {
		return seed, account, chat.Errorf(chat.CodeUsage, "the words cannot be read: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed[:])
	return seed, wire.Account(key.Public().(ed25519.PublicKey)), nil
}
