package engine

import (
	"context"
	"log/slog"
)

// logger writes to what is the default logger when it writes, not when the program began.
var logger = slog.New(defaultHandler{})

type defaultHandler struct{}

func (defaultHandler) handler() slog.Handler {
	return slog.Default().Handler().WithAttrs([]slog.Attr{slog.String("logger", "magicflow.engine")})
}

func (h defaultHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return slog.Default().Enabled(ctx, level)
}

func (h defaultHandler) Handle(ctx context.Context, record slog.Record) error {
	return h.handler().Handle(ctx, record)
}

func (h defaultHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return h.handler().WithAttrs(attributes)
}

func (h defaultHandler) WithGroup(name string) slog.Handler { return h.handler().WithGroup(name) }
