package wire

import "math"

// PeekText finds what Text would return in encoded content, without decoding
// the rest: for a look at very many. It knows content whose body is one part of
// plain text or Markdown, and such as is never shown: of that the text is empty.
// For any other it returns false: decode it. What it returns is part of b, and
// neither it nor b was checked for anything.
func PeekText(b []byte) (text []byte, ok bool) {
	r := contentReader{rest: b, parts: 1}
	r.array(lenContent)
	r.str(cborBytes, MaxField) // salt
	if !r.null() {             // replaces
		r.str(cborBytes, MaxField)
	}
	r.str(cborBytes, MaxField) // topic
	if !r.null() {             // expires
		return nil, false
	}
	if !r.null() { // in reply to
		r.str(cborBytes, MaxField)
	}
	if !r.simple(cborEmptyMap) { // extensions
		return nil, false
	}
	fields := r.head(cborArray)
	disposition := Disposition(r.uint(math.MaxUint8))
	r.str(cborText, MaxField) // language
	form := Cardinality(r.uint(uint64(MultiPart)))
	switch {
	case r.err != nil || fields != form.fields():
		return nil, false
	case form == NullPart || disposition == DispositionReaction:
		return nil, true
	case form != SinglePart:
		return nil, false
	}
	if t := r.str(cborText, MaxField); string(t) != TypePlain && string(t) != TypeMarkdown {
		return nil, false
	}
	text = r.str(cborBytes, MaxText)
	return text, r.err == nil && len(r.rest) == 0
}
