package server

import (
	"os"
	"runtime"
	"sync"
)

// oneMoreProcessor has Go run one goroutine more at once than there are CPUs, unless
// the environment says how many (GOMAXPROCS).
//
// Who syncs the database spends half of its time inside the system call, and Go gives its
// place to another goroutine meanwhile. When the disk is done, everybody waits for that
// one to go on, and it would wait in turn until a place is free: on two busy CPUs as long
// as the sync itself has taken. With a place more it competes for a CPU at once, and the
// kernel favours it, since it has slept.
//
// From here on Go does not follow a CPU limit of the container that changes while the
// server runs, as it does by itself from 1.25 on.
var oneMoreProcessor = sync.OnceFunc(addProcessor)

func addProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
