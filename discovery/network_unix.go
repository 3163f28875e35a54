//go:build linux || darwin

package discovery

import (
	"context"
	"os"
)

// readEvents calls changed at once and then for every message read from f. It
// returns nil when ctx ends. Reading stops by closing f, which the caller may
// close once more.
func readEvents(ctx context.Context, f *os.File, changed func()) error {
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	buf := make([]byte, 8192) // the contents do not matter, only that something came
	for {
		changed()
		_, err := f.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !lostEvents(err) {
			return err
		}
	}
}
