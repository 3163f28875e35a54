package node

import (
	"log/slog"
	"os"

	"github.com/libp2p/go-libp2p/gologshim"
)

// LibraryLog has libp2p log to h, in the whole process, instead of on standard error,
// unless $GOLOG_LOG_LEVEL says what it is to log there. It counts if it is called before
// the first node is opened.
func LibraryLog(h slog.Handler) {
	if os.Getenv("GOLOG_LOG_LEVEL") == "" {
		gologshim.SetDefaultHandler(h)
	}
}
