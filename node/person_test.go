package node_test

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
)

type linkOf = wire.Link

// person has a home and an address, and starts a node there again and again.
type person struct {
	name, home string
	port       int
}

func newPerson(t testing.TB, name string) *person {
	p := &person{name: name, home: filepath.Join(t.TempDir(), name)}
	p.move(t)
	return p
}

// move has the node listen at another port from its next start on.
func (p *person) move(t testing.TB) {
	t.Helper()
	for {
		port, ok := freePort(t)
		if ok && port != p.port {
			p.port = port
			return
		}
	}
}

// freePort looks for a port that is free for TCP and for UDP.
func freePort(t testing.TB) (int, bool) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	u, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return 0, false
	}
	return port, u.Close() == nil
}

func (p *person) listen() []string {
	return []string{
		fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", p.port),
		fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", p.port),
	}
}

func (p *person) start(t testing.TB, change ...func(*node.Config)) *node.Node {
	t.Helper()
	return start(t, p.home, p.name, append([]func(*node.Config){
		func(c *node.Config) { c.Listen = p.listen() },
	}, change...)...)
}
