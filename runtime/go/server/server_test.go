package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// The tests of the Python server hold for this one too (tests/runtime/server); here is
// what needs Go: functions of the same process, and what a program does.

func program(t *testing.T, names ...string) Program {
	t.Helper()
	var made Program
	for _, name := range names {
		plan, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		made.Plans = append(made.Plans, plan)
	}
	made.Executors = func() []*worker.Executor { return []*worker.Executor{adding()} }
	return made
}

type number struct{ N int64 }

var numbers = types.Object(types.Forbid[number](), types.Required("n", func(of *number) *int64 { return &of.N }, types.Integer()))

// adding has the functions of the workflow three.
func adding() *worker.Executor {
	var routes []worker.Route
	for _, step := range []string{"a", "b", "c"} {
		routes = append(routes, worker.NewRoute("svc", step, "add", numbers, numbers))
	}
	made := worker.NewExecutor("three", routes...)
	add := func(ctx context.Context, input *number) (*number, error) {
		worker.Heartbeat(ctx)
		if input.N == 13 {
			return nil, worker.Fail("UNLUCKY", "not this one")
		}
		return &number{input.N + 1}, nil
	}
	for _, step := range []string{"a", "b", "c"} {
		made.RegisterFunction(step, add)
	}
	return made
}

func open(t *testing.T, change func(*Config), names ...string) *Running {
	t.Helper()
	config := DefaultConfig()
	config.Port, config.Database, config.Auth, config.Drain = 0, "", false, 100*time.Millisecond
	if change != nil {
		change(&config)
	}
	running, err := Open(config, program(t, names...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running.Close)
	return running
}

// ask sends a request and gives status and body.
func ask(t *testing.T, of *Running, method, path, body string, headers ...string) (int, map[string]any, http.Header) {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+of.Address().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for index := 0; index+1 < len(headers); index += 2 {
		request.Header.Set(headers[index], headers[index+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]any
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &found); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	} else {
		found = map[string]any{"text": string(text)}
	}
	return response.StatusCode, found, response.Header
}

func TestFunctionsOfTheProcess(t *testing.T) {
	running := open(t, nil, "three")
	status, body, header := ask(t, running, "POST", "/api/v2/workflows/three/execute?wait=10s", `{"input":{"n":1}}`)
	if status != 200 || body["status"] != "completed" || fmt.Sprint(body["output"]) != "map[n:4]" {
		t.Fatal(status, body)
	}
	if header.Get("Location") != "/api/v2/executions/"+body["execution_id"].(string) {
		t.Error(header)
	}
	_, body, _ = ask(t, running, "POST", "/api/v2/workflows/three/execute?wait=10s", `{"input":{"n":12}}`)
	failed, _ := body["error"].(map[string]any)
	if body["status"] != "failed" || failed["code"] != "UNLUCKY" || failed["step"] != "b" {
		t.Error(body)
	}
	if _, health, _ := ask(t, running, "GET", "/health/workflow", ""); !strings.Contains(fmt.Sprint(health), "a:map[completed:2]") {
		t.Error(health)
	}
	if _, metrics, _ := ask(t, running, "GET", "/metrics", ""); !strings.Contains(metrics["text"].(string), "magicflow_runs_open 0\n") {
		t.Error(metrics)
	}
	if status, problem, _ := ask(t, running, "GET", "/openapi.json", ""); status != 404 || problem["code"] != "NOT_FOUND" {
		t.Error(status, problem)
	}
}

func TestAnAnswerTakesLittleMemory(t *testing.T) {
	running := open(t, nil, "three")
	address := "http://" + running.Address().String() + "/api/v2/workflows/three/execute?wait=10s"
	one := func() {
		response, err := http.Post(address, "application/json", strings.NewReader(`{"input":{"n":1}}`))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	for range 50 {
		one()
	}
	// client, net/http, four decisions, three functions and the store together
	if found := testing.AllocsPerRun(200, one); found > 700 {
		t.Errorf("a workflow of three steps takes %.0f allocations", found)
	}
}

func TestTokens(t *testing.T) {
	running := open(t, func(config *Config) { config.Auth, config.Tokens = true, []string{"one", "two"} }, "three")
	for header, want := range map[string]int{"": 401, "Bearer three": 401, "one": 401, "Bearer one": 200, "bearer  two ": 200} {
		if status, _, _ := ask(t, running, "GET", "/api/v2/workflows", "", "Authorization", header); status != want {
			t.Errorf("%q: %d", header, status)
		}
	}
	if _, body, _ := ask(t, running, "GET", "/health", ""); len(body) != 1 || body["status"] != "ok" {
		t.Error(body)
	}
	_, body, _ := ask(t, running, "GET", "/health", "", "Authorization", "Bearer one")
	if body["engine"] != "open" || body["circuit_breakers"] == nil {
		t.Error(body)
	}
}

func TestPollingAndReporting(t *testing.T) {
	running := open(t, nil, "polled")
	for _, each := range []struct{ how, status string }{{"complete", "completed"}, {"fail", "failed"}, {"report", "completed"}} {
		_, started, _ := ask(t, running, "POST", "/api/v2/workflows/polled/execute", `{"input":1}`)
		_, polled, _ := ask(t, running, "POST", "/api/v2/tasks/poll", `{"executors":["far"],"wait_ms":2000}`)
		tasks, _ := polled["tasks"].([]any)
		if len(tasks) != 1 {
			t.Fatal(polled)
		}
		id, _ := tasks[0].(map[string]any)["id"].(string)
		fence := `"attempt":1,"delivery":1`
		switch each.how {
		case "report":
			text := fmt.Sprintf(`{"results":[{"id":%q,%s,"result":7},5],"heartbeats":[{"id":%q,%s}]}`, id, fence, id, fence)
			_, told, _ := ask(t, running, "POST", "/api/v2/tasks/report", text)
			if want := "heartbeats:[map[code:STALE"; !strings.Contains(fmt.Sprint(told), want) || !strings.Contains(fmt.Sprint(told), "code:BAD_REQUEST") {
				t.Error(told)
			}
		case "fail":
			ask(t, running, "POST", "/api/v2/tasks/"+id+"/fail", `{`+fence+`,"error":{"code":"NO","retryable":false}}`)
		default:
			if status, beat, _ := ask(t, running, "POST", "/api/v2/tasks/"+id+"/heartbeat", `{`+fence+`}`); status != 200 || beat["cancel"] != false {
				t.Error(beat)
			}
			ask(t, running, "POST", "/api/v2/tasks/"+id+"/complete", `{`+fence+`,"output":7}`)
		}
		_, ended, _ := ask(t, running, "GET", "/api/v2/executions/"+started["execution_id"].(string)+"?wait=5s", "")
		if ended["status"] != each.status {
			t.Errorf("%s: %v", each.how, ended)
		}
	}
}

// Every address once, in an order that makes sense; `%s` is the run of the newest start.
func TestEveryAddress(t *testing.T) {
	running := open(t, nil, "three", "asks", "polled")
	id := ""
	for _, each := range []struct {
		status             int
		method, path, body string
		want               string
	}{
		{202, "POST", "/api/v2/workflow-events", `{"workflow_name":"three","initial_data":{"n":1},"source":"x","foreign_id":"f"}`, "foreign_id:f"},
		{200, "GET", "/api/v2/executions/%s?wait=5s", "", "status:completed"},
		{200, "GET", "/api/v2/executions/%s/results?wait=1s", "", "output:map[n:4]"},
		{200, "GET", "/api/v2/executions/%s/steps", "", "path:c"},
		{200, "GET", "/api/v2/executions/%s/events?limit=2", "", "run_started"},
		{200, "GET", "/api/v2/executions/%s/events?limit=2&cursor=MQAy", "", "n:3"},
		{400, "GET", "/api/v2/executions/%s/events?cursor=x", "", "cursor"},
		{200, "GET", "/api/v2/executions/%s/stream", "", "event: run_completed"},
		{200, "GET", "/api/v2/executions?foreign_id=f&status=completed,failed&workflow=three&created_from=2000-01-01T00:00:00%2B01:00", "", "next_cursor:<nil>"},
		{400, "GET", "/api/v2/executions?created_to=x", "", "created_to"},
		{200, "GET", "/api/v1/executions/%s", "", "tracking_url"},
		{200, "GET", "/api/v1/workflows/three/metrics", "", "success_rate:1"},
		{409, "POST", "/api/v2/executions/%s/retry", "", "CONFLICT"},
		{409, "POST", "/api/v2/executions/%s/pause", "", "RUN_ENDED"},
		{204, "DELETE", "/api/v2/executions/%s", "", ""},
		{404, "DELETE", "/api/v2/executions/%s", "", "NOT_FOUND"},
		{202, "POST", "/api/v1/workflows/polled/execute", `{"input":1,"priority":"high","timeout_override":"1h"}`, "workflow_id:polled"},
		{202, "POST", "/api/v2/executions/%s/pause", "", "paused"},
		{202, "POST", "/api/v2/executions/%s/resume", "", "polled"},
		{404, "POST", "/api/v2/executions/%s/events", `{"event":"paid","data":1}`, "UNKNOWN_EVENT"},
		{202, "POST", "/api/v2/executions/%s/cancel", `{"reason":"enough"}`, "polled"},
		{200, "GET", "/api/v2/executions/%s?wait=5s", "", "status:cancelled"},
		{202, "POST", "/api/v2/workflows/asks/execute", `{"idempotency_key":"k"}`, "idempotency_key:k"},
		{200, "POST", "/api/v2/human-tasks/%s:h/claim", `{"by":"ann"}`, "claimed_by:ann"},
		{409, "POST", "/api/v2/human-tasks/%s:h/claim", `{"by":"bob"}`, "CONFLICT"},
		{422, "POST", "/api/v2/human-tasks/%s:h/complete", `{"data":{"ok":1}}`, "path:/ok"},
		{202, "POST", "/api/v2/human-tasks/%s:h/complete", `{"data":{"ok":true},"by":"ann"}`, "execution_id"},
		{404, "POST", "/api/v2/human-tasks/%s:h/complete", `{}`, "NOT_FOUND"},
		{202, "POST", "/api/v2/events", `{"type":"paid","data":{}}`, "executions:[]"},
		{200, "GET", "/api/v2/workflows", "", "name:asks"},
		{200, "GET", "/api/v2/workflows/asks", "", "plan_version"},
		{404, "GET", "/api/v2/workflows/ask", "", "did you mean"},
		{400, "POST", "/api/v2/workflows/asks/execute", `{"delay":"soon"}`, "delay"},
		{405, "PUT", "/api/v2/workflows", "", "this takes GET, HEAD"},
	} {
		path := strings.ReplaceAll(each.path, "%s", id)
		status, body, _ := ask(t, running, each.method, path, each.body)
		if status != each.status || !strings.Contains(fmt.Sprint(body), each.want) {
			t.Errorf("%s %s: %d %v", each.method, path, status, body)
		}
		if started, fine := body["execution_id"].(string); fine && status == 202 {
			id = started
		}
	}
}

func TestAStreamEndsWithTheServer(t *testing.T) {
	running := open(t, nil, "asks")
	_, started, _ := ask(t, running, "POST", "/api/v2/workflows/asks/execute", `{}`)
	response, err := http.Get("http://" + running.Address().String() + "/api/v2/executions/" + started["execution_id"].(string) + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	if !lines.Scan() || lines.Text() != "id: 1" {
		t.Error(lines.Text())
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines.Scan() {
		}
	}()
	_, tasks, _ := ask(t, running, "GET", "/api/v2/human-tasks?assignee=ann", "")
	if listed, _ := tasks["tasks"].([]any); len(listed) != 1 {
		t.Error(tasks)
	}
	running.server.drain()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the stream goes on")
	}
	if status, ready, _ := ask(t, running, "GET", "/ready", ""); status != 503 || ready["ready"] != false {
		t.Error(status, ready)
	}
}

func TestWhatKeepsAServerFromStarting(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	database := filepath.Join(t.TempDir(), "deep", "a.db")
	other, err := openStore(database)
	if err != nil {
		t.Fatal(err)
	}
	for what, each := range map[string]struct {
		change func(*Config, *Program)
		want   string
	}{
		"port":     {func(c *Config, _ *Program) { c.Port = taken.Addr().(*net.TCPAddr).Port }, "cannot listen on 127.0.0.1:"},
		"database": {func(c *Config, _ *Program) { c.Database = database }, database + ": "},
		"folder":   {func(c *Config, _ *Program) { c.Database = "/dev/null/x/a.db" }, "/dev/null/x/a.db: "},
		"plan":     {func(_ *Config, p *Program) { p.Plans = [][]byte{[]byte(`{"plan_version":99}`)} }, "version 99"},
		"egress":   {func(c *Config, _ *Program) { c.EgressAllow = []string{"x"} }, "neither a network"},
		"traces":   {func(c *Config, _ *Program) { c.Traces = true }, "traces"},
		"openapi":  {func(_ *Config, p *Program) { p.OpenAPI = [][]byte{[]byte("{"), []byte("{")} }, "openapi.json"},
		"function": {func(_ *Config, p *Program) {
			wrong := adding()
			wrong.RegisterFunction("nowhere", nil)
			p.Executors = func() []*worker.Executor { return []*worker.Executor{wrong} }
		}, "nowhere"},
		"config": {func(c *Config, _ *Program) { c.Host = "0.0.0.0" }, "loopback only"},
	} {
		config, made := DefaultConfig(), program(t, "three")
		config.Port, config.Database, config.Auth = 0, "", false
		each.change(&config, &made)
		if running, err := Open(config, made); err == nil || !strings.Contains(err.Error(), each.want) {
			t.Errorf("%s: %v", what, err)
			if running != nil {
				running.Close()
			}
		}
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

func TestCommandLines(t *testing.T) {
	for _, arguments := range [][]string{{"--nothing"}, {"--no-auth", "more"}, {"--config", "/none.yaml"}, {"--port", "x"}} {
		if code := Main(arguments, Program{}); code != 2 {
			t.Errorf("%v: %d", arguments, code)
		}
	}
	for _, arguments := range [][]string{{"--no-auth"}, {"--no-auth", "/none.json"}, {"--no-auth", "--openapi", "/none", "testdata/three.json"}} {
		if code := MainOfFiles(arguments); code != 2 {
			t.Errorf("%v: %d", arguments, code)
		}
	}
	if Main([]string{"--help"}, Program{}) != 0 || MainOfFiles([]string{"-h"}) != 0 {
		t.Error("help fails")
	}
}

func TestAFailingStoreIsUnavailable(t *testing.T) {
	s := &Server{}
	for _, err := range []error{&store.Error{Message: "disk"}, fmt.Errorf("read: %w", &store.Error{Message: "disk"}), context.Canceled} {
		if problem := s.problemOf(err, "/"); problem.Status != 503 || problem.Headers[0] != "Retry-After" {
			t.Errorf("%v: %+v", err, problem)
		}
	}
	if problem := s.problemOf(fmt.Errorf("nobody expected this"), "/"); problem.Status != 500 || strings.Contains(problem.Detail, "expected") {
		t.Errorf("%+v", problem)
	}
}
