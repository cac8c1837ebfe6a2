// Command magicflow-server serves compiled workflows:
//
//	magicflow-server [options] PLAN.json…
//
// Their functions run in executors, which poll for tasks. Settings are
// config/server.yaml, variables of the environment (MAGICFLOW_…), and options (--help).
package main

import (
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/server"
)

func main() { os.Exit(server.MainOfFiles(os.Args[1:])) }
