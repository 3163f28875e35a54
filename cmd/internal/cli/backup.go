package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
	"github.com/truce-im/truce/node/backup"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "puts this whole home into one file",
		Long: `Puts account, contacts and messages into FILE, also while a node runs. A passphrase
of this home protects the backup too, as it is now; without one whoever has the
file can be you. A FILE that is there is replaced once the new one is whole.`,
		Example: `  truce backup /media/stick/truce.backup`,
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "" || args[0] == "-" {
				e := usagef("a backup needs the name of a file")
				e.Hint = "such as truce.backup"
				return e
			}
			return a.backup(cmd.Context(), args[0])
		},
	}
}

// saved is the result of backup.
type saved struct {
	File string `json:"file"`
	Size int64  `json:"size"`
}

func (a *app) backup(ctx context.Context, path string) error {
	size, err := a.writeFile(path, func(f *os.File) error { return a.backupTo(ctx, f) })
	if err != nil {
		return err
	}
	if protected, err := node.Protected(a.home); err == nil && !protected {
		a.note("whoever has this file can be you: the home is not protected by a passphrase")
	}
	return a.result(saved{path, size}, "%s: %s", path, term.Size(size))
}

// backupTo writes a backup to f, from the node that runs or from the store.
func (a *app) backupTo(ctx context.Context, f *os.File) error {
	return a.retry(ctx, func() error {
		if err := rewind(f); err != nil {
			return err
		}
		p := a.progress("backup", node.Size(a.home), term.Bytes)
		defer p.Done()
		err := a.overSocket(ctx, func(ctx context.Context, s session) error {
			return s.Backup(ctx, io.MultiWriter(f, p))
		})
		if errors.Is(err, client.ErrUnreachable) {
			err = a.backupStore(ctx, f, p)
		}
		return err
	})
}

func (a *app) backupStore(ctx context.Context, f *os.File, p *term.Progress) error {
	if err := rewind(f); err != nil {
		return err
	}
	n, err := a.openExisting(ctx, node.Config{Offline: true})
	if err != nil {
		return err
	}
	return errors.Join(n.Backup(io.MultiWriter(f, p)), n.Close())
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return errors.Join(err, f.Truncate(0))
}

// writeFile makes the file at path, for its owner alone, of what write writes:
// a whole backup, or none.
func (a *app) writeFile(path string, write func(*os.File) error) (size int64, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		e := usagef("%s is a directory", path)
		e.Hint = "name a file in it"
		return 0, e
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".truce-backup-*")
	if err != nil {
		return 0, notWritten(err)
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return 0, err
	}
	if size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return 0, err
	}
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	check := a.progress("check", size, term.Bytes)
	defer check.Done()
	if err := backup.Read(io.TeeReader(f, check), nil); err != nil {
		return 0, &client.Error{
			Code: client.CodeFailed, Message: "the backup came out wrong, and was not kept: " + err.Error(),
			Hint: "the disk may be failing: write it to another one",
		}
	}
	if size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return 0, err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return 0, notWritten(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return 0, notWritten(err)
	}
	return size, nil
}

// notWritten tells why there is no backup, without the name of the file that it
// was first written to.
func notWritten(err error) error {
	var atPath *os.PathError
	var rename *os.LinkError
	switch {
	case errors.As(err, &atPath):
		err = atPath.Err
	case errors.As(err, &rename):
		err = rename.Err
	}
	return &client.Error{
		Code: client.CodeFailed, Message: "the backup cannot be written: " + err.Error(),
		Hint: "name a file in a directory that is there, and that you may write to",
	}
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "makes a home of a backup",
		Long: `Makes this home, in which there must be no account yet, of what "truce backup" wrote.
The passphrase is that of the day of the backup. The device gets a new key: the home
that the backup is of must not be used any more. What you sent since then comes
back from your contacts.`,
		Example: `  truce restore truce.backup
  truce --home new restore truce.backup`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.restore(cmd.Context(), args[0])
		},
	}
}

func (a *app) restore(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return usagef("the backup cannot be read: %v", err)
	}
	defer f.Close()
	read, err := a.watched(f)
	if err != nil {
		return usagef("the backup cannot be read: %v", err)
	}
	defer read.bar.Done()
	if err := node.Restore(a.home, read, func() ([]byte, error) { return a.passphrase(ctx) }); err != nil {
		return err
	}
	return a.told(ctx, func(client.Identity) error { return nil })
}

// restorePasses is how often a restore reads the backup: to check it, and to
// take it in.
const restorePasses = 2

// watched is a file whose reading shows on the terminal.
type watched struct {
	file *os.File
	bar  *term.Progress
}

func (a *app) watched(f *os.File) (watched, error) {
	info, err := f.Stat()
	if err != nil {
		return watched{}, err
	}
	return watched{f, a.progress("restore", restorePasses*info.Size(), term.Bytes)}, nil
}

func (w watched) Read(b []byte) (int, error) {
	n, err := w.file.Read(b)
	w.bar.Add(int64(n))
	return n, err
}

func (w watched) Seek(offset int64, whence int) (int64, error) { return w.file.Seek(offset, whence) }
