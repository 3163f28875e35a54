// Package keyfile is the written form of the small files that hold one secret
// of 32 bytes each: plain, or sealed by a passphrase.
//
// A file is two lines of ASCII, in exactly one possible spelling:
//
//	truce key v1 data plain
//	<32 bytes in hex>
//
//	truce key v1 account argon2id t=3 m=65536 p=4 salt=<16 bytes in hex>
//	<nonce of 12 bytes, sealed secret of 48, in hex>
//
// The second word but one is the kind of the secret. The passphrase, stretched
// by argon2id (RFC 9106; m in KiB), gives one key for each kind, by HKDF-SHA-256;
// that key seals by AES-256-GCM, with the first line as associated data. So
// neither kind nor cost can be exchanged, and files of one home that were sealed
// together cost one stretching. A single line of hex, as the first homes have,
// is a plain secret of either kind.
//
// Whoever can write such a file can have us spend what the header says, so that
// is bounded: see the constants. A File and a Lock never change, so they are safe
// for concurrent use. Errors never hold a secret.
package keyfile
