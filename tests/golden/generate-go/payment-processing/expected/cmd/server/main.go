// Command server serves the workflows on one SQLite file until SIGTERM. Settings are
// config/server.yaml, variables of the environment, and options (--help); with
// --in-process it runs the functions of the steps, too.
package main

import (
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/server"
)

func main() {
	os.Exit(server.Main(os.Args[1:], program()))
}
