// Command executor runs the steps of the workflows: it takes tasks from the server at
// MAGICFLOW_URL until SIGTERM, which lets running steps finish.
package main

import (
	"fmt"
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "executor:", err)
		os.Exit(1)
	}
}

func run() error {
	config, err := worker.DefaultConfig().FromEnvironment()
	if err != nil {
		return err
	}
	return worker.Start(config, executors()...)
}
