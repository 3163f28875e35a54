package storage

import (
	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func foldKey(conv uint32, target wire.MessageID) []byte { return append(be32(conv), target[:]...) }

func (r *reader) Fold(c wire.ConvID, target wire.MessageID) (chat.Fold, error) {
	f := chat.Fold{Conv: c, Target: target}
	conv, err := r.conv(c)
	if err != nil || conv == 0 {
		return f, err
	}
	var row foldRow
	if ok, err := r.row(bucketFolds, foldKey(conv, target), &row); err != nil || !ok {
		return f, err
	}
	for _, e := range row.Edits {
		info, err := r.logNumbered(e.Log)
		if err != nil {
			return f, err
		}
		f.Edits = append(f.Edits, chat.Edit{Account: e.Account, At: toPosition(e.At), Event: chat.Ref{Log: info.log, Seq: e.Seq}})
	}
	for _, a := range row.Deleted {
		f.Deleted = append(f.Deleted, a)
	}
	for _, x := range row.Reactions {
		f.Reactions = append(f.Reactions, chat.Reaction{Account: x.Account, Emoji: x.Emoji, ID: x.ID, At: toPosition(x.At), Removed: x.Removed})
	}
	return f, nil
}

func (w *writer) PutFold(f chat.Fold) error {
	conv, err := w.makeConv(f.Conv)
	if err != nil {
		return err
	}
	if err := w.nameConv(conv, f.Conv); err != nil {
		return err
	}
	var row foldRow
	for _, e := range f.Edits {
		info, err := w.makeLog(e.Event.Log)
		if err != nil {
			return err
		}
		row.Edits = append(row.Edits, editRow{Account: e.Account, At: fromPosition(e.At), Log: info.number, Seq: e.Event.Seq})
	}
	for _, a := range f.Deleted {
		row.Deleted = append(row.Deleted, a)
	}
	for _, x := range f.Reactions {
		row.Reactions = append(row.Reactions, reactionRow{Account: x.Account, Emoji: x.Emoji, ID: x.ID, At: fromPosition(x.At), Removed: x.Removed})
	}
	return w.putRow(bucketFolds, foldKey(conv, f.Target), row)
}
