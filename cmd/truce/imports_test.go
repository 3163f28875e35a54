package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/truce-im/truce/"

// rules name what a tree of packages must not import, even indirectly, and why.
var rules = []struct{ from, not, why string }{
	{"chat/wire", module, "the wire format is a leaf: others must be able to implement it from this package alone"},
	{"chat/wire", "github.com/libp2p/", "bytes do not know how they travel"},
	{"chat/wire", "net/http", "the codec does no I/O"},
	{"chat/picture", module, "what a file holds knows nothing of who sent it"},
	{"chat/match", module, "what counts as alike knows nothing but text"},
	{"chat", module + "storage", "the domain declares the store it needs; it must run over any"},
	{"chat", module + "chat/link", "rules do not depend on how peers are linked"},
	{"chat", module + "discovery", "rules do not depend on how peers are found"},
	{"chat", module + "node", "arrows point from the node to the domain"},
	{"chat", "github.com/libp2p/", "the domain must be testable, and usable, without a network"},
	{"chat", "go.etcd.io/bbolt", "only storage knows bbolt"},
	{"chat/link", module + "storage", "a link speaks to the domain, which decides what is kept"},
	{"chat/link", module + "discovery", "who is found is dialled by the node"},
	{"chat/link", module + "chat/presence", "a session does not know what presence is"},
	{"chat/presence", module + "storage", "presence speaks to the domain, which decides what is kept"},
	{"chat/presence", module + "discovery", "who is found is dialled by the node"},
	{"chat/presence", module + "node", "arrows point from the node to presence"},
	{"chat/link", module + "node", "arrows point from the node to the link"},
	{"discovery/rendezvous", module, "a record knows nothing of where it is kept"},
	{"discovery/dht", module + "chat", "finding peers knows neither accounts nor messages"},
	{"discovery/dht", module + "node", "arrows point from the node to its sources"},
	{"discovery", module, "finding peers knows neither accounts nor messages"},
	{"storage", module + "chat/link", "the disk does not know the network"},
	{"storage", module + "discovery", "the disk does not know the network"},
	{"storage", module + "node", "arrows point from the node to the store"},
	{"storage", "github.com/libp2p/", "the disk does not know the network"},
	{"node/redact", module, "what is left out of logs is the same for every program"},
	{"node/relay", module, "relays are the same for every program"},
	{"node", module + "node/api", "whoever embeds a node gets no HTTP face"},
	{"node", module + "cmd", "whoever embeds a node gets no terminal"},
	{"node", "golang.org/x/term", "whoever embeds a node gets no terminal"},
	{"node", "github.com/spf13/cobra", "whoever embeds a node gets no command line"},
	{"node/api/client", module + "node", "a client of the API must not link a whole node"},
	{"node/api/client", "github.com/libp2p/", "a client of the API must not link a whole node"},
	{"cmd/internal/linechat", module + "storage", "faces read and write through the local API only"},
	{"cmd/internal/linechat", "go.etcd.io/bbolt", "only storage knows bbolt"},
	{"cmd/internal/slash", module + "chat", "faces read and write through the local API only"},
	{"cmd/internal/slash", "charm.land/", "a command is the same in every face"},
	{"cmd/internal/markup", module + "node", "what text looks like knows nothing of who sent it"},
	{"cmd/internal/tui", module + "node/host", "faces read and write through the local API only"},
	{"cmd/internal/tui", module + "chat", "faces read and write through the local API only"},
	{"cmd/internal/tui", module + "storage", "faces read and write through the local API only"},
}

func TestImportsGoOneWay(t *testing.T) {
	for _, r := range rules {
		deps := dependencies(t, r.from)
		for _, dep := range deps {
			if dep == module+"chat/match" && r.not == module+"chat" {
				continue // a leaf about text: screens mark what was found with it
			}
			if dep != module+r.from && strings.HasPrefix(dep+"/", strings.TrimSuffix(r.not, "/")+"/") {
				t.Errorf("%s imports %s, by whatever way: %s", r.from, dep, r.why)
			}
		}
	}
}

// direct names what a package must not import itself; its dependencies may.
var direct = []struct{ not, allowed, why string }{
	{"go.etcd.io/bbolt", "storage", "only storage knows bbolt"},
	{"github.com/libp2p/go-libp2p", "chat/link chat/presence discovery discovery/dht discovery/rendezvous node node/host node/nodetest node/relay", "who knows libp2p must close what it opens; the fewer the better"},
	{"github.com/fxamacker/cbor/v2", "chat/wire storage", "there is one encoding of every value, made in one place"},
	{"github.com/prometheus/client_golang", "node node/host node/api cmd/internal/cli", "numbers are served in one place"},
	{"github.com/spf13/cobra", "cmd/internal/cli", "the command line is one face of several"},
}

func TestOnlyTheirOwnersImportThem(t *testing.T) {
	out := goList(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		for _, imp := range fields[1:] {
			for _, r := range direct {
				if strings.HasPrefix(imp+"/", r.not+"/") && !strings.Contains(" "+r.allowed+" ", " "+pkg+" ") {
					t.Errorf("%s imports %s: %s", pkg, imp, r.why)
				}
			}
		}
	}
}

// TestTopLevel keeps the shape of the repository.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch e.Name() {
		case "cmd", "node", "discovery", "chat", "storage":
		default:
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				t.Errorf("%s: the top level holds cmd, node, discovery, chat and storage only", e.Name())
			}
		}
	}
}

func dependencies(t *testing.T, pkg string) []string {
	return strings.Fields(goList(t, "-deps", module+pkg))
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return string(out)
}
