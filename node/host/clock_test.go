package host_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/quic-go/quic-go"

	"github.com/truce-im/truce/node/host"
)

const day = 24 * time.Hour

// clocks are what the other side may believe the time to be, and whether it
// then accepts libp2p's own certificate made now: the control.
var clocks = map[string]struct {
	now   time.Time
	stock bool
}{
	"right":             {time.Now(), true},
	"three days behind": {time.Now().Add(-3 * day), false},
	"three days ahead":  {time.Now().Add(3 * day), true},
	"never set":         {time.Unix(0, 0), false},
	"virtual":           {time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), false},
	"two centuries on":  {time.Now().AddDate(200, 0, 0), false},
}

func TestCertificateOutlivesClocks(t *testing.T) {
	certs := map[string]*x509.Certificate{
		"tcp":  peerCertificate(t, tcpLoopback),
		"quic": peerCertificate(t, quicLoopback),
	}
	stock := stockCertificate(t)
	for name, clock := range clocks {
		t.Run(name, func(t *testing.T) {
			for transport, cert := range certs {
				if err := verifyAt(cert, clock.now); err != nil {
					t.Errorf("%s: %v", transport, err)
				}
			}
			if err := verifyAt(stock, clock.now); (err == nil) != clock.stock {
				t.Errorf("stock certificate: %v", err)
			}
		})
	}
}

// verifyAt checks what libp2p's TLS checks of a certificate, at another time.
func verifyAt(cert *x509.Certificate, now time.Time) error {
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now})
	return err
}

// peerCertificate is the one a host shows to another over addr's transport.
func peerCertificate(t *testing.T, addr string) *x509.Certificate {
	t.Helper()
	conn, _ := connect(t, listenOn(t, addr), listenOn(t, addr))
	return tlsState(t, conn).PeerCertificates[0]
}

func tlsState(t *testing.T, c network.Conn) tls.ConnectionState {
	t.Helper()
	var q *quic.Conn
	if c.As(&q) {
		return q.ConnectionState().TLS
	}
	var s *tls.Conn
	if !c.As(&s) {
		t.Fatalf("%v shows no TLS state", c)
	}
	return s.ConnectionState()
}

func stockCertificate(t *testing.T) *x509.Certificate {
	t.Helper()
	_, cfg := stranger(t, tls.X25519MLKEM768)
	cert, err := x509.ParseCertificate(cfg.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// Virtual time begins in the year 2000, so what is made outside the bubble is
// a quarter of a century ahead of the handshake inside.
func TestHandshakeAcrossClocks(t *testing.T) {
	ours, err := host.NewSecureTransport(libp2ptls.ID, newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	stock, err := libp2ptls.New(libp2ptls.ID, newKey(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		ahead sec.SecureTransport
		want  bool
	}{"ours": {ours, true}, "stock": {stock, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				behind, err := host.NewSecureTransport(libp2ptls.ID, newKey(t))
				if err != nil {
					t.Fatal(err)
				}
				if err := handshake(t, behind, tc.ahead); (err == nil) != tc.want {
					t.Errorf("the one behind says %v", err)
				}
			})
		})
	}
}

// handshake returns the client's error.
func handshake(t *testing.T, client, server sec.SecureTransport) error {
	t.Helper()
	c, s := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.SecureInbound(t.Context(), s, "")
	}()
	_, err := client.SecureOutbound(t.Context(), c, peer.ID(""))
	c.Close()
	<-done
	return err
}
