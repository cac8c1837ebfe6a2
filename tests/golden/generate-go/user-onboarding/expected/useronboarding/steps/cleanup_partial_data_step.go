package steps

import (
	"context"

	"workflows/useronboarding"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// CleanupPartialData runs the step cleanup-partial-data.
func (s *Steps) CleanupPartialData(ctx context.Context, input *useronboarding.CleanupPartialDataInput) (useronboarding.CleanupPartialDataOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
