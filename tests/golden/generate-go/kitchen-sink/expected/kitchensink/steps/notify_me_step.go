package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// NotifyMe runs the step notify-me.
func (s *Steps) NotifyMe(ctx context.Context, input *kitchensink.NotifyMeInput) (kitchensink.NotifyMeOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Any().Decode([]byte("null"))
}
