package engine

import (
	"io"
	"log/slog"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

func decodeText(text string) (any, error) { return types.DecodeValue([]byte(text), 8) }

// quiet drops what the engine logs: faults are provoked by the hundred.
func quiet(t testing.TB) {
	before := logger
	logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	t.Cleanup(func() { logger = before })
}
