package steps

import (
	"context"

	"workflows/paymentprocessing"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// ValidatePayment runs the step validate-payment.
func (s *Steps) ValidatePayment(ctx context.Context, input *paymentprocessing.ValidatePaymentInput) (*paymentprocessing.ValidatePaymentOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[paymentprocessing.ValidatePaymentOutput](), "{\"status\":\"success\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"transaction_id\":\"string\"}")
}
