// Package core is one pure function, Decide, and what goes with it: everything that a run
// does is decided here, and everything that touches the world is a driver of it.
// docs/core.md is the contract; the modules have the names that they have in Python.
package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// Plan is a workflow that is ready to run. Nothing changes it.
type Plan = plan.Executable

// LimitOverrides override a plan's own limits; zero overrides nothing.
type LimitOverrides = plan.Limits

// LoadPlan reads plan.json and makes it ready to run. It fails for a plan of another
// version and for JSON that is no plan; a plan of the compiler never fails. It does not
// ask whether the hash is the plan's: plan.Load does.
func LoadPlan(planJSON []byte, limits LimitOverrides) (*Plan, error) {
	return plan.LoadExecutable(planJSON, limits)
}
