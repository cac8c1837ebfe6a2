package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Validate runs the step validate. Checks the order; """ quotes.
func (s *Steps) Validate(ctx context.Context, input *kitchensink.ValidateInput) (*kitchensink.ValidateOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[kitchensink.CheckOutput](), "{\"ok\":true,\"score\":1.5}")
}
