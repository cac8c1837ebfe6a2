package server

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// hostile throws requests: addresses that are there and not, bodies with the members that
// the server knows, of any type.
type hostile struct {
	dice  *rand.Rand
	runID string
	seed  uint64
}

func newHostile(runID string, seed uint64) *hostile {
	return &hostile{rand.New(rand.NewPCG(seed, 1)), runID, seed}
}

var (
	hostileWords = []string{
		"", "three", "asks", "a", "h", "add", "@http", "svc", "1h", "-1", "0", "1e999", "9007199254740993", "2026-01-01T00:00:00Z",
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "é\u2028", "\x00", "\xff\xfe", "%zz", "../..", "*", ">=1 <2", "high",
		"http://127.0.0.1:1/", "magicflow:x", "completed", "running,failed", "true", "Bearer x", strings.Repeat("x", 5_000),
	}
	hostileNames = []string{
		"input", "input_data", "metadata", "timeout_override", "idempotency_key", "foreign_id", "priority", "delay", "version",
		"webhook", "reason", "event", "event_id", "data", "by", "type", "id", "source", "specversion", "time", "executors",
		"max_tasks", "wait_ms", "worker_id", "attempt", "delivery", "output", "error", "success", "results", "heartbeats", "code",
		"message", "retryable", "retry_after", "details", "workflow_name", "initial_data", "timestamp", "n", "odd", "datacontenttype",
	}
	hostileQueries = []string{
		"wait", "limit", "cursor", "after", "workflow", "status", "foreign_id", "created_from", "created_to", "open", "assignee",
		"execution_id", "odd", "",
	}
)

func pick[T any](dice *rand.Rand, among []T) T { return among[dice.IntN(len(among))] }

func (h *hostile) value(depth int) any {
	switch h.dice.IntN(10) {
	case 0:
		return nil
	case 1:
		return h.dice.IntN(2) == 0
	case 2:
		return pick(h.dice, []float64{0, 1, -1, 1.5, 1e300, -1e300, 9007199254740992, 2e9, 1e-300})
	case 3, 4, 5:
		return pick(h.dice, append(hostileWords, h.runID, h.runID+":h"))
	case 6:
		if depth > 0 {
			made := make([]any, h.dice.IntN(4))
			for index := range made {
				made[index] = h.value(depth - 1)
			}
			return made
		}
	default:
		if depth > 0 {
			made := map[string]any{}
			for range h.dice.IntN(6) {
				made[pick(h.dice, hostileNames)] = h.value(depth - 1)
			}
			return made
		}
	}
	return 1
}

func (h *hostile) request() *http.Request {
	dice := h.dice
	route := pick(dice, routes)
	path := route.before
	if route.variable {
		path += url.PathEscape(pick(dice, append(hostileWords, h.runID, h.runID, h.runID+":h"))) + route.behind
	}
	method := route.method
	if dice.IntN(20) == 0 {
		method = pick(dice, []string{"GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "ODD"})
	}
	query := url.Values{}
	for range dice.IntN(4) {
		query.Set(pick(dice, hostileQueries), pick(dice, hostileWords))
	}
	body := ""
	switch dice.IntN(12) {
	case 0:
	case 1:
		body = pick(dice, hostileWords)
	case 2:
		body = strings.Repeat("[", 1_000)
	default:
		made := map[string]any{}
		for range dice.IntN(8) {
			made[pick(dice, hostileNames)] = h.value(3)
		}
		text, err := json.Marshal(made)
		if err != nil {
			panic(err)
		}
		if body = string(text); dice.IntN(20) == 0 {
			body = body[:dice.IntN(len(body)+1)]
		}
	}
	made := httptest.NewRequest("GET", "/", strings.NewReader(body))
	made.Method = method
	made.URL = &url.URL{Path: path, RawQuery: query.Encode()}
	if unescaped, err := url.PathUnescape(path); err == nil {
		made.URL.Path = unescaped
	}
	for _, name := range []string{"Idempotency-Key", "Last-Event-Id", "Traceparent", "Authorization"} {
		if dice.IntN(8) == 0 {
			made.Header.Set(name, pick(dice, hostileWords))
		}
	}
	return made
}

// answerTo holds that an answer is none of a defect, and of our shape.
func answerTo(t *testing.T, running *Running, request *http.Request) {
	t.Helper()
	ctx, cancel := context.WithTimeout(request.Context(), 30*time.Millisecond)
	defer cancel()
	recorded := httptest.NewRecorder()
	running.server.ServeHTTP(recorded, request.WithContext(ctx))
	said := fmt.Sprintf("%s %s?%s: %d %s", request.Method, request.URL.Path, request.URL.RawQuery, recorded.Code, recorded.Body)
	switch {
	case recorded.Code == 500:
		t.Error(said)
	case recorded.Code >= 400:
		var problem struct {
			Type, Title, Code, Detail string
			Status                    int
		}
		if err := json.Unmarshal(recorded.Body.Bytes(), &problem); err != nil || problem.Status != recorded.Code || problem.Code == "" ||
			problem.Title == "" || problem.Detail == "" {
			t.Errorf("%s: %v", said, err)
		}
	}
}

// FuzzRequests is for `go test ./server -fuzz FuzzRequests`: no request makes a handler
// panic.
func FuzzRequests(f *testing.F) {
	for index := range routes {
		path := routes[index].before
		if routes[index].variable {
			path += "x" + routes[index].behind
		}
		f.Add(routes[index].method, path, "wait=1s&limit=2", `{"input":{"n":1},"event":"paid","data":{},"attempt":1,"delivery":1}`)
	}
	config := DefaultConfig()
	config.Port, config.Database, config.Auth = 0, "", false
	running, err := Open(config, Program{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(running.Close)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		made := httptest.NewRequest("GET", "/", strings.NewReader(body))
		made.Method, made.URL = method, &url.URL{Path: path, RawQuery: query}
		answerTo(t, running, made)
	})
}
