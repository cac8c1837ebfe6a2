package observe

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600}

// Metrics are counters, gauges and histograms of one program, safe for use by many
// goroutines. The zero value is ready.
type Metrics struct {
	mutex    sync.Mutex
	families []*family
	byName   map[string]*family
}

type family struct {
	name, help, kind string
	labels           []string
	series           map[string]*series
	read             func() float64
}

type series struct {
	labels []string
	value  float64
	counts []uint64
}

func (m *Metrics) family(name, help, kind string, labels []string) *family {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if found, ok := m.byName[name]; ok {
		return found
	}
	if m.byName == nil {
		m.byName = map[string]*family{}
	}
	made := &family{name: name, help: help, kind: kind, labels: labels, series: map[string]*series{}}
	m.byName[name] = made
	m.families = append(m.families, made)
	return made
}

func (f *family) of(labels []string) *series {
	key := strings.Join(labels, "\x00")
	found, ok := f.series[key]
	if !ok {
		found = &series{labels: slices.Clone(labels)}
		f.series[key] = found
	}
	return found
}

// Counter makes a counter; the function adds to it, with the labels' values.
func (m *Metrics) Counter(name, help string, labels ...string) func(amount float64, values ...string) {
	of := m.family(name, help, "counter", labels)
	return func(amount float64, values ...string) {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		of.of(values).value += amount
	}
}

// Histogram makes a histogram of durations; the function observes one.
func (m *Metrics) Histogram(name, help string, labels ...string) func(took time.Duration, values ...string) {
	of := m.family(name, help, "histogram", labels)
	return func(took time.Duration, values ...string) {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		into := of.of(values)
		if into.counts == nil {
			into.counts = make([]uint64, len(buckets)+1)
		}
		at, _ := slices.BinarySearch(buckets, took.Seconds())
		into.counts[at]++
		into.value += took.Seconds()
	}
}

// Gauge makes a gauge that is asked for when metrics are read.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.family(name, help, "gauge", nil).read = read
}

// Value is a counter's value, for tests and health pages.
func (m *Metrics) Value(name string, values ...string) float64 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	found, ok := m.byName[name]
	if !ok {
		return 0
	}
	return found.of(values).value
}

// Write writes everything in Prometheus' text format.
func (m *Metrics) Write(out io.Writer) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var text strings.Builder
	for _, each := range m.families {
		each.write(&text)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (f *family) write(text *strings.Builder) {
	fmt.Fprintf(text, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
	if f.read != nil {
		fmt.Fprintf(text, "%s %s\n", f.name, number(f.read()))
		return
	}
	keys := make([]string, 0, len(f.series))
	for key := range f.series {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		each := f.series[key]
		if f.kind != "histogram" {
			fmt.Fprintf(text, "%s%s %s\n", f.name, labelled(f.labels, each.labels), number(each.value))
			continue
		}
		var reached uint64
		for index, count := range each.counts {
			reached += count
			bound := "+Inf"
			if index < len(buckets) {
				bound = number(buckets[index])
			}
			labels := labelled(append(slices.Clone(f.labels), "le"), append(slices.Clone(each.labels), bound))
			fmt.Fprintf(text, "%s_bucket%s %d\n", f.name, labels, reached)
		}
		labels := labelled(f.labels, each.labels)
		fmt.Fprintf(text, "%s_sum%s %s\n%s_count%s %d\n", f.name, labels, number(each.value), f.name, labels, reached)
	}
}

func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func labelled(names, values []string) string {
	if len(names) == 0 {
		return ""
	}
	parts := make([]string, 0, len(names))
	for index, name := range names {
		value := ""
		if index < len(values) {
			value = values[index]
		}
		parts = append(parts, name+`="`+labelEscapes.Replace(value)+`"`)
	}
	return "{" + strings.Join(parts, ",") + "}"
}
