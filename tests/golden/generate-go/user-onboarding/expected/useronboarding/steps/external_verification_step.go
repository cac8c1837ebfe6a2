package steps

import (
	"context"

	"workflows/useronboarding"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// ExternalVerification runs the step external-verification.
func (s *Steps) ExternalVerification(ctx context.Context, input *useronboarding.ExternalVerificationInput) (useronboarding.ExternalVerificationOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
