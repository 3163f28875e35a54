package discovery

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const mdnsPort = 5353

// readBuffer takes any datagram: Windows fails to read what is longer.
const readBuffer = 1 << 16

// maxHeard is how many packets wait for the station; more are dropped.
const maxHeard = 256

var (
	group4 = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: mdnsPort}
	group6 = &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: mdnsPort}
)

// sockets is the transport over UDP. Either family may be missing.
type sockets struct {
	p4     *ipv4.PacketConn // nil: no IPv4
	p6     *ipv6.PacketConn // nil: no IPv6
	log    *slog.Logger
	joined map[int]Interface // by index
	in     chan heardPacket
	err    chan error
	wg     sync.WaitGroup
}

// openSockets binds port 5353 of each family beside whoever else uses it. It
// fails if neither can be had.
func openSockets(log *slog.Logger) (transport, error) {
	s := &sockets{log: log, joined: map[int]Interface{}, in: make(chan heardPacket, maxHeard), err: make(chan error, 2)}
	lc := net.ListenConfig{Control: reuse}
	c4, err4 := lc.ListenPacket(context.Background(), "udp4", "0.0.0.0:5353")
	c6, err6 := lc.ListenPacket(context.Background(), "udp6", "[::]:5353")
	if err4 != nil && err6 != nil {
		return nil, errors.Join(err4, err6)
	}
	// Options that a system lacks cost comfort, not function: without control
	// messages the interface of a packet is unknown.
	if err4 == nil {
		s.p4 = ipv4.NewPacketConn(c4)
		s.try("loopback", s.p4.SetMulticastLoopback(true))
		s.try("ttl", s.p4.SetMulticastTTL(255))
		s.try("control", s.p4.SetControlMessage(ipv4.FlagInterface|ipv4.FlagDst, true))
		s.wg.Go(s.read4)
	}
	if err6 == nil {
		s.p6 = ipv6.NewPacketConn(c6)
		s.try("loopback", s.p6.SetMulticastLoopback(true))
		s.try("ttl", s.p6.SetMulticastHopLimit(255))
		s.try("control", s.p6.SetControlMessage(ipv6.FlagInterface|ipv6.FlagDst, true))
		s.wg.Go(s.read6)
	}
	return s, nil
}

func (s *sockets) try(what string, err error) {
	if err != nil {
		s.log.Debug("mdns socket", slog.String("what", what), slog.Any("err", err))
	}
}

// join implements transport. Joining again is harmless, and needed where the
// interface was away.
func (s *sockets) join(ifaces []Interface) {
	now := make(map[int]Interface, len(ifaces))
	for _, i := range ifaces {
		now[i.Index] = i
	}
	for index, i := range s.joined {
		if _, stays := now[index]; !stays {
			s.leave(i)
		}
	}
	for _, i := range ifaces {
		if s.p4 != nil {
			s.try("join", s.p4.JoinGroup(netInterface(i), group4))
		}
		if s.p6 != nil {
			s.try("join", s.p6.JoinGroup(netInterface(i), group6))
		}
	}
	s.joined = now
}

func (s *sockets) leave(i Interface) {
	if s.p4 != nil {
		s.try("leave", s.p4.LeaveGroup(netInterface(i), group4))
	}
	if s.p6 != nil {
		s.try("leave", s.p6.LeaveGroup(netInterface(i), group6))
	}
}

func netInterface(i Interface) *net.Interface {
	return &net.Interface{Index: i.Index, Name: i.Name, Flags: i.Flags}
}

// send implements transport: over both families, one of them is enough.
func (s *sockets) send(on Interface, b []byte) error {
	err4, err6 := net.ErrClosed, net.ErrClosed
	if s.p4 != nil {
		err4 = s.send4(on, b)
	}
	if s.p6 != nil {
		to := *group6
		to.Zone = on.Name
		_, err6 = s.p6.WriteTo(b, nil, &to)
	}
	if err4 != nil && err6 != nil {
		return errors.Join(err4, err6)
	}
	return nil
}

func (s *sockets) send4(on Interface, b []byte) error {
	cm := &ipv4.ControlMessage{IfIndex: on.Index}
	if on.loopback() {
		cm.Src = net.IPv4(127, 0, 0, 1) // else Linux takes an address of another interface
	}
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" { // the index in cm is ignored
		if err := s.p4.SetMulticastInterface(netInterface(on)); err != nil {
			return err
		}
	}
	_, err := s.p4.WriteTo(b, cm, group4)
	return err
}

func (s *sockets) heard() <-chan heardPacket { return s.in }
func (s *sockets) broken() <-chan error      { return s.err }

// close implements transport.
func (s *sockets) close() {
	if s.p4 != nil {
		s.p4.Close()
	}
	if s.p6 != nil {
		s.p6.Close()
	}
	s.wg.Wait()
}

func (s *sockets) read4() {
	buf := make([]byte, readBuffer)
	for {
		n, cm, from, err := s.p4.ReadFrom(buf)
		if err != nil {
			s.err <- err
			return
		}
		index := 0
		if cm != nil {
			if !cm.Dst.Equal(group4.IP) {
				continue // unicast may come from off the link
			}
			index = cm.IfIndex
		}
		s.deliver(buf[:n], index, from)
	}
}

func (s *sockets) read6() {
	buf := make([]byte, readBuffer)
	for {
		n, cm, from, err := s.p6.ReadFrom(buf)
		if err != nil {
			s.err <- err
			return
		}
		index := 0
		if cm != nil {
			if !cm.Dst.Equal(group6.IP) {
				continue
			}
			index = cm.IfIndex
		}
		s.deliver(buf[:n], index, from)
	}
}

// deliver passes on what may be about our service.
func (s *sockets) deliver(b []byte, index int, from net.Addr) {
	udp, ok := from.(*net.UDPAddr)
	if !ok || udp.Port != mdnsPort || len(b) > maxPacket || !bytes.Contains(b, marker) {
		return
	}
	addr, _ := netip.AddrFromSlice(udp.IP)
	select {
	case s.in <- heardPacket{data: bytes.Clone(b), iface: index, from: addr.As16()}:
	default: // the station is behind
	}
}
