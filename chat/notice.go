package chat

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/truce-im/truce/chat/wire"
)

// A notice is a line in a conversation that nobody sent: this node tells by it
// of what the user should see there. Notices stand in a log of their own, of no
// account, which no vector names and no push carries. They are never unread.

// Notice says what a notice tells of; empty: the message is none.
type Notice string

// NoticeNewDevice tells that the other side speaks from a device that it did
// not have before (rule 10).
const NoticeNewDevice Notice = "new_device"

// kindNewDevice is NoticeNewDevice in the log of notices. Numbers are stored.
const kindNewDevice = wire.KindSilent + 1

func (s *Service) noticeLog(a wire.Account) wire.Log { return wire.Log{Conv: s.conv(a)} }

func isNotice(l wire.Log) bool { return l.Account == (wire.Account{}) }

var errNotice = Errorf(CodeRefused, "nobody wrote this line: it can neither be answered nor changed")

// notice puts a notice at the end of the conversation with a, unless one stands
// there: whoever changes devices without end fills no history.
func (s *Service) notice(tx Tx, a wire.Account, kind wire.EventKind) error {
	now := s.nowMillis()
	order := now
	for last, err := range tx.Before(s.conv(a), nil) {
		if err != nil || isNotice(last.Log) {
			return err
		}
		order = max(now, last.Order+1) // behind what stands there
		break
	}
	st, err := tx.Log(s.noticeLog(a))
	if err != nil {
		return err
	}
	e := Event{
		Log: st.Log, Seq: st.Head + 1, Received: now, Listed: true, Order: max(order, st.Order),
		Wire: wire.Event{Kind: kind, Stamp: now, Prev: st.Chain},
	}
	e.ID = unreadableID(&e)
	if err := tx.Append(&e); err != nil {
		return err
	}
	st.Head, st.Chain, st.Order = e.Seq, e.Wire.Chain(e.Log, e.Seq), e.Order
	return tx.PutLog(st)
}

// noticeDevices tells of devices on the contact's list that were not on the one
// before.
func (s *Service) noticeDevices(tx Tx, c Contact, before []byte) error {
	if c.Relation() != Accepted || before == nil || bytes.Equal(before, c.List) {
		return nil
	}
	known, err := wire.ParseDeviceList(before)
	if err != nil {
		return err
	}
	list, err := wire.ParseDeviceList(c.List)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list.Live, func(d wire.ListedDevice) bool { return !known.HasLive(d.Key) }) {
		return nil
	}
	return s.notice(tx, c.Account, kindNewDevice)
}

// renderNotice makes of a notice what people see.
func (s *Service) renderNotice(r Reader, e *Event, m *Message) error {
	name, err := s.nameOf(r, m.Peer)
	if err != nil {
		return err
	}
	m.FromName, m.Text = "", CannotShow
	if e.Wire.Kind == kindNewDevice {
		m.Notice = NoticeNewDevice
		m.Text = fmt.Sprintf("%s uses a new device; if that surprises you, ask them some other way", name)
	}
	return s.applyState(r, e, m)
}
