package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/observe"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Program is what a server serves.
type Program struct {
	// Plans are the plan.json of each workflow.
	Plans [][]byte
	// OpenAPI describes a server of each of them, as the generator writes it: one
	// description is made of all. Without any there is none.
	OpenAPI [][]byte
	// Executors have the functions that run in the server's process, if they shall; those
	// that they do not have are polled for by workers.
	Executors func() []*worker.Executor
	// Tracer makes spans of those functions, Traces of runs, steps and attempts; both may
	// be nil (module runtime/go/tracing has some).
	Tracer worker.Tracer
	Traces engine.Traces
}

// secondSignal is the exit code of a server that was told twice to end.
const secondSignal = 130

// Serve runs a server until SIGTERM or SIGINT, which drains it; a second signal ends the
// process at once. ready is told where it listens, when it answers; it may be nil.
//
// It fails before it listens for a configuration, plan or database that cannot be used.
func Serve(config Config, program Program, ready func(address net.Addr)) error {
	logger, err := newLogger(config)
	if err != nil {
		return err
	}
	slog.SetDefault(logger)
	if config.file != nil {
		config.file.TellUnused(logger)
	}
	allowGarbage()
	oneMoreProcessor()
	running, err := Open(config, program)
	if err != nil {
		return err
	}
	return running.UntilSignal(ready)
}

func newLogger(config Config) (*slog.Logger, error) {
	level := config.LogLevel
	if level == "critical" {
		level = "error"
	}
	return observe.NewLogger(os.Stderr, level, config.LogFormat)
}

// Running is a server that listens.
type Running struct {
	config   Config
	engine   *engine.Engine
	server   *Server
	http     *http.Server
	listener net.Listener
	failed   chan error
}

// Open starts a server: store, engine, HTTP. Close ends it.
func Open(config Config, program Program) (*Running, error) {
	if err := config.Check(); err != nil {
		return nil, err
	}
	if config.Traces && program.Traces == nil {
		return nil, errors.New("traces are wanted, and the program has none: see runtime/go/tracing")
	}
	if !config.Traces {
		program.Traces = nil
	}
	openapi, err := joinOpenAPI(program.OpenAPI)
	if err != nil {
		return nil, err
	}
	opened, err := openStore(config.Database)
	if err != nil {
		return nil, err
	}
	built, err := newEngine(config, program, opened)
	if err != nil {
		opened.Close()
		return nil, err
	}
	running, err := Listen(config, built, openapi)
	if err != nil {
		opened.Close()
		return nil, err
	}
	return running, nil
}

// Listen opens an engine and serves it. The caller closes the engine's store when this
// fails.
func Listen(config Config, of *engine.Engine, openapi []byte) (*Running, error) {
	made := &Running{config: config, engine: of, server: New(of, config, openapi), failed: make(chan error, 1)}
	address := net.JoinHostPort(config.Host, strconv.Itoa(config.Port))
	var err error
	if made.listener, err = net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, listenCause(err))
	}
	if err := of.Open(); err != nil {
		made.listener.Close()
		return nil, err
	}
	made.http = newHTTPServer(made.server)
	go func() {
		if err := made.http.Serve(listener{made.listener}); !errors.Is(err, http.ErrServerClosed) {
			made.failed <- err
		}
	}()
	return made, nil
}

// UntilSignal serves until SIGTERM or SIGINT, then drains; a second signal ends the
// process at once. ready is told where the server listens; it may be nil.
func (r *Running) UntilSignal(ready func(address net.Addr)) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	// who is told may end the server at once
	slog.Info("listening on http://" + r.Address().String())
	if ready != nil {
		ready(r.Address())
	}
	var err error
	select {
	case <-signals:
	case err = <-r.failed:
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-signals:
			slog.Warn("stopping at once; open tasks run again after the start")
			os.Exit(secondSignal)
		case <-ended:
		}
	}()
	r.Close()
	return err
}

func listenCause(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}

func openStore(database string) (store.Store, error) {
	if database == "" {
		return store.NewMemory(), nil
	}
	if err := os.MkdirAll(filepath.Dir(database), 0o755); err != nil {
		return nil, fmt.Errorf("%s: %w", database, cause(err))
	}
	opened, err := store.OpenSQLite(database)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", database, err)
	}
	return opened, nil
}

// newEngine makes an engine with its plans, executors and receivers.
func newEngine(config Config, program Program, on store.Store) (*engine.Engine, error) {
	settings := engine.DefaultSettings()
	settings.MaxLiveRuns = config.MaxLiveRuns
	settings.MaxWaitingWrites = config.MaxWaitingWrites
	settings.Lease = config.Lease
	faults, err := engine.FaultsOfEnvironment()
	if err != nil {
		return nil, err
	}
	made := engine.New(on, engine.Options{Settings: &settings, Faults: faults, Traces: program.Traces})
	for _, plan := range program.Plans {
		if _, err := made.Deploy(plan); err != nil {
			return nil, err
		}
	}
	policy, err := NewEgressPolicy(config.EgressAllow...)
	if err != nil {
		return nil, err
	}
	made.AddExecutor("@http", &httpExecutor{newGuardedClient(policy), config.SecretsDirectory})
	var executors []*worker.Executor
	if program.Executors != nil {
		executors = program.Executors()
	}
	for _, each := range executors {
		if err := each.Check(); err != nil {
			return nil, err
		}
	}
	functions := &localExecutor{worker.NewInProcess(config.SecretsDirectory, program.Tracer, executors...)}
	for _, name := range worker.Names(executors...) {
		made.AddExecutor(name, functions)
	}
	webhooks := NewWebhooks(policy, config.WebhookSecret)
	made.SetWebhook(webhooks.Call)
	if config.EventsURL != "" {
		made.AddSink(webhooks.Sink(config.EventsURL))
	}
	return made, nil
}

// Address is where the server listens.
func (r *Running) Address() net.Addr { return r.listener.Addr() }

// Engine is the server's own.
func (r *Running) Engine() *engine.Engine { return r.engine }

// Close drains: readiness goes first, then no new connection, then requests and
// functions that are under way.
func (r *Running) Close() {
	r.server.drain()
	r.engine.StopPolls()
	ctx, cancel := context.WithTimeout(context.Background(), max(r.config.Drain, time.Second))
	defer cancel()
	if err := r.http.Shutdown(ctx); err != nil {
		r.http.Close()
	}
	r.engine.Close(r.config.Drain)
}
