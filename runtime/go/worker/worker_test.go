package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// broker is a server's half of the task protocol: it hands out tasks and keeps what is
// reported.
type broker struct {
	mutex    sync.Mutex
	tasks    []*Task
	results  []outcome
	beats    []token
	lease    int64
	status   int
	cancel   bool
	refused  string // a report with this text is too large
	failures int
	told     chan struct{}
}

func (b *broker) ServeHTTP(out http.ResponseWriter, request *http.Request) {
	data, _ := io.ReadAll(request.Body)
	if request.Header.Get("Authorization") != "Bearer secret" {
		http.Error(out, "no", http.StatusUnauthorized)
		return
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.failures > 0 {
		b.failures--
		out.Header().Set("Retry-After", "0")
		http.Error(out, "busy", http.StatusServiceUnavailable)
		return
	}
	var answer any
	switch request.URL.Path {
	case "/api/v2/tasks/poll":
		var asked struct {
			Max int `json:"max_tasks"`
		}
		_ = json.Unmarshal(data, &asked)
		count := min(asked.Max, len(b.tasks))
		handed := b.tasks[:count]
		b.tasks = b.tasks[count:]
		if count == 0 {
			b.mutex.Unlock()
			select {
			case <-request.Context().Done():
			case <-time.After(20 * time.Millisecond):
			}
			b.mutex.Lock()
		}
		answer = map[string]any{"tasks": handed, "lease_ms": b.lease}
	case "/api/v2/tasks/report":
		if b.refused != "" && strings.Contains(string(data), b.refused) {
			http.Error(out, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		var report struct {
			Results    []outcome
			Heartbeats []token
		}
		if err := json.Unmarshal(data, &report); err != nil {
			http.Error(out, err.Error(), http.StatusBadRequest)
			return
		}
		settled, beaten := []answered{}, []answered{}
		for _, each := range report.Results {
			b.results = append(b.results, each)
			settled = append(settled, answered{ID: each.ID, Status: b.status})
		}
		for _, each := range report.Heartbeats {
			b.beats = append(b.beats, each)
			beaten = append(beaten, answered{ID: each.ID, Status: 200, Cancel: b.cancel})
		}
		answer = map[string]any{"results": settled, "heartbeats": beaten}
		select {
		case b.told <- struct{}{}:
		default:
		}
	}
	out.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(out).Encode(answer)
}

func (b *broker) await(t *testing.T, what string, until func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		b.mutex.Lock()
		done := until()
		b.mutex.Unlock()
		if done {
			return
		}
		select {
		case <-b.told:
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%s did not happen", what)
		}
	}
}

func (b *broker) outcomes() map[string]outcome {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	found := map[string]outcome{}
	for _, each := range b.results {
		found[each.ID] = each
	}
	return found
}

func newTask(id, step, input string) *Task {
	return &Task{ID: id, RunID: "r", TaskID: id, Workflow: "flow", Step: step, Executor: "svc", Function: "f", Attempt: 1, Delivery: 1, Input: json.RawMessage(input)}
}

func number() *types.Codec[int64] { return types.Integer() }

func routes(steps ...string) []Route {
	made := make([]Route, len(steps))
	for index, step := range steps {
		made[index] = NewRoute("svc", step, "f-"+step, number(), number())
	}
	return made
}

// start runs a service against a broker until the test ends or stop is called.
func start(t *testing.T, serving *broker, executor *Executor, change func(*Config)) (service *Service, stop func() error) {
	t.Helper()
	serving.told = make(chan struct{}, 1)
	if serving.lease == 0 {
		serving.lease = 30_000
	}
	if serving.status == 0 {
		serving.status = 200
	}
	server := httptest.NewServer(serving)
	t.Cleanup(server.Close)
	config := DefaultConfig()
	config.URL, config.Token, config.HealthPort, config.Drain = server.URL, "secret", 0, 2*time.Second
	if change != nil {
		change(&config)
	}
	service, err := NewService(config, executor)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	<-service.Ready()
	var once sync.Once
	var result error
	stop = func() error {
		once.Do(func() {
			cancel()
			select {
			case result = <-ended:
			case <-time.After(15 * time.Second):
				result = errors.New("the worker does not end")
			}
		})
		return result
	}
	t.Cleanup(func() { _ = stop() })
	return service, stop
}

type declined struct{}

func (declined) Error() string { return "declined" }

func (declined) WorkflowFailure() Failure {
	retryable := false
	return Failure{Code: "DECLINED", Retryable: &retryable, Details: json.RawMessage(`{"a":1}`), RetryAfter: 1500 * time.Millisecond}
}

func TestOutcomes(t *testing.T) {
	executor := NewExecutor("flow", routes("add", "declines", "breaks", "panics", "nothing")...)
	executor.RegisterFunction("add", func(_ context.Context, input *int64) (*int64, error) {
		return types.Ptr(*input + 1), nil
	})
	executor.RegisterFunction("declines", func(context.Context, int64) (int64, error) {
		return 0, fmt.Errorf("wrapped: %w", declined{})
	})
	executor.RegisterFunction("breaks", func(context.Context, *int64) (int64, error) { return 0, errors.New("broken") })
	executor.RegisterFunction("panics", func(context.Context, int64) (*int64, error) { panic("boom") })
	executor.RegisterFunction("nothing", func(context.Context, int64) (*int64, error) { return nil, nil })
	serving := &broker{failures: 2, tasks: []*Task{
		newTask("1", "add", "1"), newTask("2", "declines", "1"), newTask("3", "breaks", "1"), newTask("4", "panics", "1"),
		newTask("5", "nothing", "1"), newTask("6", "add", `"x"`), newTask("7", "missing", "1"), newTask("8", "add", "9007199254740991"),
	}}
	service, stop := start(t, serving, executor, nil)
	serving.await(t, "eight results", func() bool { return len(serving.results) == 8 })
	found := serving.outcomes()
	if one := found["1"]; !one.Success || string(one.Result) != "2" || one.Step != "add" || one.Workflow != "flow" {
		t.Errorf("%+v", one)
	}
	two := found["2"].Error
	if two == nil || two.Code != "DECLINED" || *two.Retryable || string(two.Details) != `{"a":1}` || two.RetryAfter != 1500 || two.Message != "DECLINED" {
		t.Errorf("%+v", two)
	}
	for id, words := range map[string]string{
		"3": "broken", "4": "panic: boom", "5": "nil", "6": "the input does not fit", "8": "the result does not fit",
	} {
		if wire := found[id].Error; wire == nil || wire.Code != "INTERNAL" || !strings.Contains(wire.Message, words) {
			if id != "8" || wire == nil || !strings.Contains(wire.Message, "does not fit") {
				t.Errorf("%s: %+v", id, wire)
			}
		}
	}
	if wire := found["7"].Error; wire == nil || wire.Code != "UNAVAILABLE" {
		t.Errorf("%+v", wire)
	}
	page := get(t, "http://"+service.HealthAddress().String()+"/health")
	if !strings.Contains(page, `"status":"ok"`) || !strings.Contains(page, `"capacity":10`) {
		t.Error(page)
	}
	if page := get(t, "http://"+service.HealthAddress().String()+"/health/workflow"); !strings.Contains(page, `"completed":1`) {
		t.Error(page)
	}
	metrics := get(t, "http://"+service.HealthAddress().String()+"/metrics")
	for _, line := range []string{
		`magicflow_worker_tasks_total{step="add",outcome="completed"} 1`, `magicflow_worker_task_seconds_count{step="add"} 3`,
		"magicflow_worker_capacity 10", "# TYPE magicflow_worker_task_seconds histogram",
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("%s is not in\n%s", line, metrics)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRunningStepsFinishWhenTheWorkerStops(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	executor := NewExecutor("flow", routes("slow")...)
	executor.RegisterFunction("slow", func(_ context.Context, input int64) (int64, error) {
		close(begun)
		<-release
		return input, nil
	})
	serving := &broker{tasks: []*Task{newTask("1", "slow", "1")}}
	_, stop := start(t, serving, executor, nil)
	<-begun
	go func() {
		time.Sleep(100 * time.Millisecond)
		close(release)
	}()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if one := serving.outcomes()["1"]; !one.Success {
		t.Errorf("%+v", one)
	}
}

func TestStepsThatTakeTooLongAreLeftToOthers(t *testing.T) {
	begun := make(chan struct{})
	executor := NewExecutor("flow", routes("endless")...)
	executor.RegisterFunction("endless", func(ctx context.Context, _ int64) (int64, error) {
		close(begun)
		<-ctx.Done()
		return 0, ctx.Err()
	})
	serving := &broker{tasks: []*Task{newTask("1", "endless", "1")}}
	_, stop := start(t, serving, executor, func(config *Config) { config.Drain = 50 * time.Millisecond })
	<-begun
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if found := serving.outcomes(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

func TestAHandlerThatEndsWithTheStepsTimeoutSaysWhatTheServerSays(t *testing.T) {
	executor := NewExecutor("flow", routes("endless", "own")...)
	executor.RegisterFunction("endless", func(ctx context.Context, _ int64) (int64, error) {
		<-ctx.Done()
		return 0, fmt.Errorf("asking the bank: %w", ctx.Err())
	})
	executor.RegisterFunction("own", func(ctx context.Context, _ int64) (int64, error) {
		<-ctx.Done()
		return 0, Fail("BANK_CLOSED", "try tomorrow")
	})
	endless, own := newTask("1", "endless", "1"), newTask("2", "own", "1")
	endless.Timeout, own.Timeout = 30, 30
	serving := &broker{tasks: []*Task{endless, own}}
	start(t, serving, executor, nil)
	serving.await(t, "the end of both", func() bool { return len(serving.results) == 2 })
	wire := serving.outcomes()["1"].Error
	want := wireError{Code: "TIMEOUT", Message: "the task was not finished within 30 ms of its lease", Details: json.RawMessage(`{"kind":"lease"}`)}
	if wire == nil || wire.Code != want.Code || wire.Message != want.Message || string(wire.Details) != string(want.Details) {
		t.Errorf("%+v", wire)
	}
	if wire := serving.outcomes()["2"].Error; wire == nil || wire.Code != "BANK_CLOSED" {
		t.Errorf("%+v", wire)
	}
}

func TestHeartbeatsAndCancel(t *testing.T) {
	executor := NewExecutor("flow", routes("endless")...)
	executor.RegisterFunction("endless", func(ctx context.Context, _ int64) (int64, error) {
		Heartbeat(ctx)
		<-ctx.Done()
		return 0, ctx.Err()
	})
	serving := &broker{lease: 60, tasks: []*Task{newTask("1", "endless", "1")}}
	start(t, serving, executor, nil)
	serving.await(t, "a third heartbeat", func() bool { return len(serving.beats) >= 3 })
	serving.mutex.Lock()
	serving.cancel = true
	serving.mutex.Unlock()
	serving.await(t, "the end", func() bool { return len(serving.results) == 1 })
	if wire := serving.outcomes()["1"].Error; wire == nil || wire.Code != "CANCELLED" {
		t.Errorf("%+v", wire)
	}
}

func TestLateResultsAreCounted(t *testing.T) {
	executor := NewExecutor("flow", routes("add")...)
	executor.RegisterFunction("add", func(_ context.Context, input int64) (int64, error) { return input, nil })
	serving := &broker{status: 409, tasks: []*Task{newTask("1", "add", "1")}}
	service, _ := start(t, serving, executor, nil)
	serving.await(t, "a result", func() bool { return len(serving.results) == 1 })
	serving.await(t, "its count", func() bool {
		return service.watch.metrics.Value("magicflow_worker_tasks_total", "add", "stale") == 1
	})
}

func TestAResultThatIsTooLargeHoldsUpNoOther(t *testing.T) {
	var together sync.WaitGroup
	together.Add(6)
	executor := NewExecutor("flow", routes("add")...)
	executor.RegisterFunction("add", func(_ context.Context, input int64) (int64, error) {
		together.Done()
		together.Wait()
		return input, nil
	})
	serving := &broker{refused: `"result":777`}
	for id := range 6 {
		serving.tasks = append(serving.tasks, newTask(fmt.Sprint(id), "add", []string{"1", "777"}[id/5]))
	}
	start(t, serving, executor, nil)
	serving.await(t, "six results", func() bool { return len(serving.results) == 6 })
	for id, found := range serving.outcomes() {
		if found.Success != (id != "5") {
			t.Errorf("%s: %+v", id, found)
		}
	}
	if found := serving.outcomes()["5"].Error; found == nil || found.Code != "LIMIT" || *found.Retryable {
		t.Errorf("%+v", found)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	var mutex sync.Mutex
	now, most := 0, 0
	executor := NewExecutor("flow", routes("add")...)
	executor.RegisterFunction("add", func(_ context.Context, input int64) (int64, error) {
		mutex.Lock()
		now++
		most = max(most, now)
		mutex.Unlock()
		time.Sleep(5 * time.Millisecond)
		mutex.Lock()
		now--
		mutex.Unlock()
		return input, nil
	})
	serving := &broker{}
	for id := range 40 {
		serving.tasks = append(serving.tasks, newTask(fmt.Sprint(id), "add", "1"))
	}
	start(t, serving, executor, func(config *Config) { config.Concurrency = 3 })
	serving.await(t, "forty results", func() bool { return len(serving.results) == 40 })
	if most > 3 {
		t.Errorf("%d ran at once", most)
	}
}

func TestARefusalEndsTheWorker(t *testing.T) {
	executor := NewExecutor("flow", routes("add")...)
	executor.RegisterFunction("add", func(_ context.Context, input int64) (int64, error) { return input, nil })
	server := httptest.NewServer(&broker{})
	defer server.Close()
	config := DefaultConfig()
	config.URL, config.Token = server.URL, "wrong"
	service, err := NewService(config, executor)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Error(err)
	}
}

type stepFunction func(context.Context, *int64) (*int64, error)

func TestRegistration(t *testing.T) {
	fine := func(_ context.Context, input *int64) (*int64, error) { return input, nil }
	for name, register := range map[string]func(*Executor){
		`calls no function in a step "Add_One"; did you mean "add-one"?`: func(e *Executor) { e.RegisterFunction("Add_One", fine) },
		`already has a function`: func(e *Executor) {
			e.RegisterFunction("add-one", fine)
			e.RegisterFunction("add-one", fine)
		},
		`wants a func(context.Context, *int64) (*int64, error): got a func(string) error`: func(e *Executor) {
			e.RegisterFunction("add-one", func(string) error { return nil })
		},
		`got nil`:                   func(e *Executor) { e.RegisterFunction("add-one", nil) },
		`got a nil function`:        func(e *Executor) { e.RegisterFunction("add-one", stepFunction(nil)) },
		`no function is registered`: func(*Executor) {},
	} {
		executor := NewExecutor("flow", routes("add-one", "other")...)
		register(executor)
		if err := executor.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, and not %s", err, name)
		}
		if _, err := NewService(DefaultConfig(), executor); err == nil {
			t.Error("it starts")
		}
	}
	executor := NewExecutor("flow", routes("add-one", "other")...)
	executor.RegisterFunction("add-one", stepFunction(fine))
	if err := executor.Check(); err != nil {
		t.Error(err)
	}
	if missing := executor.Missing(); len(missing) != 1 || missing[0] != "other" {
		t.Error(missing)
	}
	if output, err := executor.Call(context.Background(), "add-one", []byte("1.0")); err != nil || string(output) != "1" {
		t.Error(string(output), err)
	}
}

func TestConfiguration(t *testing.T) {
	for name, value := range map[string]string{
		"MAGICFLOW_URL": "https://server", "MAGICFLOW_CONCURRENCY": "3", "MAGICFLOW_EXECUTORS": "a, b", "MAGICFLOW_DRAIN": "5",
		"MAGICFLOW_HEALTH_PORT": "0",
	} {
		t.Setenv(name, value)
	}
	config, err := DefaultConfig().FromEnvironment()
	if err != nil || config.URL != "https://server" || config.Concurrency != 3 || len(config.Executors) != 2 || config.Drain != 5*time.Second {
		t.Errorf("%+v, %v", config, err)
	}
	for name, value := range map[string]string{
		"MAGICFLOW_URL": "server", "MAGICFLOW_CONCURRENCY": "0", "MAGICFLOW_HEALTH_PORT": "x", "MAGICFLOW_TOKEN_FILE": "/no/such/file",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := DefaultConfig().FromEnvironment(); err == nil {
				t.Error("no error")
			}
		})
	}
	if _, err := NewService(Config{URL: "http://x", Concurrency: 1, Executors: []string{"nobody"}}); err == nil {
		t.Error("an executor that is not there is served")
	}
}

// A function that only compensations call is registered by its name; a task finds it by
// that, whatever the step.
func TestAFunctionWithoutAStep(t *testing.T) {
	text := types.String()
	undo := func(_ context.Context, input string) (string, error) { return "undone " + input, nil }
	made := NewExecutor("w", NewRoute("svc", "book", "book", text, text), NewRoute("svc", "svc/undo", "undo", text, text))
	made.RegisterFunction("book", undo)
	made.RegisterFunction("undo", undo)
	if err := made.Check(); err != nil || len(made.Missing()) > 0 {
		t.Fatal(err, made.Missing())
	}
	task := &Task{Workflow: "w", Step: "book/compensate", Executor: "svc", Function: "undo"}
	found, ok := registry{map[string]*Executor{"w": made}}.find(task)
	if !ok {
		t.Fatal("the task finds no function")
	}
	if result, err := found(context.Background(), []byte(`"x"`)); err != nil || string(result) != `"undone x"` {
		t.Error(string(result), err)
	}
	twice := NewExecutor("w", NewRoute("a", "a/undo", "undo", text, text), NewRoute("b", "b/undo", "undo", text, text))
	twice.RegisterFunction("undo", undo)
	if twice.Check() == nil {
		t.Error("a name of two functions was taken")
	}
	if routes := twice.Routes(); len(routes) != 2 || routes[1].Executor != "b" || twice.Workflow() != "w" {
		t.Error(routes)
	}
}
