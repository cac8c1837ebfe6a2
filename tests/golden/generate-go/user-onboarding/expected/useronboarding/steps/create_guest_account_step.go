package steps

import (
	"context"

	"workflows/useronboarding"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// CreateGuestAccount runs the step create-guest-account.
func (s *Steps) CreateGuestAccount(ctx context.Context, input *useronboarding.CreateGuestAccountInput) (*useronboarding.CreateGuestAccountOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[useronboarding.CreateGuestAccountOutput](), "{\"account_status\":\"active\",\"created_at\":\"2026-01-31T12:00:00Z\",\"user_id\":\"string\",\"verification_status\":\"verified\",\"welcome_email_sent\":true}")
}
