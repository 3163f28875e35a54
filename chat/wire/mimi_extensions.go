package wire

// Extensions is the deterministic CBOR of a map of extensions, from integers or
// text of 1 to 255 bytes to values that nest no deeper than MaxLevels, the map
// itself counted. It is kept as it came, so that unknown ones survive. Nil is
// no extensions.
type Extensions []byte

// Keys of extensions. Positive ones are registered by the IETF, negative ones
// are ours.
const (
	extSender = 1
	extRoom   = 2
	extEmoji  = -5 // text: the emoji that an unreaction takes away
	extAuto   = -6 // true: the program answered while its user was away
	extNudge  = -7 // true: to be shown as a nudge
)

// maxExtKey is the largest integer, of either sign, that a key may be: what a
// double holds exactly (draft-ietf-mimi-content-08, "Data model restrictions").
const maxExtKey = 1<<53 - 1

// value returns that of the extension key, nil if there is none.
func (e Extensions) value(key int64) any {
	var m map[any]any
	if len(e) == 0 || decMode.Unmarshal(e, &m) != nil {
		return nil
	}
	return m[key]
}

func (e Extensions) emojis() []string {
	emoji, ok := e.value(extEmoji).(string)
	if !ok || CheckEmoji(emoji) != nil {
		return nil
	}
	return []string{emoji}
}

// check verifies encoded extensions that are not empty.
func (e Extensions) check() error {
	if len(e) > MaxExtensions {
		return failf("too-large", "the extensions have over %d bytes", MaxExtensions)
	}
	var m map[any]any
	if err := Unmarshal(e, &m); err != nil {
		return err
	}
	if len(m) > MaxExtEntries {
		return failf("too-many", "a message has at most %d extensions", MaxExtEntries)
	}
	for key := range m {
		if key == uint64(extSender) || key == uint64(extRoom) {
			return failf("sender", "a message does not name its sender or conversation")
		}
		if !isExtKey(key) {
			return failf("bad-type", "the key of an extension is an integer or a short text")
		}
	}
	return checkExtValue(m, 1)
}

func isExtKey(key any) bool {
	switch k := key.(type) {
	case uint64:
		return k <= maxExtKey
	case int64:
		return k >= -maxExtKey
	case string:
		return len(k) >= 1 && len(k) <= 255
	}
	return false
}

// checkExtValue verifies what stands at a level of the extensions; Unmarshal
// has bounded the depth.
func checkExtValue(v any, level int) error {
	var inner []any
	switch v := v.(type) {
	case []any:
		inner = v
	case map[any]any:
		for key, value := range v {
			switch key.(type) {
			case bool, float64, nil:
				return failf("bad-type", "the key of a map is an integer, a text or bytes")
			}
			inner = append(inner, value)
		}
	default:
		return nil
	}
	if level > MaxLevels {
		return failf("too-deep", "the extensions have over %d levels", MaxLevels)
	}
	for _, value := range inner {
		if err := checkExtValue(value, level+1); err != nil {
			return err
		}
	}
	return nil
}
