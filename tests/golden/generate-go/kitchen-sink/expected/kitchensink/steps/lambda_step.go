package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Lambda runs the step lambda.
func (s *Steps) Lambda(ctx context.Context, input *kitchensink.LambdaInput) (*kitchensink.LambdaOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[kitchensink.LambdaOutput](), "{\"code\":null}")
}
