package wire

// AskPicture asks a contact for the file of its picture, of which a Profile told
// the hash.
type AskPicture struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	Hash [32]byte
}

// Picture answers AskPicture. The asker checks that Hash is that of File.
type Picture struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	Hash [32]byte
	File []byte // at most MaxAvatar bytes; empty: there is no such picture any more
}

func (f *AskPicture) frameType() FrameType { return f.Type }
func (f *Picture) frameType() FrameType    { return f.Type }

func (f *AskPicture) check() error { return nil }

func (f *Picture) check() error {
	if len(f.File) > MaxAvatar {
		return failf("picture", "a picture has at most %d bytes", MaxAvatar)
	}
	return nil
}
