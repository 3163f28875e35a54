package redact

import (
	"context"
	"fmt"
	"log/slog"
)

// Handler returns a handler that passes everything to next, redacted. One that
// redacts already is returned as it is.
func Handler(next slog.Handler) slog.Handler {
	if h, ok := next.(handler); ok {
		return h
	}
	return handler{next}
}

type handler struct{ next slog.Handler }

func (h handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(attr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

func (h handler) WithAttrs(list []slog.Attr) slog.Handler {
	return handler{h.next.WithAttrs(attrs(list))}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.next.WithGroup(name)} }

func attrs(list []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(list))
	for i, a := range list {
		out[i] = attr(a)
	}
	return out
}

// attr redacts a value that is text, or that becomes text when it is written.
func attr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Text(v.String()))
	case slog.KindGroup:
		a.Value = slog.GroupValue(attrs(v.Group())...)
	case slog.KindAny:
		a.Value = slog.StringValue(Text(fmt.Sprint(v.Any())))
	}
	return a
}
