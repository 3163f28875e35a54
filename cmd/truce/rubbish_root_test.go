//go:build root && linux

package main_test

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-msgio"
	"github.com/multiformats/go-multiaddr"
	"google.golang.org/protobuf/encoding/protowire"
)

// TestRootRubbishServer is no test but the program that TestRootRubbish runs elsewhere:
// a server of the DHT, and a relay, that answers rubbish until its input ends.
func TestRootRubbishServer(t *testing.T) {
	at := os.Getenv("TRUCE_TEST_RUBBISH")
	if at == "" {
		t.Skip("run by TestRootRubbish")
	}
	h, err := libp2p.New(libp2p.ListenAddrStrings(at), libp2p.ForceReachabilityPublic())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var asked atomic.Uint64
	h.SetStreamHandler("/ipfs/kad/1.0.0", func(s network.Stream) {
		defer s.Reset()
		for in := msgio.NewVarintReader(s); ; {
			question, err := in.ReadMsg()
			if err != nil {
				return
			}
			if _, err := s.Write(rubbish(asked.Add(1), question, h.ID())); err != nil {
				return
			}
		}
	})
	h.SetStreamHandler("/libp2p/circuit/relay/0.2.0/hop", func(s network.Stream) {
		defer s.Close()
		s.Write(noise(4 << 10))
	})
	fmt.Printf("%s/p2p/%s\n", at, h.ID())
	io.Copy(io.Discard, os.Stdin)
	fmt.Println("asked", asked.Load())
}

// rubbish is the nth answer to a question. The first ones are nearly good, for who
// answers nothing else does not get into anybody's table.
func rubbish(n uint64, question []byte, self peer.ID) []byte {
	switch n % 8 {
	default: // the same question, and that others know more: at a home's machines, and nobody
		return delimited(others(question, 20, self))
	case 3: // thousands of them
		return delimited(others(question, 20000, self))
	case 4: // a record that is none
		record := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), noise(600))
		return delimited(protowire.AppendBytes(protowire.AppendTag(question, 3, protowire.BytesType), record))
	case 5:
		return delimited(noise(8 << 10))
	case 6: // more than there is memory for
		return append(binary.AppendUvarint(nil, 1<<50), noise(64<<10)...)
	case 7: // never
		return nil
	}
}

func delimited(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

func noise(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// others adds peers to an answer.
func others(answer []byte, n int, self peer.ID) []byte {
	addr := multiaddr.StringCast("/ip4/" + forbidden + "/tcp/80")
	for i := range n {
		id := self
		if i > 0 {
			id = peer.ID("\x00\x24\x08\x01\x12\x20" + string(noise(32))) // an Ed25519 key, perhaps
		}
		p := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte(id))
		p = protowire.AppendBytes(protowire.AppendTag(p, 2, protowire.BytesType), addr.Bytes())
		answer = protowire.AppendBytes(protowire.AppendTag(answer, 8, protowire.BytesType), p)
	}
	return answer
}

// forbidden is an address at everybody's home, that no stranger can have a node dial.
const forbidden = "192.168.1.77"

// server is a machine with a program of ours that no user runs.
type server struct {
	*machine
	in  io.Closer
	out *bufio.Reader
	cmd *exec.Cmd
}

// rubbish plugs in a server that answers rubbish.
func (l *lan) rubbish(name, addr string) *server {
	l.t.Helper()
	s := &server{machine: l.plug(name)}
	s.address(addr)
	s.cmd = exec.Command("ip", "netns", "exec", s.ns, os.Args[0], "-test.run", "^TestRootRubbishServer$")
	s.cmd.Env = append(os.Environ(), "TRUCE_TEST_RUBBISH=/ip4/"+addr+"/tcp/4001")
	in, err := s.cmd.StdinPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	})
	s.in, s.out = in, bufio.NewReader(out)
	s.at = s.line()
	return s
}

func (s *server) line() string {
	s.t.Helper()
	line, err := s.out.ReadString('\n')
	if err != nil {
		s.t.Fatalf("%s: %q, %v", s.name, line, err)
	}
	return strings.TrimSpace(line)
}

// asked ends the server, and returns how many questions it got.
func (s *server) asked() (n int) {
	s.t.Helper()
	s.in.Close()
	if _, err := fmt.Sscanf(s.line(), "asked %d", &n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// watch counts what the machine sends to an address of the home, and tells how much
// that is.
func (m *machine) watch(ip string) (packets func() string) {
	m.t.Helper()
	(&lan{t: m.t, name: m.ns}).nft("table ip watch {\n\tcounter knocks { }\n\tchain out {\n\t\ttype filter hook output priority 0\n\t\tip daddr " + ip + " counter name knocks\n\t}\n}")
	return func() string {
		out, err := exec.Command("ip", "netns", "exec", m.ns, "nft", "list", "counter", "ip", "watch", "knocks").Output()
		if err != nil {
			m.t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(out), "packets ")
		n, _, _ := strings.Cut(rest, " ")
		return n
	}
}

// Beside an honest server of the DHT one answers rubbish: two people behind routers find
// each other by a link alone, and again later, and nobody knocks where it would have them.
func TestRootRubbish(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	evil := l.rubbish("Evil", "11.0.0.66")
	ann := l.router("H1", "11.0.0.11", "192.168.1", true).inside("Ann", "192.168.1.10", evil.at, one)
	ben := l.router("H2", "11.0.0.12", "192.168.2", true).inside("Ben", "192.168.2.10", evil.at, one)
	knocks := ann.watch(forbidden)
	befriend(ben, ann, time.Minute)
	ben.must("send", "Ann", "found you", "--wait", "30s")
	for i := range 5 {
		ann.kill()
		ann.start()
		ben.must("send", "Ann", fmt.Sprint("again ", i), "--wait", "60s")
	}
	same(t, ann, ben, 6)
	if n := knocks(); n != "0" {
		t.Errorf("%s packets went to %s", n, forbidden)
	}
	if n := evil.asked(); n < 8 {
		t.Errorf("it was asked only %d times: it did not play all its tricks", n)
	} else {
		t.Logf("asked %d times", n)
	}
}
