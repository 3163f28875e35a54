package wire

import (
	"crypto/sha256"
	"encoding/binary"
)

// hashSHA256 is the number of SHA-256 in IANA's Named Information registry.
const hashSHA256 = 1

// SenderURI is the URI of an account in the id of a message.
func SenderURI(a Account) string { return linkScheme + a.String() }

// RoomURI is the URI of a conversation in the id of a message.
func RoomURI(c ConvID) string { return linkScheme + c.String() }

// ID returns the id of the message with these encoded bytes and salt
// (draft-ietf-mimi-content-08, "Message ID"). Sender and conversation are
// those that the link has proved. The id is not sent: all compute it.
func ID(sender Account, conv ConvID, encoded []byte, salt [16]byte) MessageID {
	b := make([]byte, 0, 192) // both URIs and their lengths: 136 bytes
	b = appendURI(b, SenderURI(sender))
	b = appendURI(b, RoomURI(conv))
	h := sha256.New()
	h.Write(b)
	h.Write(encoded)
	h.Write(salt[:])
	sum := h.Sum(b[:0])

	id := MessageID{hashSHA256}
	copy(id[1:], sum) // all but the last byte
	return id
}

func appendURI(b []byte, uri string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(uri))), uri...)
}
