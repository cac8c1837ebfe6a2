package steps

import (
	"context"

	"workflows/useronboarding"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// ValidateUser runs the step validate-user.
func (s *Steps) ValidateUser(ctx context.Context, input *useronboarding.ValidateUserInput) (*useronboarding.ValidateUserOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[useronboarding.ValidateUserOutput](), "{\"errors\":null,\"valid\":true}")
}
