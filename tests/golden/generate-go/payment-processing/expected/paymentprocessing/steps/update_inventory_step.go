package steps

import (
	"context"

	"workflows/paymentprocessing"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// UpdateInventory runs the step update-inventory.
func (s *Steps) UpdateInventory(ctx context.Context, input *paymentprocessing.UpdateInventoryInput) (*paymentprocessing.UpdateInventoryOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[paymentprocessing.UpdateInventoryOutput](), "{\"status\":\"success\",\"timestamp\":\"2026-01-31T12:00:00Z\",\"transaction_id\":\"string\"}")
}
