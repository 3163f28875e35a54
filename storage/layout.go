package storage

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
)

// The tree. Keys are in clear, all values but those marked "clear" are sealed
// (seal.go). n/log, n/conv and n/contact are local numbers of 4 bytes,
// big-endian; so are journal numbers, orders and seqs, of 8.
//
//	meta                                        clear, of this file
//	├── schema      → be32                      see migrations
//	├── generation  → 8 random bytes
//	├── check       → 16 bytes                  tells whether the data key is right
//	├── folded      → be64                      the indexes have the journal up to here
//	└── commit      → 16 random bytes           of the last commit: did it land?
//	runs                                        clear
//	└── n/run       → 16 random bytes           salt of the run's key
//	self
//	├── "self"      → selfRow
//	└── "doneNames" → doneNamesRow              of a store that was rewritten
//	settings
//	└── name        → settingRow
//	numbers                                     keyed hashes of what must not be in clear
//	└── HMAC16(label ‖ name) → number           clear: contact, conversation or log
//	contacts
//	└── n/contact   → contactRow                in order of creation
//	convs
//	└── n/conv      → convRow
//	logs                                        written once
//	└── n/log       → logRow                    n/conv and the three keys that name it
//	heads                                       rewritten by each commit: small and dense
//	└── n/conv n/log → headRow
//	journal                                     the only place of events and other changes
//	└── number      → eventRow or noteRow
//	positions                                   index
//	└── n/log seq   → number                    clear
//	orders                                      index: listed events only
//	└── n/conv order n/log seq → number         clear
//	ids                                         index: events that have an id (ids.go)
//	└── number, level                           a run: ids up to a journal number
//	    └── first entry → entries               clear: first 8 bytes of an id, number; sorted
//	folds
//	└── n/conv id   → foldRow
//	done
//	└── HMAC16(key) → doneRow
//	doneTimes                                   index, to forget by
//	└── time HMAC16(key) → ""
//	peers
//	└── HMAC16(account) → peersRow
//	cards                                       since schema 2
//	└── HMAC16(account) → cardRow
//	pictures                                    since schema 2
//	└── HMAC16(account) → pictureRow
type bucket uint8

const (
	bucketMeta bucket = iota
	bucketRuns
	bucketSelf
	bucketSettings
	bucketNumbers
	bucketContacts
	bucketConvs
	bucketLogs
	bucketHeads
	bucketJournal
	bucketPositions
	bucketOrders
	bucketIDs
	bucketFolds
	bucketDone
	bucketDoneTimes
	bucketPeers
	bucketCards
	bucketPictures
	bucketCount
)

var bucketNames = [bucketCount][]byte{
	bucketMeta:      []byte("meta"),
	bucketRuns:      []byte("runs"),
	bucketSelf:      []byte("self"),
	bucketSettings:  []byte("settings"),
	bucketNumbers:   []byte("numbers"),
	bucketContacts:  []byte("contacts"),
	bucketConvs:     []byte("convs"),
	bucketLogs:      []byte("logs"),
	bucketHeads:     []byte("heads"),
	bucketJournal:   []byte("journal"),
	bucketPositions: []byte("positions"),
	bucketOrders:    []byte("orders"),
	bucketIDs:       []byte("ids"),
	bucketFolds:     []byte("folds"),
	bucketDone:      []byte("done"),
	bucketDoneTimes: []byte("doneTimes"),
	bucketPeers:     []byte("peers"),
	bucketCards:     []byte("cards"),
	bucketPictures:  []byte("pictures"),
}

func (b bucket) name() []byte { return bucketNames[b] }

// Keys of bucketMeta and bucketSelf. "birth" is kept free for the file's own
// time of birth, by which a copied home is recognised.
var (
	keySchema     = []byte("schema")
	keyGeneration = []byte("generation")
	keyCheck      = []byte("check")
	keyCommit     = []byte("commit")
	keyFolded     = []byte("folded")
	keySelf       = []byte("self")
	keyDoneNames  = []byte("doneNames")
)

// Labels of the keyed hashes: one name is never taken for another's.
const (
	labelContact  = "contact"
	labelConv     = "conv"
	labelLog      = "log"
	labelDone     = "done"
	labelPeers    = "peers"
	labelCards    = "cards"
	labelPictures = "pictures"
)

// migrations make schema i+1 from schema i; the first one makes an empty file
// a store. Each runs in a commit of its own together with the new number. They
// are never changed once released, only added to.
var migrations = []func(*bbolt.Tx, *keyring) error{
	createBuckets,
	createCards,
}

// schemaVersion is the newest schema that this program knows.
func schemaVersion() uint32 { return uint32(len(migrations)) }

func createBuckets(tx *bbolt.Tx, keys *keyring) error {
	for _, name := range bucketNames[:bucketCards] {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	generation := make([]byte, 8)
	rand.Read(generation)
	meta := tx.Bucket(bucketMeta.name())
	if err := meta.Put(keyGeneration, generation); err != nil {
		return err
	}
	return meta.Put(keyCheck, keys.check(generation))
}

func createCards(tx *bbolt.Tx, _ *keyring) error {
	for _, name := range bucketNames[bucketCards:] {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return nil
}

// migrate brings the file from whatever schema it has to ours.
func migrate(db *bbolt.DB, keys *keyring) error {
	var have uint32
	err := db.View(func(tx *bbolt.Tx) (err error) {
		have, err = readSchema(tx)
		return err
	})
	if err != nil {
		return err
	}
	for ; have < schemaVersion(); have++ {
		err := db.Update(func(tx *bbolt.Tx) error {
			if err := migrations[have](tx, keys); err != nil {
				return err
			}
			return tx.Bucket(bucketMeta.name()).Put(keySchema, binary.BigEndian.AppendUint32(nil, have+1))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readSchema returns the file's schema, which is 0 if the file is empty.
func readSchema(tx *bbolt.Tx) (uint32, error) {
	meta := tx.Bucket(bucketMeta.name())
	if meta == nil {
		if first, _ := tx.Cursor().First(); first != nil {
			return 0, corruptf("it is not a store of truce")
		}
		return 0, nil
	}
	v := meta.Get(keySchema)
	if len(v) != 4 {
		return 0, corruptf("it has no schema number")
	}
	schema := binary.BigEndian.Uint32(v)
	if schema > schemaVersion() {
		return 0, fmt.Errorf("%w (schema %d); this program knows up to %d", ErrNewerSchema, schema, schemaVersion())
	}
	return schema, nil
}

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// headKey is the key of a log in bucketHeads.
func headKey(conv, log uint32) []byte { return append(be32(conv), be32(log)...) }

// positionKey is the key of an event in bucketPositions.
func positionKey(log uint32, seq uint64) []byte { return append(be32(log), be64(seq)...) }

// orderKey is the key of an event in bucketOrders. Events of the same order
// stand by log number and not by device as chat.Position says; readers put
// that right (orders.go).
func orderKey(conv uint32, order uint64, log uint32, seq uint64) []byte {
	k := make([]byte, 0, 24)
	k = binary.BigEndian.AppendUint32(k, conv)
	k = binary.BigEndian.AppendUint64(k, order)
	k = binary.BigEndian.AppendUint32(k, log)
	return binary.BigEndian.AppendUint64(k, seq)
}
