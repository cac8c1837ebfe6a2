package engine

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// The points at which a test can end the process, as a power cut would:
// MAGICFLOW_FAULT=<label>[:<n>] kills it with SIGKILL when it passes the label for the
// n-th time (default 1).
const (
	beforeWrite       = "before_write"       // a transition is decided, nothing is written
	beforeAcknowledge = "before_acknowledge" // written, and nobody has been told
	beforeDispatch    = "before_dispatch"    // acknowledged, its tasks have not been handed out
	beforeRecord      = "before_record"      // a task's result is there, and is not decided on
)

var faultLabels = []string{beforeWrite, beforeAcknowledge, beforeDispatch, beforeRecord}

// Faults ends the process at a labelled point; the zero value never does.
type Faults struct {
	label string
	left  atomic.Int64
}

// NewFaults reads "<label>[:<n>]", or "" for none.
func NewFaults(wanted string) (*Faults, error) {
	label, times, counted := strings.Cut(wanted, ":")
	faults := &Faults{label: label}
	faults.left.Store(1)
	if label != "" && !slices.Contains(faultLabels, label) {
		return nil, fmt.Errorf("MAGICFLOW_FAULT: %q is none of %s", label, strings.Join(faultLabels, ", "))
	}
	if counted {
		count, err := strconv.Atoi(times)
		if err != nil {
			return nil, fmt.Errorf("MAGICFLOW_FAULT: %q is no number", times)
		}
		faults.left.Store(int64(count))
	}
	return faults, nil
}

// FaultsOfEnvironment reads MAGICFLOW_FAULT.
func FaultsOfEnvironment() (*Faults, error) { return NewFaults(os.Getenv("MAGICFLOW_FAULT")) }

func (f *Faults) reach(label string) {
	if f.label == label && f.left.Add(-1) <= 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // nothing may happen between the signal and the end
	}
}
