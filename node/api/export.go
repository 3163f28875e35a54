package api

import (
	"net/url"

	"github.com/truce-im/truce/chat"
)

// oldest reads the choice of the end at which a history begins.
func oldest(query url.Values) (bool, error) {
	switch query.Get("oldest") {
	case "", "false":
		return false, nil
	case "true":
		if query.Get("before") == "" {
			return true, nil
		}
		return false, chat.Errorf(chat.CodeUsage, "oldest and before exclude each other")
	}
	return false, chat.Errorf(chat.CodeUsage, "oldest is true or false")
}
