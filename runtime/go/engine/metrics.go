package engine

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// Labels are the values of a counter's labels, by position; "" where there are less.
type Labels [3]string

// Sample is a counter's value.
type Sample struct {
	Labels []string
	Value  float64
}

// Counter counts by labels.
type Counter struct {
	name, help string
	labels     []string

	mutex  sync.Mutex
	values map[Labels]float64
}

func newCounter(name, help string, labels ...string) *Counter {
	return &Counter{name: name, help: help, labels: labels, values: map[Labels]float64{}}
}

func (c *Counter) add(amount float64, labels ...string) {
	var key Labels
	copy(key[:], labels)
	c.mutex.Lock()
	c.values[key] += amount
	c.mutex.Unlock()
}

// Values are the counter's, sorted by labels.
func (c *Counter) Values() []Sample {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	samples := make([]Sample, 0, len(c.values))
	for key, value := range c.values {
		samples = append(samples, Sample{slices.Clone(key[:len(c.labels)]), value})
	}
	slices.SortFunc(samples, func(a, b Sample) int { return slices.Compare(a.Labels, b.Labels) })
	if len(samples) == 0 && len(c.labels) == 0 {
		samples = append(samples, Sample{})
	}
	return samples
}

func (c *Counter) expose(out io.Writer) error {
	if _, err := fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s counter\n", c.name, c.help, c.name); err != nil {
		return err
	}
	for _, each := range c.Values() {
		if _, err := fmt.Fprintf(out, "%s%s %s\n", c.name, labelText(c.labels, each.Labels), decimal(each.Value)); err != nil {
			return err
		}
	}
	return nil
}

// buckets are upper bounds in seconds.
var buckets = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600}

// Histogram is of durations, by one label.
type Histogram struct {
	name, help, label string

	mutex  sync.Mutex
	values map[string]*observed
}

type observed struct {
	counts  [len(buckets) + 1]int64
	seconds float64
}

func (h *Histogram) observe(label string, took time.Duration) {
	seconds := took.Seconds()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	of := h.values[label]
	if of == nil {
		of = &observed{}
		h.values[label] = of
	}
	of.counts[sort.SearchFloat64s(buckets[:], seconds)]++
	of.seconds += seconds
}

// Sums are how many there were, and how long they took together.
func (h *Histogram) Sums(label string) (count int64, seconds float64) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	of := h.values[label]
	if of == nil {
		return 0, 0
	}
	for _, each := range of.counts {
		count += each
	}
	return count, of.seconds
}

func (h *Histogram) expose(out io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s histogram\n", h.name, h.help, h.name)
	h.mutex.Lock()
	names := make([]string, 0, len(h.values))
	for name := range h.values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		of, reached := h.values[name], int64(0)
		for index, count := range of.counts {
			bound := "+Inf"
			if index < len(buckets) {
				bound = decimal(buckets[index])
			}
			reached += count
			fmt.Fprintf(&text, "%s_bucket%s %d\n", h.name, labelText([]string{h.label, "le"}, []string{name, bound}), reached)
		}
		tail := labelText([]string{h.label}, []string{name})
		fmt.Fprintf(&text, "%s_sum%s %s\n%s_count%s %d\n", h.name, tail, decimal(of.seconds), h.name, tail, reached)
	}
	h.mutex.Unlock()
	_, err := io.WriteString(out, text.String())
	return err
}

func decimal(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func labelText(names, values []string) string {
	if len(names) == 0 {
		return ""
	}
	parts := make([]string, len(names))
	for index, name := range names {
		parts[index] = name + `="` + labelEscapes.Replace(values[index]) + `"`
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Metrics are what the engine counts.
type Metrics struct {
	RunsStarted    *Counter
	RunsEnded      *Counter
	RunSeconds     *Histogram
	StepsEnded     *Counter
	AttemptsFailed *Counter
	Retries        *Counter
	LeasesExpired  *Counter
	TimersFired    *Counter
	StoreFailures  *Counter
	Recoveries     *Counter
	Overloaded     *Counter
	Poisoned       *Counter
}

// NewMetrics are at zero.
func NewMetrics() *Metrics {
	return &Metrics{
		RunsStarted: newCounter("magicflow_runs_started_total", "Runs that were started", "workflow"),
		RunsEnded:   newCounter("magicflow_runs_ended_total", "Runs that ended", "workflow", "status"),
		RunSeconds: &Histogram{
			name: "magicflow_run_duration_seconds", help: "From start to end", label: "workflow", values: map[string]*observed{},
		},
		StepsEnded:     newCounter("magicflow_steps_ended_total", "Steps that ended", "workflow", "step", "status"),
		AttemptsFailed: newCounter("magicflow_attempts_failed_total", "Attempts that failed", "workflow", "step", "code"),
		Retries:        newCounter("magicflow_retries_total", "Retries scheduled", "workflow", "step"),
		LeasesExpired:  newCounter("magicflow_leases_expired_total", "Leases that ran out", "executor"),
		TimersFired:    newCounter("magicflow_timers_fired_total", "Timers that fired"),
		StoreFailures:  newCounter("magicflow_store_failures_total", "Writes whose outcome was unknown"),
		Recoveries:     newCounter("magicflow_recoveries_total", "Recoveries from a failed store"),
		Overloaded:     newCounter("magicflow_overloaded_total", "Starts refused because of load"),
		Poisoned:       newCounter("magicflow_events_undecided_total", "Events on which the core failed"),
	}
}

// Expose writes them in Prometheus' text format.
func (m *Metrics) Expose(out io.Writer) error {
	for _, each := range []interface{ expose(io.Writer) error }{
		m.RunsStarted, m.RunsEnded, m.RunSeconds, m.StepsEnded, m.AttemptsFailed, m.Retries, m.LeasesExpired, m.TimersFired,
		m.StoreFailures, m.Recoveries, m.Overloaded, m.Poisoned,
	} {
		if err := each.expose(out); err != nil {
			return err
		}
	}
	return nil
}

const longestCode = 64

func (m *Metrics) recordHistory(workflow string, rows []core.HistoryRow) {
	for index := range rows {
		row := &rows[index]
		switch row.Type {
		case "step_completed":
			m.StepsEnded.add(1, workflow, row.Step, "completed")
		case "step_failed":
			m.StepsEnded.add(1, workflow, row.Step, "failed")
		case "step_timed_out":
			m.StepsEnded.add(1, workflow, row.Step, "timed_out")
		case "step_skipped":
			m.StepsEnded.add(1, workflow, row.Step, "skipped")
		case "step_cancelled":
			m.StepsEnded.add(1, workflow, row.Step, "cancelled")
		case "attempt_failed":
			code, _ := row.Error["code"].(string)
			letters := []rune(code)
			m.AttemptsFailed.add(1, workflow, row.Step, string(letters[:min(len(letters), longestCode)]))
		case "retry_scheduled":
			m.Retries.add(1, workflow, row.Step)
		}
	}
}

func (m *Metrics) runEnded(row *store.RunRow) {
	m.RunsEnded.add(1, row.Workflow, row.Status)
	end := cmp.Or(row.EndedAt, row.CreatedAt)
	m.RunSeconds.observe(row.Workflow, time.Duration(end-row.CreatedAt)*time.Millisecond)
}
