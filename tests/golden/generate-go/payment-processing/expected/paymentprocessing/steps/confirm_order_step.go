package steps

import (
	"context"

	"workflows/paymentprocessing"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// ConfirmOrder runs the step confirm-order.
func (s *Steps) ConfirmOrder(ctx context.Context, input *paymentprocessing.ConfirmOrderInput) (*paymentprocessing.ConfirmOrderOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[paymentprocessing.ConfirmOrderOutput](), "{\"status\":\"success\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"transaction_id\":\"string\"}")
}
