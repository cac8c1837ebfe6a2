// Package scenario plays scenario files (*.scenario.yaml) against the functions of a
// project: what its generated tests use. docs/testing.md of magic-flow tells what is in a
// file.
//
// A run is the core in virtual time. What a scenario says goes wrong does; where it says
// that a step goes well, or nothing, the step's function does the work, but for the steps
// of the scenario's `stubs` and for http steps. What people answer, child runs end with
// and events bring is as the scenario says.
package scenario
