// Package backup is the written form of a home in one file: its files one after
// the other, and a checksum that tells a torn copy from a whole one.
//
//	"truce backup v1\n"
//	per file: length of its name, 1 byte; name; length, 8 bytes big-endian; bytes
//	0, 1 byte
//	SHA-256 of all before
//
// Names have 1 to MaxName of a-z, 0-9, "." and "-", and do not begin with ".":
// none leads out of a directory. The checksum finds accidents; whoever can write the file can also write
// the checksum. What is secret in the files must be sealed by itself.
//
// Neither direction holds more than a buffer in memory. A Writer belongs to one
// goroutine.
package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// MaxName is the most bytes of a file's name.
const MaxName = 32

const (
	magic   = "truce backup v"
	version = "1\n"
)

// Errors of Read.
var (
	ErrDamaged = errors.New("it is no whole backup: torn, damaged, or something else")
	ErrNewer   = errors.New("the backup was made by a newer truce")
)

// Writer writes a backup. The first error is returned by all later calls.
type Writer struct {
	to  io.Writer
	sum hash.Hash
	err error
}

// NewWriter begins a backup on w.
func NewWriter(w io.Writer) *Writer {
	b := &Writer{sum: sha256.New()}
	b.to = io.MultiWriter(w, b.sum)
	_, b.err = io.WriteString(b.to, magic+version)
	return b
}

// Add adds a file of size bytes, which from writes.
func (b *Writer) Add(name string, size int64, from io.WriterTo) error {
	if b.err == nil && (!nameOK(name) || size < 0) {
		b.err = fmt.Errorf("a backup cannot hold %d bytes as %q", size, name)
	}
	if b.err != nil {
		return b.err
	}
	head := append([]byte{byte(len(name))}, name...)
	head = binary.BigEndian.AppendUint64(head, uint64(size))
	if _, b.err = b.to.Write(head); b.err != nil {
		return b.err
	}
	var n int64
	n, b.err = from.WriteTo(b.to)
	if b.err == nil && n != size {
		b.err = fmt.Errorf("%s has %d bytes, not %d", name, n, size)
	}
	return b.err
}

// AddBytes adds a file of these bytes.
func (b *Writer) AddBytes(name string, content []byte) error {
	return b.Add(name, int64(len(content)), bytes.NewReader(content))
}

// Close ends the backup, which is not whole before. It does not close what it
// is written to.
func (b *Writer) Close() error {
	if b.err == nil {
		_, b.err = b.to.Write([]byte{0})
	}
	if b.err == nil {
		_, b.err = b.to.Write(b.sum.Sum(nil))
	}
	return b.err
}

// Read reads a backup to its end, and calls each, unless it is nil, with every
// file: its name, its bytes and how many they are. each need not read them all,
// and its error ends the reading. Whether the backup is whole is known only when
// Read has returned nil.
func Read(r io.Reader, each func(name string, size int64, content io.Reader) error) error {
	sum := sha256.New()
	in := io.TeeReader(r, sum)
	if err := readMagic(in); err != nil {
		return err
	}
	for {
		name, size, err := readHead(in)
		if err != nil {
			return err
		}
		if name == "" {
			return readEnd(r, sum.Sum(nil))
		}
		content := &io.LimitedReader{R: in, N: size}
		if each != nil {
			if err := each(name, size, content); err != nil {
				return err
			}
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return err
		}
		if content.N > 0 {
			return ErrDamaged
		}
	}
}

func readMagic(r io.Reader) error {
	b := make([]byte, len(magic+version))
	if err := readFull(r, b); err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(string(b), magic)
	switch {
	case !ok:
		return ErrDamaged
	case rest != version:
		return ErrNewer
	}
	return nil
}

// readHead returns no name at the end.
func readHead(r io.Reader) (name string, size int64, err error) {
	var n [1]byte
	if err := readFull(r, n[:]); err != nil || n[0] == 0 {
		return "", 0, err
	}
	b := make([]byte, int(n[0])+8)
	if err := readFull(r, b); err != nil {
		return "", 0, err
	}
	name, size = string(b[:n[0]]), int64(binary.BigEndian.Uint64(b[n[0]:]))
	if !nameOK(name) || size < 0 {
		return "", 0, ErrDamaged
	}
	return name, size, nil
}

// readEnd wants sum and then nothing.
func readEnd(r io.Reader, sum []byte) error {
	b := make([]byte, len(sum))
	if err := readFull(r, b); err != nil {
		return err
	}
	if !bytes.Equal(b, sum) {
		return ErrDamaged
	}
	switch _, err := io.ReadFull(r, b[:1]); err {
	case io.EOF:
		return nil
	case nil:
		return ErrDamaged
	default:
		return err
	}
}

func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrDamaged
	}
	return err
}

func nameOK(name string) bool {
	return 0 < len(name) && len(name) <= MaxName && name[0] != '.' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
