package steps

import (
	"context"

	"workflows/useronboarding"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// NotifyValidationError runs the step notify-validation-error.
func (s *Steps) NotifyValidationError(ctx context.Context, input *useronboarding.NotifyValidationErrorInput) (useronboarding.NotifyValidationErrorOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
