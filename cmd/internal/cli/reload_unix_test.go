//go:build unix

package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/truce-im/truce/node/api/client"
)

// service is `truce run` as a service manager starts it.
type service struct {
	home   string
	cmd    *exec.Cmd
	told   *net.UnixConn // what it tells the manager
	stdout bytes.Buffer
	lines  chan string // of standard error; closed at its end
}

const patience = time.Minute

func startService(t *testing.T, config string, args ...string) *service {
	t.Helper()
	dir, err := os.MkdirTemp("", "truce") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &service{home: filepath.Join(dir, "home"), lines: make(chan string, 1000)}
	s.write(t, config)
	socket := filepath.Join(dir, "notify")
	if s.told, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.told.Close() })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command(self)
	s.cmd.Args = append([]string{"truce", "--home", s.home, "run"}, args...)
	s.cmd.Env = []string{"HOME=" + dir, "TRUCE_BOOTSTRAP=none", "NOTIFY_SOCKET=" + socket, "GORACE=atexit_sleep_ms=0"}
	s.cmd.Stdout = &s.stdout
	stderr, w := io.Pipe()
	s.cmd.Stderr = w
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.lines)
		for in := bufio.NewScanner(stderr); in.Scan(); {
			s.lines <- in.Text()
		}
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		w.Close()
	})
	return s
}

func (s *service) write(t *testing.T, config string) {
	t.Helper()
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.home, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hears waits for what the manager is told.
func (s *service) hears(t *testing.T, want string) {
	t.Helper()
	s.told.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 100)
	n, err := s.told.Read(b)
	if err != nil || string(b[:n]) != want {
		t.Fatalf("the manager is told %q, %v; want %q", b[:n], err, want)
	}
}

// says waits for a line on standard error.
func (s *service) says(t *testing.T, want string) []string {
	t.Helper()
	re, all := regexp.MustCompile(want), []string{}
	for timeout := time.After(patience); ; {
		select {
		case line, ok := <-s.lines:
			if all = append(all, line); !ok {
				t.Fatalf("it ended without saying %q: %q", want, all)
			}
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-timeout:
			t.Fatalf("it does not say %q: %q", want, all)
		}
	}
}

func (s *service) hangUp(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func (s *service) addrs(t *testing.T) string {
	t.Helper()
	c := client.Dial(s.home)
	defer c.Close()
	id, err := c.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(id.Addrs, " ")
}

func freeTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func scraped(at string) error {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Get(at)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err == nil && !strings.Contains(string(b), "truce_online 1\n") {
		err = fmt.Errorf("status %d: %s", r.StatusCode, b)
	}
	return err
}

// The node of a service tells its manager how it is, takes a changed file without
// ending, and nothing of a file that is wrong or cannot be followed.
func TestReload(t *testing.T) {
	const (
		still = "mdns = false\ndht = false\n"
		here  = still + "listen = [\"/ip4/127.0.0.1/tcp/0\"]\n"
		both  = still + "listen = [\"/ip4/127.0.0.1/tcp/0\", \"/ip4/127.0.0.1/udp/0/quic-v1\"]\n"
	)
	s := startService(t, here+"metrics = \"127.0.0.1:0\"\n", "--quiet")
	at := s.says(t, `metrics are at (\S+)$`)[1]
	s.hears(t, "READY=1")
	if err := scraped(at); err != nil {
		t.Error(err)
	}
	first := s.addrs(t)

	s.write(t, both)
	s.hangUp(t)
	s.says(t, "config.toml was read again")
	second := s.addrs(t)
	if !strings.Contains(second, "/udp/") || strings.Contains(first, "/udp/") {
		t.Errorf("it was at %s, and is at %s", first, second)
	}
	if err := scraped(at); err == nil {
		t.Error("metrics are still served")
	}

	taken := freeTCP(t).Addr().String()
	port := taken[strings.LastIndex(taken, ":")+1:]
	for config, want := range map[string]string{
		"mdns = false\nlisten = [\n\"there\"]\n":                                              "nothing has changed: config.toml, line 3: listen: ",
		still + "metrics = \"nowhere\"\n":                                                     "nothing has changed: config.toml, line 3: ",
		both + "metrics = \"" + taken + "\"\n":                                                "nothing has changed: metrics cannot be served",
		still + "listen = [\"/ip4/127.0.0.1/tcp/" + port + "\"]\nmetrics = \"127.0.0.1:0\"\n": "nothing has changed: ",
	} {
		s.write(t, config)
		s.hangUp(t)
		s.says(t, want)
		if now := s.addrs(t); now != second {
			t.Errorf("after %q it is at %s, and was at %s", config, now, second)
		}
	}

	s.write(t, here+"metrics = \"0.0.0.0:0\"\n")
	s.hangUp(t)
	at = s.says(t, `metrics are at http://\S+:(\d+)/metrics: anybody who reaches`)[1]
	s.says(t, "config.toml was read again")
	if err := scraped("http://127.0.0.1:" + at + "/metrics"); err != nil {
		t.Error(err)
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.hears(t, "STOPPING=1")
	if err := s.cmd.Wait(); err != nil || s.stdout.Len() > 0 {
		t.Errorf("it ends with %v, and printed %q", err, &s.stdout)
	}
}

// Flags win over whatever the file comes to say.
func TestReloadUnderFlags(t *testing.T) {
	s := startService(t, "", "--quiet", "--mdns=false", "--dht=false", "--listen", "/ip4/127.0.0.1/tcp/0", "--metrics", "127.0.0.1:0")
	at := s.says(t, `metrics are at (\S+)$`)[1]
	s.hears(t, "READY=1")
	before := s.addrs(t)
	s.write(t, "mdns = true\nlisten = [\"/ip4/127.0.0.1/udp/0/quic-v1\"]\nmetrics = \"127.0.0.1:1\"\n")
	s.hangUp(t)
	s.says(t, "config.toml was read again")
	if now := s.addrs(t); now != before {
		t.Errorf("it is at %s, and was at %s", now, before)
	}
	if err := scraped(at); err != nil {
		t.Error(err)
	}
}

// Who loses the terminal that the node was started from loses the node, cleanly.
func TestTerminalHangsUp(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	defer tty.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = []string{"truce", "--home", filepath.Join(t.TempDir(), "h"), "run", "--mdns=false", "--dht=false", "--listen", "/ip4/127.0.0.1/tcp/0"}
	cmd.Env = []string{"HOME=" + t.TempDir(), "TRUCE_BOOTSTRAP=none", "GORACE=atexit_sleep_ms=0"}
	cmd.Stdin = tty
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}
