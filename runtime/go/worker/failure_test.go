package worker

import (
	"fmt"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

func TestAResultThatDoesNotFitIsNeverRetried(t *testing.T) {
	unfit := &unfitError{[]types.Problem{{Path: "/n", Code: "minimum", Message: "the number is not at least 1"}}}
	wire := wireErrorOf(fmt.Errorf("wrapped: %w", unfit))
	if wire.Code != "VALIDATION" || wire.Retryable == nil || *wire.Retryable {
		t.Errorf("%+v", wire)
	}
	if wire.Message != "the result does not fit: /n: the number is not at least 1" {
		t.Error(wire.Message)
	}
	if string(wire.Details) != `[{"path":"/n","code":"minimum","message":"the number is not at least 1"}]` {
		t.Error(string(wire.Details))
	}
}
