package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Class runs the step class.
func (s *Steps) Class(ctx context.Context, input *kitchensink.ClassInput) (kitchensink.ClassOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
