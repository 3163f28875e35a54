package storage

import (
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// Rows are what stands on disk: arrays of CBOR whose shape is this file's alone,
// so that renaming a field of the domain changes no file. A row grows at its
// end, by a migration.

var (
	encMode = must(cbor.EncOptions{
		Sort:          cbor.SortCoreDeterministic,
		IndefLength:   cbor.IndefLengthForbidden,
		NilContainers: cbor.NilContainerAsEmpty,
		TagsMd:        cbor.TagsForbidden,
	}.UserBufferEncMode())
	decMode = must(cbor.DecOptions{
		IndefLength: cbor.IndefLengthForbidden,
		TagsMd:      cbor.TagsForbidden,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type selfRow struct {
	_         struct{} `cbor:",toarray"`
	Account   [32]byte
	Name      string
	Device    [32]byte
	Transport [32]byte
	Owner     [32]byte
	Reach     [32]byte
	List      []byte
	Boot      uint64
	Port      uint16
	Created   uint64
	Renew     bool
	Taken     bool
	Birth     string
}

func toSelf(r *selfRow) chat.Self {
	return chat.Self{
		Account: r.Account, Name: r.Name, Device: r.Device, Transport: r.Transport, Owner: r.Owner, Reach: r.Reach,
		List: sliceOrNil(r.List), Boot: r.Boot, Port: int(r.Port), Created: r.Created, Renew: r.Renew, Taken: r.Taken, Birth: r.Birth,
	}
}

func fromSelf(s chat.Self) selfRow {
	return selfRow{
		Account: s.Account, Name: s.Name, Device: s.Device, Transport: s.Transport, Owner: s.Owner, Reach: s.Reach,
		List: s.List, Boot: s.Boot, Port: uint16(s.Port), Created: s.Created, Renew: s.Renew, Taken: s.Taken, Birth: s.Birth,
	}
}

type settingRow struct {
	_     struct{} `cbor:",toarray"`
	Value string
}

type stanceRow struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Answers uint64
	Want    bool
	Name    string
	Note    string
	Share   [32]byte
	Time    uint64
}

func toStance(r stanceRow) chat.Stance {
	return chat.Stance{Version: r.Version, Answers: r.Answers, Want: r.Want, Name: r.Name, Note: r.Note, Share: r.Share, Time: r.Time}
}

func fromStance(s chat.Stance) stanceRow {
	return stanceRow{Version: s.Version, Answers: s.Answers, Want: s.Want, Name: s.Name, Note: s.Note, Share: s.Share, Time: s.Time}
}

type contactRow struct {
	_         struct{} `cbor:",toarray"`
	Account   [32]byte
	Name      string
	Note      string
	Mine      stanceRow
	Theirs    stanceRow
	MineAcked uint64
	Reach     *[32]byte
	AskedBy   *[32]byte
	AskedOf   *[32]byte
	Pair      *[32]byte
	Hints     []string
	From      string
	List      []byte
	Retired   [][32]byte
	Version   uint16
	Verified  bool
	Blocked   bool
	Created   uint64
	LastSeen  uint64
}

func toContact(r *contactRow) chat.Contact {
	return chat.Contact{
		Account: r.Account, Name: r.Name, Note: r.Note, Mine: toStance(r.Mine), Theirs: toStance(r.Theirs), MineAcked: r.MineAcked,
		Reach: (*wire.ReachSecret)(r.Reach), AskedBy: (*wire.Secret)(r.AskedBy), AskedOf: (*wire.Secret)(r.AskedOf), Pair: (*wire.Secret)(r.Pair),
		Hints: sliceOrNil(r.Hints), From: r.From, List: sliceOrNil(r.List), Retired: toDevices(r.Retired), Version: r.Version, Verified: r.Verified, Blocked: r.Blocked,
		Created: r.Created, LastSeen: r.LastSeen,
	}
}

func fromContact(c chat.Contact) contactRow {
	return contactRow{
		Account: c.Account, Name: c.Name, Note: c.Note, Mine: fromStance(c.Mine), Theirs: fromStance(c.Theirs), MineAcked: c.MineAcked,
		Reach: (*[32]byte)(c.Reach), AskedBy: (*[32]byte)(c.AskedBy), AskedOf: (*[32]byte)(c.AskedOf), Pair: (*[32]byte)(c.Pair),
		Hints: c.Hints, From: c.From, List: c.List, Retired: fromDevices(c.Retired), Version: c.Version, Verified: c.Verified, Blocked: c.Blocked,
		Created: c.Created, LastSeen: c.LastSeen,
	}
}

func toDevices(rows [][32]byte) (list []wire.Device) {
	for _, d := range rows {
		list = append(list, d)
	}
	return list
}

func fromDevices(list []wire.Device) (rows [][32]byte) {
	for _, d := range list {
		rows = append(rows, d)
	}
	return rows
}

type convRow struct {
	_      struct{} `cbor:",toarray"`
	ID     [32]byte
	Peer   [32]byte
	Unread uint64
	Unseen uint64
	Over   bool
}

func toConv(r convRow) chat.Conv {
	return chat.Conv{ID: r.ID, Peer: r.Peer, Unread: r.Unread, Unseen: r.Unseen, Over: r.Over}
}

func fromConv(c chat.Conv) convRow {
	return convRow{ID: c.ID, Peer: c.Peer, Unread: c.Unread, Unseen: c.Unseen, Over: c.Over}
}

type logRow struct {
	_       struct{} `cbor:",toarray"`
	Number  uint32   // of the conversation
	Conv    [32]byte
	Account [32]byte
	Device  [32]byte
}

type headRow struct {
	_         struct{} `cbor:",toarray"`
	Base      uint64
	Head      uint64
	Chain     [32]byte
	Order     uint64
	Delivered uint64
	Read      uint64
	Shown     uint64
}

func toLogState(l wire.Log, r headRow) chat.LogState {
	return chat.LogState{Log: l, Base: r.Base, Head: r.Head, Chain: r.Chain, Order: r.Order, Delivered: r.Delivered, Read: r.Read, Shown: r.Shown}
}

func fromLogState(s chat.LogState) headRow {
	return headRow{Base: s.Base, Head: s.Head, Chain: s.Chain, Order: s.Order, Delivered: s.Delivered, Read: s.Read, Shown: s.Shown}
}

type doneNamesRow struct {
	_   struct{} `cbor:",toarray"`
	Key [32]byte
}

type doneRow struct {
	_       struct{} `cbor:",toarray"`
	What    string
	ID      [32]byte
	Account [32]byte
	Time    uint64
}

func toDone(r doneRow) chat.Done {
	return chat.Done{What: r.What, ID: r.ID, Account: r.Account, Time: r.Time}
}

func fromDone(d chat.Done) doneRow {
	return doneRow{What: d.What, ID: d.ID, Account: d.Account, Time: d.Time}
}

type peerRow struct {
	_     struct{} `cbor:",toarray"`
	ID    string
	Addrs []string
	Seen  uint64
}

type peersRow struct {
	_     struct{} `cbor:",toarray"`
	Peers []peerRow
}

func toPeers(r peersRow) []chat.Peer {
	var peers []chat.Peer
	for _, p := range r.Peers {
		peers = append(peers, chat.Peer{ID: p.ID, Addrs: sliceOrNil(p.Addrs), Seen: p.Seen})
	}
	return peers
}

func fromPeers(peers []chat.Peer) (r peersRow) {
	for _, p := range peers {
		r.Peers = append(r.Peers, peerRow{ID: p.ID, Addrs: p.Addrs, Seen: p.Seen})
	}
	return r
}

// sliceOrNil: an empty list reads back as nil.
func sliceOrNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return slices.Clip(s) // it may be shared
}
