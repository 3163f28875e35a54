package node

import (
	"log/slog"
	"os"

	golog "github.com/ipfs/go-log/v2"
	"github.com/libp2p/go-libp2p/gologshim"
)

// LibraryLog has libp2p log to h, in the whole process, instead of on standard error,
// unless $GOLOG_LOG_LEVEL says what it is to log there. The DHT, whose messages hold
// whole addresses, is silent then. It counts if it is called before the first node is
// opened.
func LibraryLog(h slog.Handler) {
	if os.Getenv("GOLOG_LOG_LEVEL") != "" {
		return
	}
	gologshim.SetDefaultHandler(h)
	golog.SetupLogging(golog.Config{Level: golog.LevelFatal}) // and nowhere to write
}
