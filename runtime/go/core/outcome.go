package core

// completeRun evaluates and checks the output of a run that completes; one that fails or
// does not fit fails the run.
func (tx *transition) completeRun() {
	output, failed := tx.valueOf(newScope(tx, nil), tx.plan.Output, "the run's output")
	if failed == nil {
		failed = unfit(tx.plan.OutputCheck, output, "the run's output", nameless)
	}
	if failed != nil {
		tx.begin(outcome{status: statusFailed, err: failed, undo: true})
	} else {
		tx.begin(outcome{status: statusCompleted, output: output})
	}
}
