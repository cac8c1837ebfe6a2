package steps

import (
	"context"

	"workflows/paymentprocessing"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// ChargeCard runs the step charge-card.
func (s *Steps) ChargeCard(ctx context.Context, input *paymentprocessing.ChargeCardInput) (*paymentprocessing.ChargeCardOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[paymentprocessing.ChargeCardOutput](), "{\"status\":\"success\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"transaction_id\":\"string\"}")
}
