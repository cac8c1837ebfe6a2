package engine

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// runner is an executor of functions by name.
type runner struct {
	functions map[string]func(ctx context.Context, task *TaskMessage) Outcome
	places    int
}

func (r *runner) Concurrency() int {
	if r.places == 0 {
		return 1_000
	}
	return r.places
}

func (r *runner) Run(ctx context.Context, task *TaskMessage, _ int64, _ func()) Outcome {
	function := r.functions[task.Settings.Function]
	if function == nil {
		return failure("UNAVAILABLE", "no such function")
	}
	return function(ctx, task)
}

func (r *runner) Close() {}

func adder() *runner {
	return &runner{functions: map[string]func(context.Context, *TaskMessage) Outcome{"add": func(_ context.Context, task *TaskMessage) Outcome {
		input, _ := task.Input.(map[string]any)
		n, _ := input["n"].(float64)
		return Outcome{Output: map[string]any{"n": n + 1}}
	}}}
}

func patience(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// openEngine is an engine on a store that is closed with the test.
func openEngine(t testing.TB, of store.Store, options Options, plans ...[]byte) *Engine {
	t.Helper()
	made := New(of, options)
	for _, each := range plans {
		if _, err := made.Deploy(each); err != nil {
			t.Fatal(err)
		}
	}
	made.AddExecutor("svc", adder())
	if err := made.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Close(time.Second) })
	return made
}

func sqlite(t testing.TB) *store.SQLite {
	t.Helper()
	made, err := store.OpenSQLite(filepath.Join(t.TempDir(), "magicflow.db"))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// start begins a run and waits until its start is durable.
func start(t testing.TB, engine *Engine, request *StartRequest) *Run {
	t.Helper()
	run, done, err := engine.Begin(request)
	if err == nil {
		err = done.Wait(patience(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// end waits for a run's end.
func end(t testing.TB, engine *Engine, run *Run) View {
	t.Helper()
	run, err := engine.Wait(patience(t), run, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var found View
	run.View(func(view View) { found = view })
	if !found.Ended {
		t.Fatalf("run %s does not end: %s", run.ID(), found.Row.Status)
	}
	return found
}

// checkStored holds that the state is what the log says, by folding and by replay, and
// that nothing that the run wanted is still open.
func checkStored(t testing.TB, of store.Store, runID string) {
	t.Helper()
	row, err := of.Run(runID)
	if err != nil || row == nil {
		t.Fatal(row, err)
	}
	log, err := of.Log(runID, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := of.Plan(row.PlanHash)
	if err != nil || plan == nil {
		t.Fatal(plan, err)
	}
	loaded, err := core.LoadPlan([]byte(plan.Plan), core.LimitOverrides{})
	if err != nil {
		t.Fatal(err)
	}
	folded := core.NewState()
	var events []*core.Event
	for index, each := range log {
		if each.Version != int64(index+1) {
			t.Fatalf("version %d follows %d", each.Version, index)
		}
		delta, err := core.DecodeDelta([]byte(each.Changes))
		if err != nil {
			t.Fatal(err)
		}
		core.Apply(folded, delta)
		event, err := core.DecodeEvent([]byte(each.Event))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	replayed, err := core.Replay(loaded, events)
	if err != nil {
		t.Fatal(err)
	}
	if one, two := string(folded.AppendJSON(nil)), string(replayed.AppendJSON(nil)); one != two {
		t.Fatalf("run %s:\nfolded   %s\nreplayed %s", runID, one, two)
	}
	if row.Version != int64(len(log)) || row.Status != folded.Run.Status || row.EndedAt != folded.Run.EndedAt {
		t.Fatalf("the row %+v is not of %+v", row, folded.Run)
	}
}

func TestThreeSteps(t *testing.T) {
	for name, of := range map[string]store.Store{"memory": store.NewMemory(), "sqlite": sqlite(t)} {
		t.Run(name, func(t *testing.T) {
			engine := openEngine(t, of, Options{}, threeSteps(t))
			run := start(t, engine, &StartRequest{Workflow: "three", Input: map[string]any{"n": 1.0}})
			view := end(t, engine, run)
			if view.Row.Status != "completed" || !reflect.DeepEqual(view.State.Run.Output, map[string]any{"n": 4.0}) {
				t.Errorf("%s %v %v", view.Row.Status, view.State.Run.Output, view.State.Run.Error)
			}
			checkStored(t, of, run.ID())
			if open, err := of.Effects(effectKinds, ""); len(open) > 0 || err != nil {
				t.Error(open, err)
			}
			again, err := engine.Read(patience(t), run.ID())
			if err != nil || !again.Ended() {
				t.Error(again, err)
			}
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	of := sqlite(t)
	engine := openEngine(t, of, Options{}, threeSteps(t))
	var group sync.WaitGroup
	for range 32 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 20 {
				run, _, err := engine.Begin(&StartRequest{Workflow: "three", Input: map[string]any{"n": 1.0}})
				if err != nil {
					t.Error(err)
					return
				}
				if run, err = engine.Wait(context.Background(), run, 20*time.Second); err != nil || !run.Ended() {
					t.Error("a run does not end", err)
				}
			}
		}()
	}
	group.Wait()
	if health := engine.Health(); health.OpenRuns != 0 || health.Tasks != 0 || health.Live != 0 {
		t.Errorf("%+v", health)
	}
}

func TestRefusals(t *testing.T) {
	engine := openEngine(t, store.NewMemory(), Options{}, threeSteps(t))
	var refused *Refused
	if _, _, err := engine.Begin(&StartRequest{Workflow: "three", Input: map[string]any{"n": "x"}}); !errors.As(err, &refused) || refused.Code != "VALIDATION" || refused.Details == nil {
		t.Error(err)
	}
	var notFound *NotFound
	if _, _, err := engine.Begin(&StartRequest{Workflow: "tree"}); !errors.As(err, &notFound) || notFound.Message != "there is no workflow `tree`; did you mean `three`?" {
		t.Error(err)
	}
	if _, err := engine.Find("nobody"); !errors.As(err, &notFound) {
		t.Error(err)
	}
	if _, err := engine.Send(patience(t), "nobody", &core.Event{Type: core.PauseRequested}); !errors.As(err, &notFound) {
		t.Error(err)
	}
	run := start(t, engine, &StartRequest{Workflow: "three", Input: map[string]any{"n": 1.0}})
	end(t, engine, run)
	if _, err := engine.Send(patience(t), run.ID(), &core.Event{Type: core.CancelRequested}); !errors.As(err, &refused) || refused.Code != "RUN_ENDED" {
		t.Error(err)
	}
}
