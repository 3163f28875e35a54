package wire

// frames are the types that DecodeFrame knows, each with its type number and
// what must hold beyond its shape.
type frame interface {
	frameType() FrameType
	check() error
}

func (f *Stance) frameType() FrameType    { return f.Type }
func (f *StanceAck) frameType() FrameType { return f.Type }
func (f *Vector) frameType() FrameType    { return f.Type }
func (f *Push) frameType() FrameType      { return f.Type }
func (f *Ack) frameType() FrameType       { return f.Type }
func (f *Gone) frameType() FrameType      { return f.Type }
func (f *Refused) frameType() FrameType   { return f.Type }
func (f *Busy) frameType() FrameType      { return f.Type }
func (f *Read) frameType() FrameType      { return f.Type }
func (f *Ping) frameType() FrameType      { return f.Type }
func (f *Bye) frameType() FrameType       { return f.Type }
func (f *Devices) frameType() FrameType   { return f.Type }
func (f *Want) frameType() FrameType      { return f.Type }

func (f *StanceAck) check() error { return nil }
func (f *Ping) check() error      { return nil }
func (f *Bye) check() error       { return nil }
func (f *Busy) check() error      { return nil }
func (f *Refused) check() error   { return checkSeq(f.Seq) }

func (f *Stance) check() error {
	if f.Version == 0 || f.Version > MaxSeq || f.Answers > MaxSeq {
		return failf("stance", "a version is from 1 to 2^53")
	}
	if !f.Want && (f.Name != "" || f.Note != "" || f.Share != [32]byte{}) {
		return failf("stance", "who wants nothing says no more")
	}
	if f.Want && f.Share == [32]byte{} {
		return failf("stance", "a request has its share of the secret")
	}
	if f.Name != "" {
		if err := CheckName(f.Name); err != nil {
			return err
		}
	}
	return CheckNote(f.Note)
}

func (f *Devices) check() error {
	if len(f.List) > MaxList {
		return failf("list", "a device list has at most %d bytes", MaxList)
	}
	return nil
}

func (f *Vector) check() error {
	if err := checkMarks(f.Read); err != nil {
		return err
	}
	return checkEntries(f.Entries)
}

func (f *Ack) check() error { return checkEntries(f.Entries) }

func (f *Read) check() error { return checkMarks(f.Marks) }

func checkMarks(marks []Mark) error {
	if len(marks) > MaxEntries {
		return failf("vector", "more than %d read marks", MaxEntries)
	}
	for _, m := range marks {
		if err := checkSeq(m.Seq); err != nil {
			return err
		}
	}
	return nil
}

func (f *Push) check() error {
	if len(f.Events) == 0 {
		return failf("push", "a push has an event")
	}
	if len(f.Events) > MaxEvents {
		return failf("push", "a push has at most %d events", MaxEvents)
	}
	if err := checkSeq(f.Seq); err != nil {
		return err
	}
	if err := checkSeq(f.Seq + uint64(len(f.Events)) - 1); err != nil {
		return err
	}
	for i := range f.Events {
		if err := f.Events[i].Check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Gone) check() error { return checkSpan(f.From, f.To) }
func (f *Want) check() error { return checkSpan(f.From, f.To) }

func checkSeq(seq uint64) error {
	if seq == 0 || seq > MaxSeq {
		return failf("seq", "a position is from 1 to 2^53")
	}
	return nil
}

func checkSpan(from, to uint64) error {
	if from > to {
		return failf("seq", "a span begins before it ends")
	}
	if err := checkSeq(from); err != nil {
		return err
	}
	return checkSeq(to)
}

func checkEntries(entries []Entry) error {
	if len(entries) > MaxEntries {
		return failf("vector", "more than %d entries", MaxEntries)
	}
	for _, e := range entries {
		if e.Base > e.Head || e.Head > MaxSeq {
			return failf("vector", "a range begins before it ends")
		}
	}
	return nil
}

// DecodeFrame decodes a frame of an open session into a pointer to one of the
// types of this file, verified against all caps. It returns nil, nil for a
// well-formed frame of a type it does not know. Errors are of class "cbor",
// "non-canonical", or that of the rule that is broken.
func DecodeFrame(b []byte) (any, error) {
	t, err := TypeOf(b)
	if err != nil {
		return nil, err
	}
	f := newFrame(t)
	if f == nil {
		if err := decMode.Wellformed(b); err != nil {
			return nil, failf("cbor", "not well-formed: %w", err)
		}
		return nil, nil
	}
	if err := Unmarshal(b, f); err != nil {
		return nil, err
	}
	if f.frameType() != t {
		return nil, failf("cbor", "the type of the frame is unclear")
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

func newFrame(t FrameType) frame {
	switch t {
	case FrameStance:
		return new(Stance)
	case FrameStanceAck:
		return new(StanceAck)
	case FrameVector:
		return new(Vector)
	case FramePush:
		return new(Push)
	case FrameAck:
		return new(Ack)
	case FrameGone:
		return new(Gone)
	case FrameRefused:
		return new(Refused)
	case FrameBusy:
		return new(Busy)
	case FrameRead:
		return new(Read)
	case FramePing, FramePong:
		return new(Ping)
	case FrameBye:
		return new(Bye)
	case FrameDevices:
		return new(Devices)
	case FrameWant:
		return new(Want)
	case FrameSignal:
		return new(Signal)
	case FramePresence:
		return new(PresenceFrame)
	case FrameViews:
		return new(Views)
	case FrameAskPicture:
		return new(AskPicture)
	case FramePicture:
		return new(Picture)
	}
	return nil
}
