package wire

import (
	"crypto/ed25519"
	"encoding/binary"
	"unicode/utf8"
)

// View is how much of a presence somebody is shown (PROTOCOL.md §13.1).
type View uint8

// The views. Who is shown none gets records of neither.
const (
	ViewFull  View = 1 // everything
	ViewPlain View = 2 // there or not
)

// Availability is what a device says of its user.
type Availability uint8

// The availabilities. PresenceOffline is a goodbye: the device says no more.
const (
	PresenceOffline Availability = iota
	PresenceAvailable
	PresenceAway
	PresenceBusy
)

// Presence is what one device says of its user at one moment. Of two the one
// with the higher (Boot, Seq) counts. In ViewPlain it is Available or Offline
// and nothing more.
type Presence struct {
	_     struct{} `cbor:",toarray"`
	View  View
	Epoch uint64 // of the secret that this may be sealed under
	Boot  uint64 // as in the device's Credential
	Seq   uint64 // rises with every record of the view in one boot
	Time  uint64 // the device's clock, unix milliseconds
	State Availability
	Idle  uint64   // since when nobody touched the device, unix milliseconds; 0: it is used, or not told
	Text  string   // status text; may hold control characters
	Caps  []string // what the program can do beyond text
}

// Limits of a presence record.
const (
	MaxStatus = 1000 // characters of a status text
	maxCaps   = 16   // capabilities
	maxCap    = 32   // bytes of one
)

// paddings are the sizes of what is signed: of most records without a text, with
// a short one, with a line, and of the longest.
var paddings = [...]int{64, 256, 1280, 4736}

// recordHead is what stands before the padded part: device and signature.
const recordHead = 32 + 64

// MaxPresence is the size of the longest record, in bytes.
const MaxPresence = recordHead + 4736

const labelPresence = "truce presence v1"

func (p *Presence) check() error {
	switch {
	case p.View != ViewFull && p.View != ViewPlain:
		return failf("presence", "no such view")
	case p.Epoch > MaxStamp || p.Boot > MaxSeq || p.Seq > MaxSeq || p.Time > MaxStamp || p.Idle > MaxStamp:
		return failf("presence", "a number is out of range")
	case p.State > PresenceBusy:
		return failf("presence", "no such state")
	case !utf8.ValidString(p.Text) || utf8.RuneCountInString(p.Text) > MaxStatus:
		return failf("presence", "a status text has at most %d characters of UTF-8", MaxStatus)
	case len(p.Caps) > maxCaps:
		return failf("presence", "more than %d capabilities", maxCaps)
	case p.View == ViewPlain && (p.State > PresenceAvailable || p.Idle != 0 || p.Text != "" || len(p.Caps) > 0):
		return failf("presence", "the plain view tells no more than whether somebody is there")
	}
	for _, c := range p.Caps {
		if len(c) == 0 || len(c) > maxCap {
			return failf("presence", "a capability has 1 to %d bytes", maxCap)
		}
	}
	return nil
}

// SignPresence returns the record of p: what a device of account shows its
// contacts. p must be within its limits.
func SignPresence(device ed25519.PrivateKey, account Account, p Presence) []byte {
	body := pad(mustMarshal(p))
	d := Device(device.Public().(ed25519.PublicKey))
	sig := ed25519.Sign(device, presenceMessage(account, d, body))
	return append(append(d[:], sig...), body...)
}

func presenceMessage(account Account, d Device, body []byte) []byte {
	return labelled(labelPresence, account[:], d[:], body)
}

// pad puts the length before b and zeros after it, up to the next of paddings.
func pad(b []byte) []byte {
	b = append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
	for _, n := range paddings {
		if len(b) <= n {
			return append(b, make([]byte, n-len(b))...)
		}
	}
	panic("wire: a presence record over its limits")
}

func unpad(b []byte) ([]byte, bool) {
	n := int(binary.BigEndian.Uint16(b))
	if n+2 > len(b) {
		return nil, false
	}
	for _, z := range b[2+n:] {
		if z != 0 {
			return nil, false
		}
	}
	return b[2 : 2+n], true
}

// PresenceDevice returns the device that a record names. Errors are of class
// "presence".
func PresenceDevice(record []byte) (d Device, err error) {
	for _, n := range paddings {
		if len(record) == recordHead+n {
			return Device(record[:32]), nil
		}
	}
	return d, failf("presence", "a record has one of four lengths")
}

// ParsePresence verifies a record of a device of account. Whether that device is
// on the account's list, and whether the record is new, is for the caller to
// see. Errors are of class "presence", "signature", "cbor" or "non-canonical".
func ParsePresence(account Account, record []byte) (d Device, p Presence, err error) {
	if d, err = PresenceDevice(record); err != nil {
		return d, p, err
	}
	sig, body := record[32:recordHead], record[recordHead:]
	if !ed25519.Verify(d[:], presenceMessage(account, d, body), sig) {
		return d, Presence{}, failf("signature", "the device did not sign this")
	}
	inner, ok := unpad(body)
	if !ok || len(pad(inner)) != len(body) {
		return d, Presence{}, failf("presence", "the padding is wrong")
	}
	if err := Unmarshal(inner, &p); err != nil {
		return d, Presence{}, err
	}
	if err := p.check(); err != nil {
		return d, Presence{}, err
	}
	return d, p, nil
}
