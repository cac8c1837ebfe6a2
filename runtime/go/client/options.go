package client

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Option sets up a client.
type Option func(*Client)

// WithToken sends a bearer token.
func WithToken(token string) Option { return func(c *Client) { c.token = token } }

// WithHTTPClient uses another HTTP client, for proxies, certificates, traces.
func WithHTTPClient(client *http.Client) Option { return func(c *Client) { c.http = client } }

// WithTimeout bounds one request, waiting aside; 30 s by default.
func WithTimeout(timeout time.Duration) Option { return func(c *Client) { c.timeout = timeout } }

// WithRetries bounds how often a request that is safe to repeat is sent (5 by default),
// and the first delay (100 ms), which doubles up to 5 s; half of it is random.
func WithRetries(attempts int, first time.Duration) Option {
	return func(c *Client) { c.attempts, c.first = max(attempts, 1), first }
}

// StartOption says something about a run that starts.
type StartOption func(*start)

type start struct {
	Input          json.RawMessage   `json:"input"`
	IdempotencyKey string            `json:"idempotency_key"`
	Metadata       map[string]string `json:"metadata,omitempty"`
	Priority       int               `json:"priority,omitempty"`
	ForeignID      string            `json:"foreign_id,omitempty"`
	Timeout        string            `json:"timeout_override,omitempty"`
	Webhook        string            `json:"webhook,omitempty"`
	Version        string            `json:"version,omitempty"`
	Delay          string            `json:"delay,omitempty"`
	traceparent    string
}

// WithIdempotencyKey makes a start happen once, however often it is sent.
func WithIdempotencyKey(key string) StartOption { return func(s *start) { s.IdempotencyKey = key } }

// WithMetadata adds what the workflow reads as $.metadata.
func WithMetadata(metadata map[string]string) StartOption {
	return func(s *start) { s.Metadata = metadata }
}

// WithPriority serves runs with a higher number first.
func WithPriority(priority int) StartOption { return func(s *start) { s.Priority = priority } }

// WithForeignID is the caller's own id of what the run is about.
func WithForeignID(id string) StartOption { return func(s *start) { s.ForeignID = id } }

// WithRunTimeout replaces the workflow's timeout.
func WithRunTimeout(timeout time.Duration) StartOption {
	return func(s *start) { s.Timeout = milliseconds(timeout) }
}

// WithWebhook is called when the run ends.
func WithWebhook(url string) StartOption { return func(s *start) { s.Webhook = url } }

// WithVersion starts a version of the workflow, or of a range; the newest by default.
func WithVersion(version string) StartOption { return func(s *start) { s.Version = version } }

// WithDelay starts the run later.
func WithDelay(delay time.Duration) StartOption {
	return func(s *start) { s.Delay = milliseconds(delay) }
}

// WithTraceparent is the W3C trace context that the run belongs to; without it that of
// the context is sent.
func WithTraceparent(parent string) StartOption { return func(s *start) { s.traceparent = parent } }

// ListOption narrows a list of runs.
type ListOption func(map[string]string)

// OfWorkflow lists runs of a workflow.
func OfWorkflow(name string) ListOption { return func(q map[string]string) { q["workflow"] = name } }

// InState lists runs in one of some states.
func InState(states ...Status) ListOption {
	return func(q map[string]string) {
		texts := make([]string, len(states))
		for index, each := range states {
			texts[index] = string(each)
		}
		q["status"] = strings.Join(texts, ",")
	}
}

// OfForeignID lists runs with the caller's own id.
func OfForeignID(id string) ListOption { return func(q map[string]string) { q["foreign_id"] = id } }

// CreatedBetween lists runs by the time of their start; a zero time is open.
func CreatedBetween(from, to time.Time) ListOption {
	return func(q map[string]string) {
		if !from.IsZero() {
			q["created_from"] = from.Format(time.RFC3339Nano)
		}
		if !to.IsZero() {
			q["created_to"] = to.Format(time.RFC3339Nano)
		}
	}
}
