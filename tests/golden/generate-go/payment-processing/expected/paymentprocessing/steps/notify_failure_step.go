package steps

import (
	"context"

	"workflows/paymentprocessing"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// NotifyFailure runs the step notify-failure.
func (s *Steps) NotifyFailure(ctx context.Context, input *paymentprocessing.NotifyFailureInput) (paymentprocessing.NotifyFailureOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
