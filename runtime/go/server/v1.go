package server

import (
	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// executeFirst starts a run; the answer has the first version's shape.
func executeFirst(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	start, err := startOf(r.parameter, body, r)
	if err != nil {
		return err
	}
	run, done, err := s.engine.Begin(start)
	if err != nil {
		return err
	}
	if err := done.Wait(r.Context()); err != nil {
		return err
	}
	a := newAnswer()
	run.View(func(v engine.View) {
		a.begin()
		appendFirst(a, &v.Row)
		if timeout := v.Deployed.Plan.Timeout; timeout != nil {
			a.time("estimated_completion", v.Row.CreatedAt+timeout.After)
		}
		a.end()
	})
	return r.send(202, a)
}

func appendFirst(a *answer, row *store.RunRow) {
	a.text("execution_id", row.ID)
	a.text("workflow_id", row.Workflow)
	a.text("status", row.Status)
	a.time("created_at", row.CreatedAt)
	a.text("tracking_url", "/api/v2/executions/"+row.ID)
}

func showExecutionFirst(s *Server, r *request) error {
	run, err := s.engine.Read(r.Context(), r.parameter)
	if err != nil {
		return err
	}
	a := newAnswer()
	run.View(func(v engine.View) {
		a.begin()
		appendFirst(a, &v.Row)
		a.time("updated_at", v.Row.UpdatedAt)
		a.error("error", v.State.Run.Error)
		a.end()
	})
	return r.send(200, a)
}

func showMetricsFirst(s *Server, r *request) error {
	deployed, err := s.engine.Catalog().Current(r.parameter)
	if err != nil {
		return err
	}
	name, metrics := deployed.Plan.Name, s.engine.Metrics()
	total, completed := 0.0, 0.0
	for _, sample := range metrics.RunsEnded.Values() {
		if sample.Labels[0] == name {
			total += sample.Value
			if sample.Labels[1] == "completed" {
				completed = sample.Value
			}
		}
	}
	count, seconds := metrics.RunSeconds.Sums(name)
	a := newAnswer()
	a.begin()
	a.text("workflow_id", name)
	a.number("executions", startedOf(metrics, name))
	a.name("ended")
	appendEnded(a, metrics, name)
	a.ratio("success_rate", completed, total)
	a.ratio("average_seconds", seconds, float64(count))
	a.end()
	return r.send(200, a)
}

// ratio writes null where there is nothing to divide by.
func (a *answer) ratio(name string, part, whole float64) {
	if whole == 0 {
		a.raw(name, "null")
	} else {
		a.number(name, part/whole)
	}
}
