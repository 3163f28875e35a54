package cli

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [available|away|busy|invisible [TEXT…]]",
		Short: "shows or sets how contacts see you",
		Long: `Shows how contacts see you, or sets it, with a text of up to 1,000 characters. It stays
until you set it again. Contacts who are connected see a change within a second; of many
changes in a row they see the last one, a few seconds later. While you are invisible contacts see you offline, messages
still reach you, and who wrote them sees no tick before you show yourself again. Who
knows your address can still tell that a node runs there.`,
		Example: `  truce status
  truce status busy in a meeting until noon
  truce status available`,
		Args: between(0, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if err := checkStatus(args[0], strings.Join(args[1:], " ")); err != nil {
					return err
				}
			}
			return a.withNode(cmd.Context(), func(ctx context.Context, s session) error {
				return a.status(ctx, s, args)
			})
		},
	}
}

func moods() (list []string) {
	for _, m := range chat.Moods {
		list = append(list, string(m))
	}
	return list
}

func checkStatus(mood, text string) error {
	switch {
	case !slices.Contains(moods(), mood):
		e := usagef("a status is available, away, busy or invisible, not %q", mood)
		e.Hint = "the text comes after it: truce status busy " + mood
		return e
	case !utf8.ValidString(text):
		return usagef("the status text is not UTF-8")
	}
	if n := utf8.RuneCountInString(text); n > wire.MaxStatus {
		return &client.Error{Code: client.CodeRefused, Message: "a status text has at most 1,000 characters"}
	}
	return nil
}

func (a *app) status(ctx context.Context, s session, args []string) (err error) {
	var st client.Status
	if len(args) == 0 {
		st, err = s.Status(ctx)
	} else {
		st, err = s.SetStatus(ctx, client.Status{Presence: args[0], Status: strings.Join(args[1:], " ")})
	}
	if err != nil {
		return err
	}
	if on, err := s.Setting(ctx, chat.UsePresence); err == nil && on.Value == "false" {
		a.note("presence is switched off: contacts see you offline; `truce config presence true`")
	}
	if st.Status == "" {
		return a.result(st, "%s", st.Presence)
	}
	return a.result(st, "%s: %s", st.Presence, term.Printable(st.Status))
}
