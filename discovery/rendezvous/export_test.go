package rendezvous

// Marshal and Parse are what is inside a seal.
func Marshal(r Record) []byte {
	b := r.marshal()
	return b[:]
}

// Parse is the inverse of Marshal.
func Parse(b [plainSize]byte) (Record, error) { return parse(b) }
