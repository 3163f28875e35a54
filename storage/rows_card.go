package storage

import (
	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

type cardRow struct {
	_          struct{} `cbor:",toarray"`
	Account    [32]byte
	Grade      uint8
	Told       toldRow
	Secret     [32]byte
	Epoch      uint64
	Heard      []heardRow
	Frozen     []frozenRow
	Groups     []string
	Memo       string
	Tell       bool
	Profile    profileRow
	Answered   uint64
	Nudged     uint64
	Rang       uint64
	Rings      []wire.MessageID
	FullEpoch  uint64
	PlainEpoch uint64
}

type toldRow struct {
	_       struct{} `cbor:",toarray"`
	Grade   uint8
	Epoch   uint64
	Profile uint64
}

type heardRow struct {
	_      struct{} `cbor:",toarray"`
	Device [32]byte
	Boot   uint64
	Seq    uint64
}

type frozenRow struct {
	_       struct{} `cbor:",toarray"`
	Conv    [32]byte
	Account [32]byte
	Device  [32]byte
	Base    uint64
	Head    uint64
	Chain   [16]byte
}

type profileRow struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Name    string
	About   string
	Avatar  []byte
}

type pictureRow struct {
	_    struct{} `cbor:",toarray"`
	File []byte
}

func toCard(r *cardRow) chat.Card {
	c := chat.Card{
		Account: r.Account, Grade: chat.Grade(r.Grade), Told: chat.Told{Grade: chat.Grade(r.Told.Grade), Epoch: r.Told.Epoch, Profile: r.Told.Profile},
		Secret: r.Secret, Epoch: r.Epoch, Groups: sliceOrNil(r.Groups), Memo: r.Memo, Tell: r.Tell,
		Profile:  chat.Profile{Version: r.Profile.Version, Name: r.Profile.Name, About: r.Profile.About, Avatar: sliceOrNil(r.Profile.Avatar)},
		Answered: r.Answered, Nudged: r.Nudged, Rang: r.Rang, Rings: sliceOrNil(r.Rings),
		FullEpoch: r.FullEpoch, PlainEpoch: r.PlainEpoch,
	}
	for _, h := range r.Heard {
		c.Heard = append(c.Heard, chat.Heard{Device: wire.Device(h.Device), Boot: h.Boot, Seq: h.Seq})
	}
	for _, e := range r.Frozen {
		c.Frozen = append(c.Frozen, wire.Entry{Log: wire.Log{Conv: e.Conv, Account: e.Account, Device: e.Device}, Base: e.Base, Head: e.Head, Chain: e.Chain})
	}
	return c
}

func fromCard(c chat.Card) cardRow {
	r := cardRow{
		Account: c.Account, Grade: uint8(c.Grade), Told: toldRow{Grade: uint8(c.Told.Grade), Epoch: c.Told.Epoch, Profile: c.Told.Profile},
		Secret: c.Secret, Epoch: c.Epoch, Groups: c.Groups, Memo: c.Memo, Tell: c.Tell,
		Profile:  profileRow{Version: c.Profile.Version, Name: c.Profile.Name, About: c.Profile.About, Avatar: c.Profile.Avatar},
		Answered: c.Answered, Nudged: c.Nudged, Rang: c.Rang, Rings: c.Rings,
		FullEpoch: c.FullEpoch, PlainEpoch: c.PlainEpoch,
	}
	for _, h := range c.Heard {
		r.Heard = append(r.Heard, heardRow{Device: h.Device, Boot: h.Boot, Seq: h.Seq})
	}
	for _, e := range c.Frozen {
		r.Frozen = append(r.Frozen, frozenRow{Conv: e.Log.Conv, Account: e.Log.Account, Device: e.Log.Device, Base: e.Base, Head: e.Head, Chain: e.Chain})
	}
	return r
}
