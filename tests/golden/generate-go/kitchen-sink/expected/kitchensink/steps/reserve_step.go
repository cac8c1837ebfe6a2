package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Reserve runs the step reserve.
func (s *Steps) Reserve(ctx context.Context, input *kitchensink.ReserveInput) (*kitchensink.ReserveOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[kitchensink.ReserveOutput](), "{\"reservation\":null}")
}
