package steps

import (
	"context"

	"workflows/paymentprocessing"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// RollbackPayment runs the step rollback-payment.
func (s *Steps) RollbackPayment(ctx context.Context, input *paymentprocessing.RollbackPaymentInput) (paymentprocessing.RollbackPaymentOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
