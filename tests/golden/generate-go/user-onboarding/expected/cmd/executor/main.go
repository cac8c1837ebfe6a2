// Command executor runs the steps of the workflows: it takes tasks from the server until
// SIGTERM, which lets running steps finish. Settings are config/executor.yaml, variables
// of the environment, and options (--help).
package main

import (
	"os"

	"workflows/executors"

	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

func main() {
	config, err := worker.ReadConfig(os.Args[1:])
	if err == nil {
		err = worker.Start(config, executors.All()...)
	}
	os.Exit(worker.ExitCode(err))
}
