package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// verdict is what became of a failure: a rule took the run over, let the flow go on
// without outputs, or the block fails.
type verdict int

const (
	acted verdict = iota + 1
	goesOn
	fails
)

func isEnd(status string) bool {
	switch status {
	case statusCompleted, statusFailed, statusTimedOut, statusSkipped, statusCancelled, statusCompensated:
		return true
	}
	return false
}

// afterStep: a step ended completed, skipped or ignored. It tries the outcome rules that
// read it and of whose steps all have ended, and gives true when one took the run over.
func (tx *transition) afterStep(frame *Frame, node *plan.Node) bool {
	if len(node.Rules) == 0 || tx.run.Phase != PhaseRunning {
		return false
	}
	for _, rule := range node.Rules {
		if !tx.haveEnded(frame.Scope, rule.Reads) {
			continue
		}
		if message := tx.match(rule, newScope(tx, frame)); message != nil {
			return tx.act(rule, message, frame, nil) == acted
		}
	}
	return false
}

func (tx *transition) haveEnded(prefix string, steps []string) bool {
	for _, name := range steps {
		if row := tx.findStep(prefix, name); row == nil || !isEnd(row.Status) {
			return false
		}
	}
	return true
}

// afterFailure: a step failed and nothing of its own answered. It tries every rule, in
// order; an outermost rule waits until the failure has come up to the root block.
func (tx *transition) afterFailure(frame *Frame, err Error) verdict {
	if tx.run.Phase != PhaseRunning {
		return fails
	}
	for _, rule := range tx.plan.Rules {
		if rule.Outermost && frame.Parent != root {
			continue
		}
		if message := tx.match(rule, newScope(tx, frame).withError(err)); message != nil {
			return tx.act(rule, message, frame, err)
		}
	}
	return fails
}

// words are what a rule says: its message where it has one, and its details.
type words struct {
	message    string
	hasMessage bool
	details    any
}

// match gives the words of a rule that matches, nil for one that does not. A rule whose
// expressions fail does not match; the error is recorded.
func (tx *transition) match(rule *plan.Rule, in *scope) *words {
	is, failed := holds(in, rule.When, "the rule's condition")
	if failed == nil && !is {
		return nil
	}
	said := &words{}
	if failed == nil && rule.Action.Message != nil {
		said.hasMessage = true
		said.message, failed = tx.textOf(in, rule.Action.Message, "the rule's message")
	}
	if failed == nil && rule.Action.Details != nil {
		said.details, failed = tx.valueOf(in, rule.Action.Details, "the rule's details")
	}
	if failed != nil {
		tx.record(HistoryRow{Type: "rule_error", Error: failed, Words: &Words{Rule: rule.ID}})
		return nil
	}
	return said
}

func (tx *transition) act(rule *plan.Rule, said *words, frame *Frame, err Error) verdict {
	action := &rule.Action
	tx.record(HistoryRow{Type: "rule_matched", Path: frame.Path, Words: &Words{Rule: rule.ID, Action: action.Type}})
	switch action.Type {
	case "continue":
		return goesOn
	case "block_fails":
		return fails
	case "goto":
		tx.jump(rule, frame, err)
		return acted
	}
	with := ruleOutcome(rule, said, err)
	tx.run.FailedAt = tx.rootNode(frame)
	switch {
	case action.Type == "fail":
		tx.begin(outcome{status: statusFailed, err: with})
	case action.Body == nil:
		tx.begin(outcome{status: statusFailed, err: with, undo: true})
	default:
		var errors []Error
		if err != nil {
			errors = []Error{err}
		}
		tx.handle(action.Body, errors, &Then{Status: statusFailed, Error: with})
	}
	return acted
}

// ruleOutcome is the error with which a rule ends the run.
func ruleOutcome(rule *plan.Rule, said *words, err Error) Error {
	if rule.Action.KeepError && err != nil {
		return err
	}
	text := said.message
	if !said.hasMessage {
		text = "the failure rule " + rule.ID + " ended the run"
		if err != nil {
			text = asText(err["message"])
		}
	}
	made := newError(rule.Action.Code, text, "")
	if said.details != nil {
		made["details"] = said.details
	}
	if err != nil {
		made["cause"] = err
	}
	return made
}

// jump leaves everything in the root block for one of its nodes, which sees the error:
// that of the failure, or for an outcome one that says which rule it was.
func (tx *transition) jump(rule *plan.Rule, frame *Frame, err Error) {
	target, failed := rule.Action.Target, tx.rootNode(frame)
	if err == nil {
		err = newError(codeWorkflowError, "the failure rule "+rule.ID+" matched", tx.node(frame).Step)
	}
	tx.dropOps()
	tx.dropChildren(tx.openFrame(root))
	tx.push(op{
		node: target, parent: root, path: partPath(root, partOf(target.ID, root)),
		extra: extra{errors: []Error{err}, failed: failed},
	})
}
