package server

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// ping is after how long without news a stream says that it is alive.
const ping = 15 * time.Second

// stream sends the history as server-sent events: every row once, from Last-Event-ID on;
// it ends after the run's last row.
func stream(s *Server, r *request) error {
	query, err := r.parameters()
	if err != nil {
		return err
	}
	run, err := s.engine.Find(r.parameter)
	if err != nil {
		return err
	}
	last := r.header("Last-Event-Id")
	if last == "" {
		last = query["after"]
	}
	from := place{}
	if last != "" {
		if from.number, err = wholeNumber(last); err != nil {
			return err
		}
	}
	// the log is what is streamed; news only say that it is worth a look
	news := make(chan struct{}, 1)
	stop, err := s.engine.Listen(run.ID(), func([]core.HistoryRow) {
		select {
		case news <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	header := r.out.Header()
	header["Content-Type"] = []string{"text/event-stream"}
	header["Cache-Control"] = []string{"no-store"}
	header["Date"] = nil
	r.out.WriteHeader(200)
	return s.follow(r, run.ID(), &from, news)
}

// follow sends until the run ends, the client goes or the server does. What fails once
// the stream has begun ends it: the client takes it up again.
func (s *Server) follow(r *request, runID string, from *place, news <-chan struct{}) error {
	flush := http.NewResponseController(r.out)
	if err := flush.Flush(); err != nil {
		return nil //nolint:nilerr // the client is gone
	}
	alive := time.NewTimer(ping)
	defer alive.Stop()
	for {
		// looked at before the log: what ended has its last row there
		row, err := s.engine.Store().Run(runID)
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		rows, _, err := s.readHistory(runID, from, math.MaxInt)
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		ended := row != nil && row.EndedAt != 0
		if len(rows) > 0 {
			ended = ended || rows[len(rows)-1].isLast()
			if _, err = r.out.Write(appendRows(nil, rows)); err == nil {
				err = flush.Flush()
			}
			alive.Reset(ping)
		}
		if ended || err != nil {
			return nil //nolint:nilerr // the client is gone
		}
		select {
		case <-news:
		case <-alive.C:
			alive.Reset(ping)
			if _, err := r.out.Write([]byte(": alive\n\n")); err != nil || flush.Flush() != nil {
				return nil //nolint:nilerr // the client is gone
			}
		case <-r.Context().Done():
			return nil
		case <-s.draining.Done():
			return nil
		}
	}
}

func appendRows(out []byte, rows []historyRow) []byte {
	for _, row := range rows {
		out = strconv.AppendInt(append(out, "id: "...), row.number, 10)
		out = append(append(out, "\nevent: "...), row.kind...)
		out = append(out, "\ndata: "...)
		// the row was decoded from JSON of the domain, so it can be written
		out, _ = types.AppendValue(out, row.members)
		out = append(out, "\n\n"...)
	}
	return out
}
