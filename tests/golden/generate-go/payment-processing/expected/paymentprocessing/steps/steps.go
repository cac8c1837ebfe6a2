// Package steps has the functions of the workflow payment-processing, one file for each step.
package steps

// Steps has what the functions work with: connections, clients, settings.
type Steps struct{}

// New makes it, once, when the program starts.
func New() *Steps {
	return &Steps{}
}
