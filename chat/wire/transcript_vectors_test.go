package wire_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/truce-im/truce/chat/wire"
)

// A transcript is a stretch of the protocol with all that is random or secret
// in it given, and every value on the way to every frame.
type transcript struct {
	t       *testing.T
	Comment string `json:"comment"`
	Given   given  `json:"given"`
	Steps   []step `json:"steps"`
}

// given has what the steps start from, by name.
type given struct {
	Bytes   map[string]string `json:"bytes"` // hex
	Numbers map[string]uint64 `json:"numbers"`
	Texts   map[string]string `json:"texts"`
}

// A step makes Output. What Key and Input are depends on Do; see
// PROTOCOL.md §12. All are hex.
type step struct {
	Name       string `json:"name"`
	Section    string `json:"section"`       // of PROTOCOL.md
	By         string `json:"by,omitempty"`  // who sends a frame
	Do         string `json:"do"`            // one of the cases of run
	Key        string `json:"key,omitempty"` // of a MAC or HKDF, or an Ed25519 seed
	Input      string `json:"input,omitempty"`
	Diagnostic string `json:"diagnostic,omitempty"` // RFC 8949 §8, of CBOR
	Output     string `json:"output"`
}

func newTranscript(t *testing.T, comment string) *transcript {
	return &transcript{t: t, Comment: comment, Given: given{map[string]string{}, map[string]uint64{}, map[string]string{}}}
}

// secret is a given value of 32 bytes.
func (x *transcript) secret(name string, b [32]byte) []byte {
	x.Given.Bytes[name] = hex32(b)
	return b[:]
}

func (x *transcript) number(name string, n uint64) uint64 {
	x.Given.Numbers[name] = n
	return n
}

func (x *transcript) text(name, s string) string {
	x.Given.Texts[name] = s
	return s
}

// do appends a step of a primitive and returns its output, which the code
// under test must make as well.
func (x *transcript) do(section, name, primitive string, key, input, code []byte) []byte {
	x.t.Helper()
	out, err := run(primitive, key, input)
	if err != nil || !bytes.Equal(out[:len(code)], code) {
		x.t.Errorf("%s: the document says %x, the code %x: %v", name, out, code, err)
	}
	x.Steps = append(x.Steps, step{
		Name: name, Section: section, Do: primitive, Key: toHex(key), Input: toHex(input), Output: toHex(code),
	})
	return code
}

// cbor appends a step that encodes v.
func (x *transcript) cbor(section, name string, v any) []byte {
	b := marshal(v)
	x.Steps = append(x.Steps, step{Name: name, Section: section, Do: "cbor", Diagnostic: diagnose(b), Output: toHex(b)})
	return b
}

// frame appends a frame, whose bytes it returns without their length.
func (x *transcript) frame(section, name, by string, f any) []byte {
	x.t.Helper()
	sent := wire.AppendFrame(nil, f)
	b := sent[4:]
	if got, err := decodeAny(b); err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", f) {
		x.t.Errorf("%s decodes to %+v, %v; want %+v", name, got, err, f)
	}
	x.Steps = append(x.Steps, step{Name: name, Section: section, By: by, Do: "frame", Diagnostic: diagnose(b), Output: toHex(sent)})
	return b
}

func diagnose(b []byte) string {
	d, err := cbor.Diagnose(b)
	if err != nil {
		panic(err)
	}
	return d
}

// decodeAny decodes a frame of a hello or of a session that follows it.
func decodeAny(b []byte) (any, error) {
	kind, err := wire.TypeOf(b)
	if err != nil {
		return nil, err
	}
	switch kind {
	case wire.FrameHello1:
		return wire.DecodeHello1(b)
	case wire.FrameHello2:
		return wire.DecodeHello2(b)
	case wire.FrameHello3:
		return wire.DecodeHello3(b)
	}
	f, err := wire.DecodeFrame(b)
	if f == nil {
		return nil, err
	}
	return reflect.ValueOf(f).Elem().Interface(), nil
}

// run does what the standards say, without the code under test.
func run(primitive string, key, input []byte) ([]byte, error) {
	switch primitive {
	case "ed25519-public":
		return ed25519.NewKeyFromSeed(key).Public().(ed25519.PublicKey), nil
	case "ed25519-sign":
		return ed25519.Sign(ed25519.NewKeyFromSeed(key), input), nil
	case "sha256":
		sum := sha256.Sum256(input)
		return sum[:], nil
	case "hmac-sha256":
		m := hmac.New(sha256.New, key)
		m.Write(input)
		return m.Sum(nil), nil
	case "hkdf-sha256":
		return hkdf.Key(sha256.New, key, nil, string(input), 32)
	case "aes-256-gcm":
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil || len(input) < 12 {
			return nil, fmt.Errorf("no nonce: %w", err)
		}
		return aead.Seal(input[:12:12], input[:12], input[12:], nil), nil
	case "join":
		return input, nil
	}
	return nil, fmt.Errorf("no primitive %q", primitive)
}

// join is the input of a step: texts and bytes, one after the other. A number
// is in eight bytes.
func join(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		case uint64:
			b = binary.BigEndian.AppendUint64(b, p)
		case byte:
			b = append(b, p)
		default:
			panic(fmt.Sprintf("a %T", p))
		}
	}
	return b
}

// TestTranscripts also reads every transcript back, as another implementation
// would: the output of each step follows from what the step says.
func TestTranscripts(t *testing.T) {
	table := []named[*transcript]{
		{"hello", helloTranscript(t)},
		{"request", requestTranscript(t)},
		{"push", pushTranscript(t)},
		{"session", sessionTranscript(t)},
		{"bulk", bulkTranscript(t)},
		{"presence", presenceTranscript(t)},
	}
	runVectors(t, "testdata/transcript/valid", table, func(t *testing.T, x *transcript) {
		seen := map[string]bool{}
		for _, s := range x.Steps {
			if seen[s.Name] {
				t.Errorf("two steps are named %s", s.Name)
			}
			seen[s.Name] = true
			s.check(t)
		}
	})
}

func (s step) check(t *testing.T) {
	t.Helper()
	out := unhex(t, s.Output)
	switch s.Do {
	case "frame":
		f, err := wire.ReadFrame(bytes.NewReader(out), wire.MaxFrame)
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		v, err := decodeAny(f)
		if err != nil || !bytes.Equal(wire.AppendFrame(nil, v), out) || diagnose(f) != s.Diagnostic {
			t.Errorf("%s is another frame: %+v, %v", s.Name, v, err)
		}
	case "cbor":
		var v any
		if err := wire.Unmarshal(out, &v); err != nil || diagnose(out) != s.Diagnostic {
			t.Errorf("%s: %s, %v", s.Name, diagnose(out), err)
		}
	default:
		got, err := run(s.Do, unhex(t, s.Key), unhex(t, s.Input))
		if err != nil || !bytes.HasPrefix(got, out) || len(out) == 0 {
			t.Errorf("%s is %x, %v", s.Name, got, err)
		}
	}
}

// frames are those that the transcript sends, without their lengths.
func (x *transcript) frames(t *testing.T) (list [][]byte) {
	for _, s := range x.Steps {
		if s.Do == "frame" {
			list = append(list, unhex(t, s.Output)[4:])
		}
	}
	return list
}

// ordered puts what belongs to the lower account first.
func ordered(a, b wire.Account, ofA, ofB []byte) []byte {
	if bytes.Compare(a[:], b[:]) > 0 {
		return slices.Concat(ofB, ofA)
	}
	return slices.Concat(ofA, ofB)
}
