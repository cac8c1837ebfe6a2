package steps

import (
	"context"

	"workflows/kitchensink"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Pack runs the step pack.
func (s *Steps) Pack(ctx context.Context, input *kitchensink.PackInput) (*kitchensink.PackOutput, error) {
	worker.Logger(ctx).Warn("this step is a stub: it gives an example")
	return mf.Example(mf.Of[kitchensink.PackOutput](), "{\"parcel\":null}")
}
