package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// damagedStore gives what cannot be read of some runs and of their plans.
type damagedStore struct {
	*store.Memory
	runs      []string
	log, rows bool
	plan      string // hash
}

func (d *damagedStore) hit(runID string) bool { return slices.Contains(d.runs, runID) }

func (d *damagedStore) Log(runID string, after int64, limit int) ([]store.LogRow, error) {
	log, err := d.Memory.Log(runID, after, limit)
	if d.log && d.hit(runID) && len(log) > 0 {
		log[0].Changes = `{"of": "nobody"`
	}
	return log, err
}

func (d *damagedStore) damage(effects []store.Effect, err error) ([]store.Effect, error) {
	for index := range effects {
		if d.rows && d.hit(effects[index].RunID) {
			effects[index].Payload = "no JSON"
		}
	}
	return effects, err
}

func (d *damagedStore) Effects(kinds []string, runID string) ([]store.Effect, error) {
	return d.damage(d.Memory.Effects(kinds, runID))
}

func (d *damagedStore) Listeners(event string) ([]store.Effect, error) {
	return d.damage(d.Memory.Listeners(event))
}

func (d *damagedStore) Plan(hash string) (*store.PlanRow, error) {
	row, err := d.Memory.Plan(hash)
	if row != nil && hash == d.plan {
		row.Plan = `{"plan_version": 99}`
	}
	return row, err
}

// What is stored of some runs cannot be read: they stand still, everybody sees why, and
// they hold nobody up.
func TestARunThatCannotBeReadHoldsNobodyUp(t *testing.T) {
	wait := members{"kind": "wait", "duration": 20}
	plansOf := func(name string) (made [][]byte) {
		one := func(kind string, node, more members) {
			made = append(made, planOf(t, name+"-"+kind, []string{"x"}, map[string]members{"x": node}, more))
		}
		one("waits", wait, nil)
		one("listens", members{"kind": "listen", "event": "paid", "correlate": members{}, "type": anyType}, members{
			"events": members{"paid": members{"name": "paid", "type": anyType, "listens": true}},
		})
		one("works", call("work", "far", nil), nil)
		one("parent", members{"kind": "sub", "workflow": name + "-works", "version": "*"}, nil)
		one("limited", wait, members{"concurrency": members{"max_runs": 1, "key": lit(1)}})
		return made
	}
	for name, damage := range map[string]func(d *damagedStore){
		"log": func(d *damagedStore) { d.log = true }, "rows": func(d *damagedStore) { d.rows = true },
		"plan": func(*damagedStore) {},
	} {
		t.Run(name, func(t *testing.T) {
			kinds := []string{"waits", "listens", "works", "parent", "limited"}
			of := &damagedStore{Memory: store.NewMemory()}
			h := newHarness(t, append(plansOf("bad"), plansOf("good")...)...)
			h.store = of
			h.open()
			var bad []string
			var good []*Run
			for _, kind := range kinds {
				bad = append(bad, h.start(&StartRequest{Workflow: "bad-" + kind}).ID())
				good = append(good, h.start(&StartRequest{Workflow: "good-" + kind}))
			}
			h.settle()
			of.runs = bad
			damage(of)
			if name == "plan" {
				of.plan = h.row(bad[2]).PlanHash
				h.plans = plansOf("good")
			}
			h.restart()
			for range 20 {
				h.pass(10_000)
				h.publish(cloudEvent("paid", members{}, "e"))
				h.settle()
				for _, each := range h.poll(10) {
					err := h.report(each, Outcome{Output: 1.0})
					if err != nil && slices.ContainsFunc(good, func(run *Run) bool { return run.ID() == each.Task.RunID }) {
						t.Error(err)
					}
				}
			}
			for _, run := range append(good, h.start(&StartRequest{Workflow: "good-waits"})) {
				if view := h.finish(run); view.Row.Status != "completed" {
					t.Errorf("%s is %s", view.Row.Workflow, view.Row.Status)
				}
			}
			if h.engine.State() != "open" || h.engine.Metrics().Recoveries.Values()[0].Value != 0 {
				t.Errorf("%s, %v recoveries", h.engine.State(), h.engine.Metrics().Recoveries.Values())
			}
			if name == "rows" {
				return
			}
			hurt := bad
			if name == "plan" {
				hurt = bad[2:3]
			}
			for _, runID := range hurt {
				var unreadable *Unreadable
				var missing *NotFound
				_, err := h.engine.Find(runID)
				if !errors.As(err, &unreadable) || !errors.As(err, &missing) || !strings.Contains(err.Error(), "cannot be read") {
					t.Errorf("%v", err)
				}
			}
			if h.engine.Metrics().Poisoned.Values()[0].Value == 0 {
				t.Error("nobody can see it")
			}
		})
	}
}
