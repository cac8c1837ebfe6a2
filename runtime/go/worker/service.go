// Package worker runs the functions of workflows: it leases tasks from a server over
// HTTP, calls handlers, and reports what they came to.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
)

// Start works until SIGTERM or SIGINT, which let running tasks finish; a second one
// ends at once. The configuration is the environment's. The error, which is logged too,
// says what is wrong with the functions, with the configuration, or that the server
// refused.
func (e *Executor) Start() error {
	config, err := DefaultConfig().FromEnvironment()
	if err == nil {
		err = Start(config, e)
	}
	if err != nil {
		slog.Error("the executor ended", "error", err.Error())
	}
	return err
}

// Start is like Executor.Start, for several workflows and a configuration.
func Start(config Config, executors ...*Executor) error {
	logger, err := observe.NewLogger(os.Stderr, config.LogLevel, config.LogFormat)
	if err != nil {
		return err
	}
	slog.SetDefault(logger)
	if config.file != nil {
		config.file.TellUnused(logger)
	}
	service, err := NewService(config, executors...)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // from now on a second signal ends the program
	}()
	return service.Run(ctx)
}

// Service is a process that runs executors: one poller for each.
type Service struct {
	config    Config
	workflows map[string]*Executor
	names     []string
	pollers   []*poller
	watch     *watch
	ready     chan struct{}
	health    *health
}

// NewService checks configuration and functions.
func NewService(config Config, executors ...*Executor) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	made := &Service{config: config, workflows: map[string]*Executor{}, ready: make(chan struct{})}
	for _, each := range executors {
		if err := each.Check(); err != nil {
			return nil, err
		}
		if made.workflows[each.workflow] != nil {
			return nil, fmt.Errorf("two executors run workflow %q", each.workflow)
		}
		made.workflows[each.workflow] = each
		for _, name := range each.executors() {
			if !slices.Contains(made.names, name) {
				made.names = append(made.names, name)
			}
		}
	}
	if len(made.names) == 0 {
		return nil, errors.New("there is nothing to do: no workflow calls a function of an executor")
	}
	slices.Sort(made.names)
	for _, wanted := range config.Executors {
		if !slices.Contains(made.names, wanted) {
			return nil, fmt.Errorf("there is no executor %q, there are %s", wanted, strings.Join(made.names, ", "))
		}
	}
	if len(config.Executors) > 0 {
		made.names = slices.Clone(config.Executors)
	}
	metrics := &observe.Metrics{}
	made.watch = newWatch(metrics)
	metrics.Gauge("magicflow_worker_running", "Tasks that run now.", func() float64 { return float64(made.state().running) })
	metrics.Gauge("magicflow_worker_capacity", "Tasks that may run at once.", func() float64 { return float64(made.state().capacity) })
	wire := made.transport()
	for _, name := range made.names {
		found := registry{made.workflows}
		made.pollers = append(made.pollers, newPoller(name, &made.config, found, wire, made.watch))
	}
	return made, nil
}

func (s *Service) transport() *transport {
	client := s.config.HTTPClient
	if client == nil {
		connections := http.DefaultTransport.(*http.Transport).Clone()
		connections.MaxIdleConnsPerHost = 2 * len(s.names)
		connections.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext
		client = &http.Client{Transport: connections}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &transport{
		url: strings.TrimRight(s.config.URL, "/"), token: s.config.Token,
		worker: fmt.Sprintf("%s-%d", host, os.Getpid()), client: client,
	}
}

// Run works until the context ends; then running tasks may finish. It returns early
// when the server refuses an executor.
func (s *Service) Run(ctx context.Context) error {
	for _, each := range s.workflows {
		if missing := each.Missing(); len(missing) > 0 {
			slog.Warn("steps without a function fail as UNAVAILABLE", "workflow", each.workflow, "steps", missing)
		}
	}
	if s.config.HealthPort >= 0 {
		opened, err := openHealth(s, s.config.HealthHost, s.config.HealthPort)
		if err != nil {
			return fmt.Errorf("the health endpoint: %w", err)
		}
		s.health = opened
		slog.Info("health", "address", opened.address.String())
		defer opened.close()
	}
	slog.Info("polling", "url", s.config.URL, "executors", s.names)
	close(s.ready)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failures := make([]error, len(s.pollers))
	var works sync.WaitGroup
	for index, each := range s.pollers {
		works.Add(1)
		go func() {
			defer works.Done()
			if failures[index] = each.run(ctx); failures[index] != nil {
				stop()
			}
		}()
	}
	works.Wait()
	return errors.Join(failures...)
}

// Ready is closed once the service polls.
func (s *Service) Ready() <-chan struct{} { return s.ready }

// HealthAddress is where /health answers, once the service is ready; nil without.
func (s *Service) HealthAddress() net.Addr {
	if s.health == nil {
		return nil
	}
	return s.health.address
}

type serviceState struct {
	executors           []string
	connected, stopping bool
	running, capacity   int
}

func (s *Service) state() serviceState {
	found := serviceState{executors: s.names, connected: true}
	for _, each := range s.pollers {
		each.mutex.Lock()
		found.connected = found.connected && each.connected
		found.stopping = found.stopping || each.stopping
		found.running += len(each.jobs)
		each.mutex.Unlock()
		found.capacity += s.config.Concurrency
	}
	return found
}
