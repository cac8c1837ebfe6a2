package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return New(server.URL+"/", WithToken("secret"), WithTimeout(5*time.Second), WithRetries(3, time.Millisecond))
}

func reply(out http.ResponseWriter, status int, body string) {
	out.WriteHeader(status)
	_, _ = io.WriteString(out, body)
}

func TestExecuteWaitsForTheEnd(t *testing.T) {
	var asked []string
	of := serve(t, func(out http.ResponseWriter, request *http.Request) {
		asked = append(asked, request.Method+" "+request.URL.Path)
		if request.Header.Get("Authorization") != "Bearer secret" || request.URL.Query().Get("wait") == "" {
			t.Error(request.Header, request.URL)
		}
		if request.Method == http.MethodPost {
			var body start
			data, _ := io.ReadAll(request.Body)
			if err := json.Unmarshal(data, &body); err != nil || body.IdempotencyKey == "" || string(body.Input) != `{"a":1}` ||
				body.Priority != 3 || body.ForeignID != "f" || body.Metadata["k"] != "v" || body.Timeout != "1500ms" {
				t.Error(string(data), err)
			}
			if request.Header.Get("Traceparent") == "" {
				t.Error("the trace is lost")
			}
			reply(out, 202, `{"execution_id":"r/1","status":"running"}`)
			return
		}
		reply(out, 200, `{"execution_id":"r/1","status":"completed","output":[1]}`)
	})
	ctx := observe.WithTraceparent(context.Background(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	output, err := of.Execute(ctx, "a b", json.RawMessage(`{"a":1}`), WithPriority(3), WithForeignID("f"),
		WithMetadata(map[string]string{"k": "v"}), WithRunTimeout(1500*time.Millisecond))
	if err != nil || string(output) != "[1]" {
		t.Fatal(string(output), err)
	}
	if len(asked) != 2 || asked[0] != "POST /api/v2/workflows/a b/execute" || asked[1] != "GET /api/v2/executions/r/1" {
		t.Error(asked)
	}
}

type declined struct{ Why string }

func (d *declined) Error() string { return d.Why }

func TestTypedErrors(t *testing.T) {
	of := serve(t, func(out http.ResponseWriter, _ *http.Request) {
		reply(out, 200, `{"execution_id":"r1","status":"failed","error":{"code":"DECLINED","message":"no","step":"pay","details":{"a":1}}}`)
	})
	known := map[ErrorKey]TypedError{{"pay", "DECLINED"}: func(failed *RunFailed) error { return &declined{failed.Message} }}
	flow := NewWorkflow(of, "flow", types.Integer(), types.String(), known)
	_, err := flow.Execute(context.Background(), types.Ptr(int64(1)))
	var failed *RunFailed
	var typed *declined
	if !errors.As(err, &failed) || failed.Status != Failed || failed.Code != "DECLINED" || string(failed.Details) != `{"a":1}` {
		t.Error(err)
	}
	if !errors.As(err, &typed) || typed.Why != "no" {
		t.Error(err)
	}
	if _, err := flow.Execute(context.Background(), types.Ptr(int64(1)<<60)); !errors.Is(err, ErrInvalidInput) {
		t.Error(err)
	}
	if _, err := flow.Start(context.Background(), nil); !errors.Is(err, ErrInvalidInput) {
		t.Error(err)
	}
}

func TestAnOutputThatDoesNotFit(t *testing.T) {
	of := serve(t, func(out http.ResponseWriter, _ *http.Request) {
		reply(out, 200, `{"execution_id":"r1","status":"completed","output":5}`)
	})
	flow := NewWorkflow(of, "flow", types.Integer(), types.String(), nil)
	if _, err := flow.Result(context.Background(), "r1"); len(types.Problems(err)) != 1 {
		t.Error(err)
	}
}

func TestKindsOfErrors(t *testing.T) {
	for status, kind := range map[int]error{
		401: ErrNotAuthorized, 403: ErrNotAuthorized, 404: ErrNotFound, 409: ErrConflict, 422: ErrInvalidInput, 503: ErrUnavailable,
	} {
		of := serve(t, func(out http.ResponseWriter, _ *http.Request) {
			reply(out, status, `{"code":"X","detail":"because","errors":[{"path":"/a","message":"bad"}]}`)
		})
		_, err := of.Cancel(context.Background(), "r1", "why")
		var refused *APIError
		if !errors.Is(err, kind) || !errors.As(err, &refused) || err.Error() != "X: because; /a: bad" {
			t.Errorf("%d: %v", status, err)
		}
	}
	of := serve(t, func(out http.ResponseWriter, _ *http.Request) { reply(out, 418, "<html>") })
	if _, err := of.Pause(context.Background(), "r1"); err == nil || err.Error() != "HTTP_418: the server gave no reason" {
		t.Error(err)
	}
}

func TestWhatIsRepeated(t *testing.T) {
	var calls atomic.Int32
	failing := func(status int, times int32) *Client {
		calls.Store(0)
		return serve(t, func(out http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) <= times {
				reply(out, status, "")
				return
			}
			reply(out, 200, `{"execution_id":"r1","status":"running"}`)
		})
	}
	ctx := context.Background()
	if _, err := failing(503, 2).Status(ctx, "r1"); err != nil || calls.Load() != 3 {
		t.Error(err, calls.Load())
	}
	if _, err := failing(503, 3).Status(ctx, "r1"); !errors.Is(err, ErrUnavailable) || calls.Load() != 3 {
		t.Error(err, calls.Load())
	}
	if _, err := failing(503, 1).Resume(ctx, "r1"); !errors.Is(err, ErrUnavailable) || calls.Load() != 1 {
		t.Error("what may have worked was repeated", err, calls.Load())
	}
	if _, err := failing(429, 1).Retry(ctx, "r1"); err != nil || calls.Load() != 2 {
		t.Error(err, calls.Load())
	}
	nobody := New("http://127.0.0.1:1", WithRetries(2, time.Millisecond))
	if _, err := nobody.Status(ctx, "r1"); !errors.Is(err, ErrNotReached) {
		t.Error(err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := failing(503, 1000).Wait(short, "r1"); err == nil {
		t.Error("it waits for ever")
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	of := serve(t, func(out http.ResponseWriter, request *http.Request) {
		time.Sleep(10 * time.Millisecond)
		reply(out, 200, `{"execution_id":"r1","status":"running"}`)
	})
	ctx, cancel := context.WithTimeout(context.Background(), 80*time.Millisecond)
	defer cancel()
	if _, err := of.Wait(ctx, "r1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// A stream that breaks is taken up again behind its last row.
func TestEvents(t *testing.T) {
	var streams atomic.Int32
	of := serve(t, func(out http.ResponseWriter, request *http.Request) {
		if !strings.HasSuffix(request.URL.Path, "/stream") {
			reply(out, 200, `{"execution_id":"r1","status":"completed"}`)
			return
		}
		after := request.Header.Get("Last-Event-ID")
		streams.Add(1)
		row := func(n int) string {
			return fmt.Sprintf("id: %d\nevent: x\ndata: {\"n\":%d,\ndata: \"type\":\"row\"}\n\n", n, n)
		}
		switch after {
		case "0":
			out.Header().Set("Content-Length", "1000") // and less comes: the connection breaks
			reply(out, 200, ": alive\n\n"+row(1)+row(2))
		case "2":
			reply(out, 200, row(3))
		case "3":
			reply(out, 200, "")
		default:
			t.Error(after)
		}
	})
	var seen []int
	for event, err := range of.Events(context.Background(), "r1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Type != "row" || !strings.Contains(string(event.Data), "row") {
			t.Errorf("%+v", event)
		}
		seen = append(seen, event.N)
	}
	if fmt.Sprint(seen) != "[1 2 3]" || streams.Load() != 3 {
		t.Error(seen, streams.Load())
	}
	for range of.Events(context.Background(), "r1", 0) {
		break // whoever iterates may stop
	}
}

func TestEventsTellErrors(t *testing.T) {
	of := serve(t, func(out http.ResponseWriter, _ *http.Request) { reply(out, 404, `{"code":"NOT_FOUND"}`) })
	count := 0
	for _, err := range of.Events(context.Background(), "r1", 0) {
		count++
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	if count != 1 {
		t.Error(count)
	}
}

func TestLists(t *testing.T) {
	of := serve(t, func(out http.ResponseWriter, request *http.Request) {
		query := request.URL.Query()
		if query.Get("workflow") != "flow" || query.Get("status") != "failed,timed_out" {
			t.Error(query)
		}
		if query.Get("cursor") == "" {
			reply(out, 200, `{"executions":[{"execution_id":"2","status":"failed"}],"next_cursor":"c"}`)
			return
		}
		reply(out, 200, `{"executions":[{"execution_id":"1","status":"failed"}],"next_cursor":null}`)
	})
	var ids []string
	for run, err := range of.Executions(context.Background(), OfWorkflow("flow"), InState(Failed, TimedOut)) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, run.ID)
	}
	if fmt.Sprint(ids) != "[2 1]" {
		t.Error(ids)
	}
}

func TestSignalsAndBroker(t *testing.T) {
	of := serve(t, func(out http.ResponseWriter, request *http.Request) {
		data, _ := io.ReadAll(request.Body)
		switch request.URL.Path {
		case "/api/v2/executions/r1/events":
			if !strings.Contains(string(data), `"data":7`) || !strings.Contains(string(data), `"event_id":"e1"`) {
				t.Error(string(data))
			}
			reply(out, 202, `{"event_id":"e1"}`)
		case "/api/v2/workflow-events":
			var event InitEvent
			if err := json.Unmarshal(data, &event); err != nil || event.Source != "test" || event.Timestamp.IsZero() || event.IdempotencyKey == "" {
				t.Error(string(data), err)
			}
			reply(out, 202, `{"execution_id":"r2","status":"running"}`)
		}
	})
	id, err := SendEvent(context.Background(), of, "r1", "paid", types.Integer(), 7, "e1")
	if err != nil || id != "e1" {
		t.Error(id, err)
	}
	t.Setenv("MAGICFLOW_URL", of.url)
	broker := NewMessageBroker(types.Integer())
	event := &WorkflowInitEvent[int64]{WorkflowName: "flow", InitialData: types.Ptr(int64(1)), Source: "test"}
	if err := broker.PublishWorkflowEvent(context.Background(), event); err != nil {
		t.Error(err)
	}
	if err := broker.PublishWorkflowEvent(context.Background(), nil); !errors.Is(err, ErrInvalidInput) {
		t.Error(err)
	}
}

func TestStepsKeepWhatTheServerTold(t *testing.T) {
	of := serve(t, func(out http.ResponseWriter, _ *http.Request) {
		reply(out, 200, `{"steps":[{"step":"a","status":"completed","attempts":2,"output":1,"more":true}]}`)
	})
	steps, err := of.Steps(context.Background(), "r1")
	if err != nil || len(steps) != 1 || steps[0].Attempts != 2 || !strings.Contains(string(steps[0].Raw), "more") {
		t.Error(steps, err)
	}
}
