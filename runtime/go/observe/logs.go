// Package observe has what people and machines watch a program with: structured logs,
// metrics in Prometheus' text format, and W3C trace contexts. It needs no dependency
// and costs next to nothing where nobody looks.
package observe

import (
	"fmt"
	"io"
	"log/slog"
)

// NewLogger is a logger that writes lines of JSON, or text for people. Levels are
// debug, info, warning (or warn) and error.
func NewLogger(out io.Writer, level, format string) (*slog.Logger, error) {
	if level == "warning" {
		level = "warn"
	}
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("there is no log level %q", level)
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(out, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(out, options)), nil
	}
	return nil, fmt.Errorf("there is no log format %q", format)
}
