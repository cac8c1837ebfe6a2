package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
)

const maxAnswer = 256 << 20

// call is one request. safe says that sending it twice does no harm.
type call struct {
	method      string
	path        string
	body        any
	safe        bool
	wait        time.Duration
	traceparent string
}

func (c *Client) send(ctx context.Context, made call, into any) error {
	var content []byte
	if made.body != nil {
		var err error
		if content, err = json.Marshal(made.body); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		err := c.try(ctx, made, content, into)
		if err == nil || attempt >= c.attempts || ctx.Err() != nil || !mayRepeat(made, err) {
			return err
		}
		delay := min(c.first<<min(attempt-1, 16), 5*time.Second)
		delay = delay/2 + mathrand.N(max(delay/2, 1))
		var refused *APIError
		if errors.As(err, &refused) {
			delay = max(delay, refused.RetryAfter)
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		}
	}
}

// mayRepeat says that a request may be sent again: 429 comes before anything was done,
// and a connection that was never made did nothing.
func mayRepeat(made call, err error) bool {
	var refused *APIError
	if errors.As(err, &refused) {
		return refused.Status == http.StatusTooManyRequests || made.safe && errors.Is(err, ErrUnavailable)
	}
	if !errors.Is(err, ErrNotReached) {
		return false
	}
	var dialling *net.OpError
	return made.safe || errors.As(err, &dialling) && dialling.Op == "dial"
}

func (c *Client) try(ctx context.Context, made call, content []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+made.wait)
	defer cancel()
	response, err := c.request(ctx, made, content)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotReached, err)
	}
	if response.StatusCode >= 400 {
		return apiError(response, answer)
	}
	if len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("the answer is no JSON of ours: %w", err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, made call, content []byte) (*http.Response, error) {
	path := made.path
	if made.wait > 0 {
		wait := made.wait
		if end, ok := ctx.Deadline(); ok {
			wait = max(min(wait, time.Until(end)-20*time.Millisecond), time.Millisecond)
		}
		path += "?wait=" + milliseconds(wait)
	}
	request, err := http.NewRequestWithContext(ctx, made.method, c.url+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if content != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	c.sign(ctx, request, made.traceparent)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotReached, err)
	}
	return response, nil
}

func (c *Client) sign(ctx context.Context, request *http.Request, traceparent string) {
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if traceparent == "" {
		traceparent = observe.Traceparent(ctx)
	}
	if traceparent != "" {
		request.Header.Set("Traceparent", traceparent)
	}
}

func apiError(response *http.Response, answer []byte) *APIError {
	made := &APIError{Status: response.StatusCode}
	var problem struct {
		Code   string    `json:"code"`
		Detail string    `json:"detail"`
		Errors []Problem `json:"errors"`
	}
	// an answer of a proxy is no JSON; then the status has to do
	_ = json.Unmarshal(answer, &problem)
	made.Code, made.Detail, made.Problems = problem.Code, problem.Detail, problem.Errors
	if made.Code == "" {
		made.Code = "HTTP_" + strconv.Itoa(made.Status)
	}
	if made.Detail == "" {
		made.Detail = "the server gave no reason"
	}
	if seconds, err := strconv.Atoi(strings.TrimSpace(response.Header.Get("Retry-After"))); err == nil && seconds > 0 && seconds < 1_000_000 {
		made.RetryAfter = time.Duration(seconds) * time.Second
	}
	return made
}

// newID is a random UUID.
func newID() string {
	var id [16]byte
	// crypto/rand never fails: it ends the program instead
	_, _ = rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:])
}
