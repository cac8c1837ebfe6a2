package engine

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/store"
)

func TestTimersFireOnceAtOrAfterTheirTime(t *testing.T) {
	clock := NewVirtualClock()
	var fired []string
	zero := clock.Now()
	of := newTimers(clock, func(_, id string) { fired = append(fired, fmt.Sprint(id, " ", clock.Now()-zero)) })
	of.start("r", "b", zero+200)
	of.start("r", "a", zero+100)
	of.start("r", "close", zero+101)
	of.start("r", "gone", zero+150)
	of.start("r", "past", zero-5)
	of.cancel("r", "gone")
	of.cancel("r", "never there")
	clock.Advance(1_000, func() {})
	if want := []string{"past 0", "a 100", "close 101", "b 200"}; !reflect.DeepEqual(fired, want) {
		t.Error(fired)
	}
	fired = nil
	of.load(map[timerID]int64{{"r", "c"}: zero + 1_500, {"r", "d"}: zero + 900})
	clock.Advance(1_000, func() {})
	if want := []string{"d 1000", "c 1500"}; !reflect.DeepEqual(fired, want) || of.count() != 0 {
		t.Error(fired)
	}
}

// The clock counts, not the alarm: one that rings when the clock was put back fires nothing.
func TestAMovedClockNeverMakesATimerEarly(t *testing.T) {
	clock := NewVirtualClock()
	fired := 0
	of := newTimers(clock, func(string, string) { fired++ })
	of.start("r", "a", clock.Now()+100)
	clock.Jump(-3_600_000)
	of.ring()
	if fired != 0 {
		t.Error("early")
	}
	clock.Jump(3_600_000 + 100)
	of.ring()
	of.ring()
	if fired != 1 {
		t.Errorf("fired %d times", fired)
	}
}

// What was decided on a run of before a recovery is never written.
func TestWhatWasDecidedBeforeARecoveryIsNotWritten(t *testing.T) {
	h := newHarness(t, waits(t, 60_000)).open()
	old := h.start(&StartRequest{Workflow: "waits"})
	h.settle()
	epoch, _ := h.engine.pipeline.now()
	h.engine.unknown(&store.Error{Message: "once"})
	h.until("it has recovered", func() bool { return h.engine.State() == "open" })
	if h.engine.pipeline.write(epoch, &store.OutboxChange{}, pending{}) {
		t.Error("a write of an earlier epoch was taken")
	}
	before := h.row(old.ID()).Version
	run, err := h.engine.Find(old.ID())
	if err != nil || run == old || run.epoch == epoch {
		t.Fatal(run, err)
	}
	h.finish(run)
	if h.row(old.ID()).Version <= before {
		t.Error("the run does not go on")
	}
}
