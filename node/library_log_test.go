package node_test

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	golog "github.com/ipfs/go-log/v2"
	"github.com/libp2p/go-libp2p/gologshim"

	"github.com/truce-im/truce/node"
)

// Nothing that a library says gets to standard error, where addresses are not shortened.
func TestLibraryLog(t *testing.T) {
	const child = "TRUCE_TEST_LIBRARY_LOG"
	if os.Getenv(child) != "" {
		node.LibraryLog(slog.DiscardHandler)
		golog.Logger("dht").Error("somebody is at 203.0.113.7")
		gologshim.Logger("swarm").Error("somebody is at 203.0.113.7")
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestLibraryLog$")
	cmd.Env = append(os.Environ(), child+"=1", "GOLOG_LOG_LEVEL=")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Errorf("%v: %s", err, said.Bytes())
	}
}
