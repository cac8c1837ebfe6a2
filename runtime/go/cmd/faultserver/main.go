// Command faultserver is the Go server as the fault harness wants one: its contract
// stands in tests/runtime/faults/processes.py.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/server"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}

func run() error {
	config := server.DefaultConfig()
	config.Auth, config.LogLevel = false, "error"
	plans := flag.String("plans", "", "JSON list of plans")
	effects := flag.String("effects", "", "where the functions write their effects")
	remote := flag.Bool("remote", false, "workers run the functions")
	lease := flag.Int("lease", 30_000, "milliseconds")
	moved := flag.String("clock", "", "file with milliseconds that are added to the clock")
	forgotten := flag.Int("unknown-commit", 0, "which commit reports a timeout")
	flag.StringVar(&config.Database, "database", "", "SQLite file")
	flag.IntVar(&config.Port, "port", 0, "where to listen")
	flag.Parse()

	var found store.Store
	found, err := store.OpenSQLite(config.Database)
	if err != nil {
		return err
	}
	if *forgotten > 0 {
		found = &forgetful{Store: found, left: *forgotten}
	}
	faults, err := engine.FaultsOfEnvironment()
	if err != nil {
		return err
	}
	settings := engine.DefaultSettings()
	settings.Lease = time.Duration(*lease) * time.Millisecond
	options := engine.Options{Settings: &settings, Faults: faults}
	if *moved != "" {
		if options.Clock, err = newMovedClock(*moved); err != nil {
			return err
		}
	}
	made := engine.New(found, options)
	if err := deploy(made, *plans); err != nil {
		return err
	}
	if !*remote {
		functions, err := newFunctions(*effects)
		if err != nil {
			return err
		}
		made.AddExecutor("svc", functions)
	}
	running, err := server.Listen(config, made, nil)
	if err != nil {
		return err
	}
	return running.UntilSignal(func(address net.Addr) { fmt.Printf("http://%s\n", address) })
}

func deploy(into *engine.Engine, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var plans []json.RawMessage
	if err := json.Unmarshal(text, &plans); err != nil {
		return err
	}
	for _, plan := range plans {
		if _, err := into.Deploy(plan); err != nil {
			return err
		}
	}
	return nil
}

// forgetful is a store of which one commit takes hold and nobody hears of it.
type forgetful struct {
	store.Store
	left int
}

func (f *forgetful) Commit(writes []store.Write) error {
	if err := f.Store.Commit(writes); err != nil {
		return err
	}
	if f.left--; f.left == 0 {
		return &store.Error{Message: "timeout"}
	}
	return nil
}
