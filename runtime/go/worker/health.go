package worker

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
)

// watch is what is known of the tasks that ended.
type watch struct {
	metrics *observe.Metrics
	count   func(amount float64, values ...string)
	took    func(took time.Duration, values ...string)

	mutex  sync.Mutex
	counts map[string]map[string]int
}

func newWatch(metrics *observe.Metrics) *watch {
	return &watch{
		metrics: metrics,
		count:   metrics.Counter("magicflow_worker_tasks_total", "Tasks that ended, by step and outcome.", "step", "outcome"),
		took:    metrics.Histogram("magicflow_worker_task_seconds", "How long handlers took.", "step"),
		counts:  map[string]map[string]int{},
	}
}

func (w *watch) ended(step string, failed bool, took time.Duration) {
	what := "completed"
	if failed {
		what = "failed"
	}
	w.note(step, what)
	w.took(took, step)
}

func (w *watch) stale(step string) { w.note(step, "stale") }

func (w *watch) note(step, what string) {
	w.count(1, step, what)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.counts[step] == nil {
		w.counts[step] = map[string]int{}
	}
	w.counts[step][what]++
}

// health answers /health, /health/workflow and /metrics.
type health struct {
	service *Service
	server  *http.Server
	address net.Addr
}

func openHealth(of *Service, host string, port int) (*health, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	made := &health{service: of, address: listener.Addr()}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /health", made.health)
	routes.HandleFunc("GET /health/workflow", made.workflow)
	routes.HandleFunc("GET /metrics", made.metrics)
	made.server = &http.Server{
		Handler: routes, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
	}
	go func() {
		if err := made.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			of.config.logger().Error("the health endpoint ended", "error", err.Error())
		}
	}()
	return made, nil
}

func (h *health) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := h.server.Shutdown(ctx); err != nil {
		h.server.Close()
	}
}

func (h *health) health(out http.ResponseWriter, _ *http.Request) {
	state := h.service.state()
	status, word := http.StatusOK, "ok"
	if !state.connected || state.stopping {
		status, word = http.StatusServiceUnavailable, "degraded"
	}
	answer(out, status, map[string]any{
		"status": word, "executor": strings.Join(state.executors, ", "), "connected": state.connected,
		"stopping": state.stopping, "running": state.running, "capacity": state.capacity,
	})
}

func (h *health) workflow(out http.ResponseWriter, _ *http.Request) {
	watch := h.service.watch
	watch.mutex.Lock()
	defer watch.mutex.Unlock()
	handlers, missing := []string{}, []string{}
	for _, each := range h.service.workflows {
		for step := range each.handlers {
			handlers = append(handlers, step)
		}
		missing = append(missing, each.Missing()...)
	}
	slices.Sort(handlers)
	slices.Sort(missing)
	answer(out, http.StatusOK, map[string]any{
		"status": "ok", "executor": strings.Join(h.service.names, ", "), "handlers": handlers,
		"missing": missing, "steps": watch.counts,
	})
}

func (h *health) metrics(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if err := h.service.watch.metrics.Write(out); err != nil {
		h.service.config.logger().Debug("metrics were not read to the end", "error", err.Error())
	}
}

func answer(out http.ResponseWriter, status int, body any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(status)
	// whoever asked is gone when this fails
	_ = json.NewEncoder(out).Encode(body)
}
