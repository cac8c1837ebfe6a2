package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// DoOther runs the step do-other.
func (s *Steps) DoOther(ctx context.Context, input *kitchensink.DoOtherInput) (kitchensink.DoOtherOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
