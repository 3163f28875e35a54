package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/truce-im/truce/cmd/internal/config"
)

const peer = "/ip4/10.0.0.1/tcp/4001/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

// home makes one with that file; none if the text is empty.
func home(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad(t *testing.T) {
	f, err := config.Load(home(t, "# mine\nmdns = false # quiet\nlisten = [\n  \"/ip4/0.0.0.0/tcp/1\", # one\n  \"/ip4/0.0.0.0/udp/1/quic-v1\",\n]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"mdns": "false", "plain": "false", "dht": "true", "bootstrap": "", "listen": "/ip4/0.0.0.0/tcp/1 /ip4/0.0.0.0/udp/1/quic-v1", "peer": "",
	} {
		if got := f.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	f, err = config.Load(home(t, ""))
	if err != nil || !f.Bool("mdns") || f.List("listen") != nil {
		t.Errorf("without a file: %v, %v", f, err)
	}
}

func TestBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		"mdns = true\nmdsn = false\n":       `config.toml, line 2: there is no setting "mdsn" here; there are: listen, peer, mdns, dht, bootstrap, network, relay, portmap, public, serve_relay, metrics, plain`,
		"\nMDNS = true\n":                   `config.toml, line 2: there is no setting "MDNS"`,
		"# x\n[mdns]\non = true\n":          "config.toml, line 2: mdns is true or false",
		"a.b = 1\n":                         `config.toml, line 1: there is no setting "a"`,
		"mdns = \"no\"\n":                   "line 1: mdns is true or false, without quotes",
		"listen = \"/ip4/0.0.0.0/tcp/1\"\n": "line 1: listen is a list",
		"network = 1\n":                     "line 1: network is a text in quotes",
		"network = \"a b\"\n":               "line 1: network: a network is named by",
		"peer = [1]\n":                      "line 1: peer is a list of addresses in quotes",
		"mdns = true\nlisten = [\n\"/ip4/1.2.3.4\",\n\"here\"]\n": `line 4: listen: "here" is no multiaddr`,
		"listen = [\"" + peer + "\"]\n":                           "must not name a peer",
		"peer = [\"/ip4/1.2.3.4/tcp/1\"]\n":                       "does not end in /p2p/",
		"mdns = true\nlisten [\n":                                 "line 2: this is not TOML",
		"mdns = true\nmdns = true\n":                              "this is not TOML",
		"mdns = yes\n":                                            "line 1: this is not TOML",
		strings.Repeat("#", 1<<20+1):                              "too long",
	} {
		_, err := config.Load(home(t, text))
		var e *config.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
		dir := home(t, text)
		if err := config.Set(dir, "mdns", "true"); err == nil || read(t, dir) != text {
			t.Errorf("%.60q: set gives %v, and leaves %q", text, err, read(t, dir))
		}
	}
}

func read(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, config.FileName))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// A change touches the lines of one setting, and no others.
func TestSet(t *testing.T) {
	const before = "# mine\n\nmdns=true   # at home # only\nlisten = [ # why\n  '/ip4/0.0.0.0/tcp/1',\n]\n# end"
	for _, test := range []struct{ text, name, value, want string }{
		{before, "mdns", "false", strings.Replace(before, "mdns=true", "mdns = false", 1)},
		{before, "mdns", "", strings.Replace(before, "mdns=true   # at home # only\n", "", 1)},
		{before, "listen", "/ip4/1.2.3.4/tcp/5, /ip4/1.2.3.4/tcp/6", "# mine\n\nmdns=true   # at home # only\n" +
			"listen = [\"/ip4/1.2.3.4/tcp/5\", \"/ip4/1.2.3.4/tcp/6\"]\n# end"},
		{before, "peer", peer, before + "\npeer = [\"" + peer + "\"]\n"},
		{"", "mdns", "false", "# How the node of this home runs; `truce help config` explains the names.\nmdns = false\n"},
		{"", "mdns", "", ""},
		{"\"mdns\" = true\n", "mdns", "false", "mdns = false\n"},
		{"mdns = true", "mdns", "false", "mdns = false\n"},
	} {
		dir := home(t, test.text)
		if err := config.Set(dir, test.name, test.value); err != nil || read(t, dir) != test.want {
			t.Errorf("%s %q: %v\n%q, want\n%q", test.name, test.value, err, read(t, dir), test.want)
		}
		f, err := config.Load(dir)
		if want := strings.ReplaceAll(test.value, ", ", " "); err != nil || want != "" && f.Get(test.name) != want {
			t.Errorf("%s %q is read as %q, %v", test.name, test.value, f.Get(test.name), err)
		}
	}
	for name, value := range map[string]string{"mdns": "maybe", "listen": "there", "peer": "/ip4/1.2.3.4/tcp/1", "mdns ": "true"} {
		dir := home(t, before)
		if err := config.Set(dir, name, value); err == nil || read(t, dir) != before {
			t.Errorf("%s %q: %v, %q", name, value, err, read(t, dir))
		}
	}
	dir := home(t, "x = 1\n")
	if err := config.Set(dir, "mdns", "true"); err == nil {
		t.Error("a bad file is changed")
	}
}

// One who keeps the file elsewhere keeps it there.
func TestSetThroughALink(t *testing.T) {
	there, dir := filepath.Join(home(t, "mdns = true\n"), config.FileName), t.TempDir()
	if err := os.Symlink(there, filepath.Join(dir, config.FileName)); err != nil {
		t.Skip(err)
	}
	if err := config.Set(dir, "mdns", "false"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(there); string(b) != "mdns = false\n" || err != nil {
		t.Errorf("there is %q, %v", b, err)
	}
}

func FuzzSet(f *testing.F) {
	f.Add("mdns = true # x\nlisten = ['/ip4/1.2.3.4/tcp/1']\n")
	f.Add("listen = [\n\"/ip4/1.2.3.4/tcp/1\" # x\n]")
	f.Add("\"mdns\"\t=\tfalse\r\n#")
	f.Fuzz(func(t *testing.T, text string) {
		dir := home(t, text)
		before, err := config.Load(dir)
		set := config.Set(dir, "mdns", "false")
		if err != nil || set != nil {
			if read(t, dir) != text {
				t.Errorf("%q: %v, %v: the file is now %q", text, err, set, read(t, dir))
			}
			return
		}
		after, err := config.Load(dir)
		if err != nil || after.Bool("mdns") || after.Get("listen") != before.Get("listen") || after.Get("peer") != before.Get("peer") {
			t.Errorf("%q: %v: became %q", text, err, read(t, dir))
		}
	})
}
