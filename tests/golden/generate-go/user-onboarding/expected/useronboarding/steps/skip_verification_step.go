package steps

import (
	"context"

	"workflows/useronboarding"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// SkipVerification runs the step skip-verification.
func (s *Steps) SkipVerification(ctx context.Context, input *useronboarding.SkipVerificationInput) (useronboarding.SkipVerificationOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
