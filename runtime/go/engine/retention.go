package engine

import (
	"sync"

	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// mostErased is how many runs of one workflow and outcome one sweep erases.
const mostErased = 100

// retention erases what was kept long enough.
type retention struct {
	engine *Engine

	mutex sync.Mutex
	alarm Handle
}

// arm sweeps from now on, when a deployed workflow wants it.
func (r *retention) arm() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cancel()
	if r.engine.state.Load() != stateOpen {
		return // a sweep that ends behind the server's end
	}
	for _, deployed := range r.engine.catalog.All() {
		if kept := deployed.retention; kept.Completed != nil || kept.Failed != nil {
			at := r.engine.clock.Now() + r.engine.settings.Sweep.Milliseconds()
			r.alarm = r.engine.clock.CallAt(at, r.sweep)
			return
		}
	}
}

func (r *retention) clear() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cancel()
}

func (r *retention) cancel() {
	if r.alarm != nil {
		r.alarm.Cancel()
		r.alarm = nil
	}
}

func (r *retention) sweep() {
	engine := r.engine
	if engine.state.Load() != stateOpen {
		return
	}
	now := engine.clock.Now()
	for _, deployed := range engine.catalog.All() {
		for _, each := range []struct {
			kept     *int64
			statuses []string
		}{
			{deployed.retention.Completed, []string{"completed"}},
			{deployed.retention.Failed, []string{"failed", "timed_out", "cancelled"}},
		} {
			if each.kept == nil {
				continue
			}
			expired, err := engine.store.Expired(deployed.Plan.Name, each.statuses, now-*each.kept, mostErased)
			if err != nil {
				engine.unknown(err)
				return
			}
			for _, runID := range expired {
				engine.forget(runID)
			}
		}
	}
	r.arm()
}

// forget erases a run that has ended.
func (e *Engine) forget(runID string) bool {
	e.runs.dropID(runID)
	return e.pipeline.writeNow(&store.Erasure{RunID: runID}, pending{})
}
