package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// noAvatar in the place of a file drops the picture.
const noAvatar = "none"

func (a *app) profileCommand() *cobra.Command {
	var name, about, avatar, out string
	cmd := &cobra.Command{
		Use:   "profile [WHO] [--name NAME] [--about TEXT] [--avatar FILE|none]",
		Short: "shows or sets what you tell of yourself; shows others'",
		Long: `Shows what WHO tells their contacts of themselves, which nobody has checked, or what
you tell; or changes that. The name is the one by which you ask others to call you. A
picture is a PNG or JPEG file of at most 64 KiB and 1024 × 1024 pixels; the pixels
alone are passed on, not where or by what it was taken. Contacts get all of it when
they are next connected. --avatar-out writes a picture to FILE as PNG.`,
		Example: `  truce profile
  truce profile --name Ann --about "plays chess" --avatar me.png
  truce profile ben --avatar-out ben.png`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var change client.ProfileChange
			for _, f := range []struct {
				name, value string
				into        **string
			}{{"name", name, &change.Name}, {"about", about, &change.About}} {
				if cmd.Flags().Changed(f.name) {
					*f.into = &f.value
				}
			}
			if cmd.Flags().Changed("avatar") {
				file, err := readAvatar(avatar)
				if err != nil {
					return err
				}
				change.Avatar = &file
			}
			who := ""
			if len(args) > 0 {
				who = args[0]
			}
			if err := checkProfile(args, change, out, cmd.Flags().Changed("avatar-out")); err != nil {
				return err
			}
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				return a.profile(ctx, s, who, change, out)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "what others may call you")
	f.StringVar(&about, "about", "", "something about you")
	f.StringVar(&avatar, "avatar", "", "picture of you, or none")
	f.StringVar(&out, "avatar-out", "", "write the picture there, as PNG")
	return cmd
}

func checkProfile(args []string, change client.ProfileChange, out string, written bool) error {
	switch {
	case len(args) > 0 && change != (client.ProfileChange{}):
		e := usagef("only your own profile can be changed")
		e.Hint = "leave out " + args[0]
		return e
	case len(args) > 0:
		if err := checkWho(args[0]); err != nil {
			return err
		}
	case change.Name != nil:
		if err := chat.InputError(wire.CheckName(*change.Name)); err != nil {
			return err
		}
	}
	if written && out == "" {
		return usagef("--avatar-out needs the name of a file")
	}
	if change.About != nil {
		return checkProse("what you say of yourself", *change.About, wire.MaxAbout)
	}
	return nil
}

// readAvatar reads a file that may be a picture, and no more of it than one has.
func readAvatar(path string) ([]byte, error) {
	switch path {
	case noAvatar:
		return []byte{}, nil
	case "":
		e := usagef("--avatar needs the name of a file")
		e.Hint = "none takes your picture away"
		return nil, e
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usagef("--avatar: %v", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, wire.MaxAvatar+1))
	switch {
	case err != nil:
		return nil, usagef("--avatar: %v", err)
	case len(b) == 0:
		return nil, usagef("--avatar: %s is empty", path)
	case len(b) > wire.MaxAvatar:
		return nil, refusedf("a picture has at most %d KiB, %s has more", wire.MaxAvatar>>10, path)
	}
	return b, nil
}

func (a *app) profile(ctx context.Context, s session, who string, change client.ProfileChange, out string) (err error) {
	var p client.Profile
	switch {
	case who != "":
		p, err = s.Profile(ctx, who)
	case change != client.ProfileChange{}:
		p, err = s.SetProfile(ctx, change)
	default:
		p, err = s.MyProfile(ctx)
	}
	if err == nil && out != "" {
		err = a.writeAvatar(ctx, s, who, out)
	}
	if err != nil {
		return err
	}
	return a.printProfile(p, out)
}

// writeAvatar makes the file of the whole picture, or leaves it as it was.
func (a *app) writeAvatar(ctx context.Context, s session, who, path string) error {
	b, err := s.Avatar(ctx, who)
	if err != nil {
		return err
	}
	if err := replaceFile(path, b); err != nil {
		return &client.Error{Code: client.CodeFailed, Message: "the picture cannot be written: " + err.Error()}
	}
	return nil
}

// replaceFile makes a file for its owner alone, all of it or nothing.
func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".truce-avatar-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain once it has its name
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// printProfile prints p, whose picture was written to out unless that is "".
func (a *app) printProfile(p client.Profile, out string) error {
	if a.json {
		return a.row(p)
	}
	picture := "here; --avatar-out FILE writes it"
	switch {
	case out != "":
		picture = "written to " + term.Printable(out)
	case p.Avatar == "":
		picture = ""
	case !p.AvatarHere:
		picture = "not here yet"
	}
	for _, f := range [][2]string{
		{"account", p.Account},
		{"name", term.Printable(p.Name)},
		{"about", term.PrintableText(p.About, "        ")},
		{"picture", picture},
	} {
		if f[1] == "" {
			continue
		}
		if err := a.printf("%-7s %s\n", f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}
