package host_test

import (
	"io"
	"testing"

	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/node/host"
)

const echoProtocol = "/echo"

var transports = map[string][]string{
	"tcp":   {tcpLoopback},
	"quic":  {quicLoopback},
	"raced": {tcpLoopback, quicLoopback},
}

func BenchmarkNew(b *testing.B) {
	key := newKey(b)
	for b.Loop() {
		h, err := host.New(b.Context(), host.Config{Key: key})
		if err != nil {
			b.Fatal(err)
		}
		h.Close()
	}
}

// BenchmarkConnect dials, identifies and hangs up.
func BenchmarkConnect(b *testing.B) {
	for name, addrs := range transports {
		b.Run(name, func(b *testing.B) {
			dialler, listener := listenOn(b, addrs...), listenOn(b, addrs...)
			for b.Loop() {
				if err := dialler.Connect(b.Context(), info(listener)); err != nil {
					b.Fatal(err)
				}
				dialler.Network().ClosePeer(listener.ID())
			}
		})
	}
}

// BenchmarkPingPong sends 100 bytes to and fro on a long-lived stream.
func BenchmarkPingPong(b *testing.B) {
	for name, addrs := range transports {
		b.Run(name, func(b *testing.B) {
			s := echoStream(b, listenOn(b, addrs...), listenOn(b, addrs...))
			if name == "raced" {
				b.Logf("%s won", s.Conn().ConnState().Transport)
			}
			message := make([]byte, 100)
			for b.Loop() {
				if err := pingPong(s, message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// echoStream opens a stream from a to b, which returns every byte.
func echoStream(tb testing.TB, a, b corehost.Host) network.Stream {
	tb.Helper()
	done := make(chan struct{})
	b.SetStreamHandler(echoProtocol, func(s network.Stream) {
		defer close(done)
		io.Copy(s, s)
		s.Reset()
	})
	connect(tb, a, b)
	s, err := a.NewStream(tb.Context(), b.ID(), echoProtocol)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.Reset()
		<-done
	})
	if err := pingPong(s, []byte("first")); err != nil {
		tb.Fatal(err)
	}
	return s
}

func pingPong(s network.Stream, message []byte) error {
	if _, err := s.Write(message); err != nil {
		return err
	}
	_, err := io.ReadFull(s, make([]byte, len(message)))
	return err
}
