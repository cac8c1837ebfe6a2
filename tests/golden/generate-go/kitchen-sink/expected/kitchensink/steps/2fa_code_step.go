package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Step2faCode runs the step 2fa-code.
func (s *Steps) Step2faCode(ctx context.Context, input *kitchensink.Type2faCodeInput) (*kitchensink.Type2faCodeOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[kitchensink.DefOutput](), "{\"code\":\"string\"}")
}
