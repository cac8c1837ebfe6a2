package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// errStopped says that whoever iterates wants no more.
var errStopped = errors.New("stopped")

// Events is the history of a run, row by row as it happens, until the run ends. Rows up
// to after are left out. A connection that breaks is taken up again behind the last
// row. The iteration ends after an error.
func (c *Client) Events(ctx context.Context, id string, after int) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		pass := func(event Event) bool {
			after = event.N
			return yield(event, nil)
		}
		for failures := 0; ; {
			before := after
			err := c.stream(ctx, id, after, pass)
			if after > before {
				failures = 0
			}
			if err == nil {
				var run *Execution
				if run, err = c.Status(ctx, id); err == nil && run.Status.IsFinal() {
					// rows that came between the stream's end and the question
					if err = c.stream(ctx, id, after, pass); err == nil {
						return
					}
				}
			}
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				if failures++; !errors.Is(err, ErrNotReached) || failures >= c.attempts || ctx.Err() != nil {
					yield(Event{}, err)
					return
				}
				pause := time.NewTimer(min(c.first<<min(failures-1, 16), 5*time.Second))
				select {
				case <-pause.C:
				case <-ctx.Done():
					pause.Stop()
				}
			}
		}
	}
}

func (c *Client) stream(ctx context.Context, id string, after int, pass func(Event) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+runPath(id, "/stream"), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Last-Event-ID", strconv.Itoa(after))
	c.sign(ctx, request, "")
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotReached, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		return apiError(response, answer)
	}
	// The server says at least every 15 s that it is alive.
	silence := time.AfterFunc(time.Minute, cancel)
	defer silence.Stop()
	lines := bufio.NewReaderSize(response.Body, 64<<10)
	var data []byte
	for {
		line, err := lines.ReadBytes('\n')
		silence.Reset(time.Minute)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotReached, err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if text, is := bytes.CutPrefix(line, []byte("data:")); is {
			data = append(data, bytes.TrimPrefix(text, []byte(" "))...)
			continue
		}
		if len(line) > 0 || len(data) == 0 {
			continue
		}
		event := Event{Data: data}
		if err := json.Unmarshal(data, &event); err != nil {
			return fmt.Errorf("an event is no JSON of ours: %w", err)
		}
		data = nil
		if !pass(event) {
			return errStopped
		}
	}
}
