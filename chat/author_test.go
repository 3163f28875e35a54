package chat_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// author is an account with several devices whose logs the test writes itself:
// it can say what a Service never would.
type author struct {
	to      *node
	key     ed25519.PrivateKey
	devices []ed25519.PrivateKey
	logs    [][]wire.Event // by device
	chains  []wire.ChainValue
	salts   uint64
}

// newAuthor makes a contact of n with so many devices.
func newAuthor(t testing.TB, n *node, devices int) *author {
	t.Helper()
	return newAuthorOf(t, n, ed25519.NewKeyFromSeed(slices.Repeat([]byte{9}, 32)), devices)
}

func newAuthorOf(t testing.TB, n *node, key ed25519.PrivateKey, devices int) *author {
	t.Helper()
	a := &author{to: n, key: key}
	for i := range devices {
		a.devices = append(a.devices, newAuthorDevice(byte(i+1)))
	}
	slices.SortFunc(a.devices, func(x, y ed25519.PrivateKey) int { return slices.Compare(x[32:], y[32:]) })
	a.logs, a.chains = make([][]wire.Event, devices), make([]wire.ChainValue, devices)
	p := chat.Proof{Secret: wire.Secret(n.link(t).Secret)}
	st := wire.Stance{Version: 1, Want: true, Name: "Zed", Share: [32]byte{1}}
	if err := n.TakeStance(a.account(), p, a.list(t, 1), "", st); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.Accept(a.account(), ""); err != nil {
		t.Fatal(err)
	}
	return a
}

func newAuthorDevice(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, 32))
}

func (a *author) account() wire.Account { return wire.Account(a.key[32:]) }

// list is the signed list number n of all devices, less those retired.
func (a *author) list(t testing.TB, n uint64, retired ...int) []byte {
	t.Helper()
	l := wire.DeviceList{N: n, Account: a.account()}
	for i, d := range a.devices {
		if slices.Contains(retired, i) {
			l.Retired = append(l.Retired, wire.RetiredDevice{Key: wire.Device(d[32:])})
		} else {
			l.Live = append(l.Live, wire.Claim(d, a.account()))
		}
	}
	l.Sort()
	signed, err := l.Sign(a.key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (a *author) log(device int) wire.Log {
	return wire.Log{
		Conv:    wire.DirectConv(a.account(), a.to.Account()),
		Account: a.account(), Device: wire.Device(a.devices[device][32:]),
	}
}

// salt gives the next salt.
func (a *author) salt() (b [16]byte) {
	a.salts++
	binary.BigEndian.PutUint64(b[:], a.salts)
	return b
}

// write appends content to the log of a device and returns its id.
func (a *author) write(t testing.TB, device int, stamp int64, c wire.Content) wire.MessageID {
	t.Helper()
	body, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	a.append(device, wire.Event{Kind: wire.KindContent, Stamp: uint64(stamp), Body: body})
	return wire.ID(a.account(), a.log(device).Conv, body, c.Salt)
}

// append puts e at the end of the log of a device.
func (a *author) append(device int, e wire.Event) {
	e.Prev = a.chains[device]
	a.logs[device] = append(a.logs[device], e)
	a.chains[device] = e.Chain(a.log(device), uint64(len(a.logs[device])))
}

// push is the events of a log from position from up to and including to.
func (a *author) push(device int, from, to int) *wire.Push {
	return &wire.Push{
		Type: wire.FramePush, Log: a.log(device), Seq: uint64(from), Events: a.logs[device][from-1 : to],
	}
}

// pushAll delivers all logs, one after the other.
func (a *author) pushAll(t testing.TB) chat.Taken {
	t.Helper()
	var pushes []*wire.Push
	for i := range a.devices {
		if n := len(a.logs[i]); n > 0 {
			pushes = append(pushes, a.push(i, 1, n))
		}
	}
	taken, err := a.to.TakePushes(a.account(), pushes)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func (a *author) history(t testing.TB) []chat.Message {
	t.Helper()
	list, err := a.to.History(a.account(), chat.HistoryOptions{N: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (a *author) texts(t testing.TB) (list []string) {
	t.Helper()
	for _, m := range a.history(t) {
		list = append(list, m.Text)
	}
	return list
}
