package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// DoA runs the step do-a.
func (s *Steps) DoA(ctx context.Context, input *kitchensink.DoAInput) (kitchensink.DoAOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
