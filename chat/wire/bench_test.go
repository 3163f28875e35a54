package wire_test

import (
	"bytes"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// benchPush is a push of 100 texts of 100 bytes.
func benchPush(b *testing.B) wire.Push {
	p := wire.Push{Type: wire.FramePush, Log: wire.Log{Conv: wire.ConvID{1}, Account: wire.Account{2}, Device: wire.Device{3}}, Seq: 1}
	var prev wire.ChainValue
	for i := range 100 {
		body, err := wire.NewText([16]byte{byte(i)}, string(bytes.Repeat([]byte("x"), 100))).Encode()
		if err != nil {
			b.Fatal(err)
		}
		e := wire.Event{Kind: wire.KindContent, Stamp: 1700000000000, Prev: prev, Body: body}
		prev = e.Chain(p.Log, p.Seq+uint64(i))
		p.Events = append(p.Events, e)
	}
	return p
}

func perEvent(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
}

func BenchmarkDecodePush(b *testing.B) {
	frame := wire.AppendFrame(nil, benchPush(b))[4:]
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeFrame(frame); err != nil {
			b.Fatal(err)
		}
	}
	perEvent(b, 100)
}

func BenchmarkEncodePush(b *testing.B) {
	p := benchPush(b)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = wire.AppendFrame(buf[:0], p)
	}
	perEvent(b, 100)
}

// BenchmarkChain is what each event costs besides, on either side.
func BenchmarkChain(b *testing.B) {
	p := benchPush(b)
	for b.Loop() {
		p.Events[0].Chain(p.Log, 1)
	}
}

// BenchmarkMatch is what one secret costs a listener for each first frame of a
// stranger.
func BenchmarkMatch(b *testing.B) {
	peer := bytes.Repeat([]byte{7}, 38)
	versions := []uint16{1}
	ready := wire.Secret{1}.Hello()
	for name, key := range map[string]func() wire.HelloKey{
		"ready":   func() wire.HelloKey { return ready.Key(wire.Account{2}, peer, peer) },
		"derived": func() wire.HelloKey { return wire.NewHelloKey(wire.Secret{1}, wire.Account{2}, peer, peer) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				key().Tag([32]byte{3}, versions)
			}
		})
	}
}

func BenchmarkDecodeHello1(b *testing.B) {
	frame := wire.AppendFrame(nil, wire.Hello1{Type: wire.FrameHello1, Versions: []uint16{1}, Tags: make([][32]byte, 4)})[4:]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeHello1(frame); err != nil {
			b.Fatal(err)
		}
	}
}
