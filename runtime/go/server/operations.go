package server

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

// word is `degraded` or `ok`.
func word(degraded bool) string {
	if degraded {
		return "degraded"
	}
	return "ok"
}

// showHealth is the service level: 200 as long as the process can do its work.
func showHealth(s *Server, r *request) error {
	a := newAnswer()
	a.begin()
	if !r.authorized {
		a.text("status", "ok")
		a.end()
		return r.send(200, a)
	}
	health := s.engine.Health()
	degraded := health.State != "open" || len(health.Idle) > 0
	for _, state := range health.Breakers {
		degraded = degraded || state == "open"
	}
	a.text("status", word(degraded))
	a.text("engine", health.State)
	a.integer("open_runs", health.OpenRuns)
	a.integer("tasks", health.Tasks)
	a.integer("timers", health.Timers)
	a.name("executors_without_workers")
	a.strings(health.Idle)
	a.name("circuit_breakers")
	a.begin()
	for _, name := range sortedKeys(health.Breakers) {
		a.named(name)
		a.string(health.Breakers[name])
	}
	a.end()
	a.end()
	return r.send(200, a)
}

// named begins a member of any name.
func (a *answer) named(of string) {
	a.next()
	a.string(of)
	a.out = append(a.out, ':')
}

// showWorkflowHealth is the workflow level: what became of each workflow's runs and
// steps.
func showWorkflowHealth(s *Server, r *request) error {
	health, metrics := s.engine.Health(), s.engine.Metrics()
	degraded := false
	listed := newAnswer()
	defer listed.release()
	listed.open('[')
	for _, deployed := range s.engine.Catalog().All() {
		stuck, open := troubles(deployed, &health)
		degraded = degraded || len(stuck)+len(open) > 0
		listed.next()
		listed.begin()
		appendWorkflowHealth(listed, deployed, metrics)
		listed.text("status", word(len(stuck)+len(open) > 0))
		listed.name("executors_without_workers")
		listed.strings(stuck)
		listed.name("open_circuits")
		listed.strings(open)
		listed.end()
	}
	listed.close(']')
	a := newAnswer()
	a.begin()
	a.text("status", word(degraded))
	a.raw("workflows", string(listed.out))
	a.end()
	return r.send(200, a)
}

// troubles are executors that nobody polls for, and circuits that are open.
func troubles(deployed *engine.Deployed, health *engine.Health) (stuck, open []string) {
	functions, _ := deployed.Document["functions"].(map[string]any)
	for _, name := range sortedKeys(functions) {
		members, _ := functions[name].(map[string]any)
		executor, _ := members["executor"].(string)
		if slices.Contains(health.Idle, executor) && !slices.Contains(stuck, executor) {
			stuck = append(stuck, executor)
		}
		if health.Breakers[name] == "open" {
			open = append(open, name)
		}
	}
	slices.Sort(stuck)
	return stuck, open
}

func appendWorkflowHealth(a *answer, deployed *engine.Deployed, metrics *engine.Metrics) {
	name := deployed.Plan.Name
	a.text("workflow", name)
	a.text("version", deployed.Plan.Version)
	a.number("started", startedOf(metrics, name))
	a.name("ended")
	appendEnded(a, metrics, name)
	a.name("steps")
	a.begin()
	step := ""
	for _, sample := range metrics.StepsEnded.Values() {
		if sample.Labels[0] != name {
			continue
		}
		if sample.Labels[1] != step || a.first {
			if !a.first {
				a.end()
			}
			step = sample.Labels[1]
			a.named(step)
			a.begin()
		}
		a.named(sample.Labels[2])
		a.item(sample.Value)
	}
	if !a.first {
		a.end()
	}
	a.end()
}

// startedOf is how many runs of a workflow were started.
func startedOf(metrics *engine.Metrics, workflow string) float64 {
	for _, sample := range metrics.RunsStarted.Values() {
		if sample.Labels[0] == workflow {
			return sample.Value
		}
	}
	return 0
}

// appendEnded writes how many runs of a workflow ended, by status.
func appendEnded(a *answer, metrics *engine.Metrics, workflow string) {
	a.begin()
	for _, sample := range metrics.RunsEnded.Values() {
		if sample.Labels[0] == workflow {
			a.named(sample.Labels[1])
			a.item(sample.Value)
		}
	}
	a.end()
}

// showReady is 200 when the server takes work: open, not draining, the store answers.
func showReady(s *Server, r *request) error {
	fine := s.draining.Err() == nil && s.engine.State() == "open"
	if fine {
		_, _, err := s.engine.Store().Setting("probe")
		fine = err == nil
	}
	a := newAnswer()
	a.begin()
	a.bool("ready", fine)
	a.end()
	if fine {
		return r.send(200, a)
	}
	return r.send(503, a)
}

func showMetrics(s *Server, r *request) error {
	var text bytes.Buffer
	if err := s.engine.Metrics().Expose(&text); err != nil {
		return err
	}
	if err := s.exposeGauges(&text); err != nil {
		return err
	}
	header := r.out.Header()
	header["Content-Type"] = []string{"text/plain; version=0.0.4; charset=utf-8"}
	header["Content-Length"] = []string{strconv.Itoa(text.Len())}
	header["Date"] = nil
	_, _ = r.out.Write(text.Bytes()) // whoever asked is gone when this fails
	return nil
}

var circuitNumbers = map[string]int64{"closed": 0, "half-open": 1, "open": 2}

// exposeGauges writes what is only known when it is asked for.
func (s *Server) exposeGauges(out io.Writer) error {
	size, err := s.engine.Store().Size()
	if err != nil {
		return err
	}
	health := s.engine.Health()
	circuits := make(map[string]int64, len(health.Breakers))
	for name, state := range health.Breakers {
		circuits[name] = circuitNumbers[state]
	}
	queued := make(map[string]int64, len(health.Queued))
	for name, count := range health.Queued {
		queued[name] = int64(count)
	}
	gauge(out, "magicflow_runs_open", "Open runs", health.OpenRuns)
	gauge(out, "magicflow_runs_in_memory", "Runs in memory", health.Live)
	gauge(out, "magicflow_timers", "Timers that run", health.Timers)
	gauge(out, "magicflow_tasks_open", "Open tasks", health.Tasks)
	gauges(out, "magicflow_tasks_queued", "Tasks without a worker", "executor", queued)
	gauges(out, "magicflow_circuit_state", "0 closed, 1 half-open, 2 open", "function", circuits)
	gauge(out, "magicflow_stale_reports", "Reports with an old token", health.StaleReports)
	gauge(out, "magicflow_store_bytes", "Size of the store", size)
	return nil
}

func gauge(out io.Writer, name, help string, value int64) {
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %d\n", name, help, name, name, value)
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func gauges(out io.Writer, name, help, label string, values map[string]int64) {
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
	for _, of := range sortedKeys(values) {
		fmt.Fprintf(out, "%s{%s=\"%s\"} %d\n", name, label, labelEscapes.Replace(of), values[of])
	}
}

func showOpenAPI(s *Server, r *request) error {
	if s.openapi == nil {
		return notFound("this server was started without its description")
	}
	a := newAnswer()
	a.out = append(a.out, s.openapi...)
	return r.send(200, a)
}
