package core

import (
	"errors"
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// Values that expressions give and executors send: evaluated, measured, checked. What
// cannot be used gives the error of the step or run; nil says that there is none.

// evaluate is the value of an expression, maybe absent, or EXPRESSION.
func evaluate(in *scope, expression *expr.Compiled, what string) (any, Error) {
	value, err := expression.Evaluate(&in.Scope)
	if err != nil {
		return nil, expressionError(in, err, what)
	}
	return value, nil
}

func expressionError(in *scope, err error, what string) Error {
	code := codeExpression
	if refused := (*expr.Error)(nil); errors.As(err, &refused) {
		code = refused.Code
	}
	return newError(code, what+": "+err.Error(), in.stepName())
}

// holds says whether a condition is true; null and absent are false. A value that is
// neither is EXPRESSION.
func holds(in *scope, condition *expr.Compiled, what string) (bool, Error) {
	is, err := condition.Holds(&in.Scope)
	if err != nil {
		return false, expressionError(in, err, what)
	}
	return is, nil
}

// valueOf is the value of an expression that is kept: null when absent, and within the
// limit. The error is EXPRESSION or LIMIT.
func (tx *transition) valueOf(in *scope, expression *expr.Compiled, what string) (any, Error) {
	value, failed := evaluate(in, expression, what)
	if failed != nil || value == absent {
		return nil, failed
	}
	if tx.isLarge(value) {
		return nil, tx.tooLarge(what, in.stepName())
	}
	return value, nil
}

// textOf is the value of an expression as interpolation prints it.
func (tx *transition) textOf(in *scope, expression *expr.Compiled, what string) (string, Error) {
	value, failed := tx.valueOf(in, expression, what)
	if failed != nil {
		return "", failed
	}
	text, err := expr.PrintText(value)
	if err != nil {
		return "", expressionError(in, err, what)
	}
	return text, nil
}

func (tx *transition) isLarge(value any) bool { return exceeds(value, tx.plan.Limits.ValueBytes) }

func (tx *transition) tooLarge(what, step string) Error {
	message := fmt.Sprintf("%s has more than %d bytes, or more than %d levels", what, tx.plan.Limits.ValueBytes, types.MaxDepth)
	return newError(codeLimit, message, step)
}

// unfit is VALIDATION for a value that a check refuses; `details` has every problem with
// its path. A nil check takes every value.
func unfit(check *types.Validator, value any, what string, step func() string) Error {
	if check == nil || check.Accepts(value) {
		return nil
	}
	problems := check.Check(value)
	if len(problems) == 0 {
		return nil
	}
	details := make([]any, len(problems))
	for index, each := range problems {
		details[index] = map[string]any{"path": each.Path, "code": each.Code, "message": each.Message}
	}
	place := problems[0].Path
	if place == "" {
		place = "/"
	}
	made := newError(codeValidation, what+" does not fit: "+place+": "+problems[0].Message, step())
	made["details"] = details
	return made
}

// nameless is the step of what the run itself does.
func nameless() string { return "" }
