package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Card runs the step card.
func (s *Steps) Card(ctx context.Context, input *kitchensink.CardInput) (*kitchensink.CardOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[kitchensink.CardOutput](), "{\"id\":null}")
}
