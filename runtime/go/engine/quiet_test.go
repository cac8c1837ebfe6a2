package engine

import (
	"io"
	"log/slog"
	"testing"
)

// quiet drops what the engine logs: faults are provoked by the hundred.
func quiet(t testing.TB) {
	before := logger
	logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	t.Cleanup(func() { logger = before })
}
