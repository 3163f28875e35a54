package storage

import (
	"encoding/binary"
	"sync"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// logInfo is a log with its local numbers. It never changes.
type logInfo struct {
	number uint32
	conv   uint32
	log    wire.Log
}

// names holds local numbers. They are given once and never taken back, so what
// is on disk can be remembered without a look at the state it came from.
type names struct {
	logs     map[wire.Log]*logInfo
	byNumber map[uint32]*logInfo
	convs    map[wire.ConvID]uint32
	contacts map[wire.Account]uint32
}

func newNames() names {
	return names{
		logs: map[wire.Log]*logInfo{}, byNumber: map[uint32]*logInfo{},
		convs: map[wire.ConvID]uint32{}, contacts: map[wire.Account]uint32{},
	}
}

func (n *names) addLog(l *logInfo) { n.logs[l.log], n.byNumber[l.number] = l, l }

// maxNames bounds each map of the cache, to about 1 MiB in all.
const maxNames = 4096

// nameCache holds numbers that are on disk. It is safe for concurrent use.
type nameCache struct {
	mu sync.RWMutex
	names
}

func newNameCache() *nameCache { return &nameCache{names: newNames()} }

func (c *nameCache) bound() {
	if len(c.logs) >= maxNames || len(c.convs) >= maxNames || len(c.contacts) >= maxNames {
		c.names = newNames()
	}
}

// merge adds what a commit brought to disk.
func (c *nameCache) merge(n names) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range n.logs {
		c.bound()
		c.addLog(l)
	}
	for id, number := range n.convs {
		c.bound()
		c.convs[id] = number
	}
	for a, number := range n.contacts {
		c.bound()
		c.contacts[a] = number
	}
}

// number looks a name up among those that this transaction made, the cache, and
// the disk. It returns 0 if there is none.
func number[K comparable](r *reader, pick func(*names) map[K]uint32, key K, label string, raw []byte) (uint32, error) {
	if n := pick(&r.made)[key]; n != 0 {
		return n, nil
	}
	c := r.s.names
	c.mu.RLock()
	n := pick(&c.names)[key]
	c.mu.RUnlock()
	if n != 0 {
		return n, nil
	}
	v, err := r.get(bucketNumbers, r.s.keys.name(label, raw))
	if err != nil || v == nil {
		return 0, err
	}
	if len(v) != 4 {
		return 0, corruptf("a name has a number of %d bytes", len(v))
	}
	n = binary.BigEndian.Uint32(v)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bound()
	pick(&c.names)[key] = n
	return n, nil
}

func (r *reader) conv(id wire.ConvID) (uint32, error) {
	return number(r, func(n *names) map[wire.ConvID]uint32 { return n.convs }, id, labelConv, id[:])
}

func (r *reader) contact(a wire.Account) (uint32, error) {
	return number(r, func(n *names) map[wire.Account]uint32 { return n.contacts }, a, labelContact, a[:])
}

// log returns nil if no log of that name was ever mentioned.
func (r *reader) log(l wire.Log) (*logInfo, error) {
	if info := r.made.logs[l]; info != nil {
		return info, nil
	}
	c := r.s.names
	c.mu.RLock()
	info := c.logs[l]
	c.mu.RUnlock()
	if info != nil {
		return info, nil
	}
	v, err := r.get(bucketNumbers, r.logName(l))
	if err != nil || v == nil {
		return nil, err
	}
	if len(v) != 4 {
		return nil, corruptf("a log has a number of %d bytes", len(v))
	}
	return r.logNumbered(binary.BigEndian.Uint32(v))
}

func (r *reader) logName(l wire.Log) []byte {
	return r.s.keys.name(labelLog, l.Conv[:], l.Account[:], l.Device[:])
}

// logNumbered returns the log of that number, which must be there.
func (r *reader) logNumbered(number uint32) (*logInfo, error) {
	if info := r.made.byNumber[number]; info != nil {
		return info, nil
	}
	c := r.s.names
	c.mu.RLock()
	info := c.byNumber[number]
	c.mu.RUnlock()
	if info != nil {
		return info, nil
	}
	var row logRow
	if ok, err := r.row(bucketLogs, be32(number), &row); err != nil {
		return nil, err
	} else if !ok {
		return nil, corruptf("there is no log %d", number)
	}
	info = &logInfo{number: number, conv: row.Number, log: wire.Log{Conv: row.Conv, Account: row.Account, Device: row.Device}}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bound()
	c.addLog(info)
	return info, nil
}

// give makes a new number in b and files it under name.
func (w *writer) give(b bucket, name []byte) (uint32, error) {
	number, err := w.next(b)
	if err != nil {
		return 0, err
	}
	return number, w.put(bucketNumbers, name, be32(number))
}

func (w *writer) makeConv(id wire.ConvID) (uint32, error) {
	n, err := w.conv(id)
	if err != nil || n != 0 {
		return n, err
	}
	if n, err = w.give(bucketConvs, w.s.keys.name(labelConv, id[:])); err != nil {
		return 0, err
	}
	w.made.convs[id] = n
	return n, nil
}

func (w *writer) makeContact(a wire.Account) (uint32, error) {
	n, err := w.contact(a)
	if err != nil || n != 0 {
		return n, err
	}
	if n, err = w.give(bucketContacts, w.s.keys.name(labelContact, a[:])); err != nil {
		return 0, err
	}
	w.made.contacts[a] = n
	return n, nil
}

func (w *writer) makeLog(l wire.Log) (*logInfo, error) {
	info, err := w.log(l)
	if err != nil || info != nil {
		return info, err
	}
	conv, err := w.makeConv(l.Conv)
	if err != nil {
		return nil, err
	}
	n, err := w.give(bucketLogs, w.logName(l))
	if err != nil {
		return nil, err
	}
	info = &logInfo{number: n, conv: conv, log: l}
	w.made.addLog(info)
	return info, w.putRow(bucketLogs, be32(n), logRow{Number: conv, Conv: l.Conv, Account: l.Account, Device: l.Device})
}

// nameConv sees to it that a conversation that was just made is named by a row,
// as one with a log is: its number is filed under a hash alone.
func (w *writer) nameConv(n uint32, id wire.ConvID) error {
	if w.made.convs[id] == 0 {
		return nil
	}
	if _, ok := w.convs[n]; ok {
		return nil
	}
	row, err := w.get(bucketConvs, be32(n))
	if err == nil && row == nil {
		w.convs[n] = chat.Conv{ID: id}
	}
	return err
}
