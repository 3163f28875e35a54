package wire

import (
	"crypto/sha256"
	"unicode/utf8"
)

// MaxAbout is the length of what a person says of themselves, in characters.
const MaxAbout = 1000

// MaxAvatar is the size of a picture, in bytes.
const MaxAvatar = 64 << 10

// Profile is the body of an event of KindProfile: what the writer tells a contact
// of themselves. Of several the one with the highest Version counts.
type Profile struct {
	_       struct{} `cbor:",toarray"`
	Salt    [16]byte
	Version uint64 // unix milliseconds when it was made; only grows
	Name    string // suggested; empty: none
	About   string // may hold control characters
	Avatar  []byte // SHA-256 of a PNG or JPEG file of at most MaxAvatar bytes; empty: none
}

// Check verifies the limits of p. Errors are of class "profile" or that of the
// name.
func (p *Profile) Check() error {
	switch {
	case p.Version == 0 || p.Version > MaxStamp:
		return failf("profile", "the version is out of range")
	case !utf8.ValidString(p.About) || utf8.RuneCountInString(p.About) > MaxAbout:
		return failf("profile", "what one says of oneself has at most %d characters of UTF-8", MaxAbout)
	case len(p.Avatar) != 0 && len(p.Avatar) != sha256.Size:
		return failf("profile", "the hash of a picture has a wrong length")
	case p.Name != "":
		return CheckName(p.Name)
	}
	return nil
}

// Encode returns the body of the event.
func (p Profile) Encode() []byte { return mustMarshal(p) }

// DecodeProfile reads the body of an event of KindProfile. Errors are of class
// "cbor", "non-canonical", or those of Check.
func DecodeProfile(body []byte) (p Profile, err error) {
	if err := Unmarshal(body, &p); err != nil {
		return Profile{}, err
	}
	if err := p.Check(); err != nil {
		return Profile{}, err
	}
	return p, nil
}
