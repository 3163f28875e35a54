package client

import "time"

// Time is written in RFC 3339, in UTC, with three digits of milliseconds; the
// zero value is written as "".
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.000Z"

func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It reads any RFC 3339 time.
func (t *Time) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		t.Time = time.Time{}
		return nil
	}
	t.Time, err = time.Parse(time.RFC3339, string(b))
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return &time.ParseError{Layout: timeLayout, Value: string(b), Message: ": not a string"}
	}
	return t.UnmarshalText(b[1 : len(b)-1])
}
