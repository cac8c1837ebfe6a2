package server

import (
	"runtime"
	"testing"
)

func TestGoHasOneMoreProcessorUnlessTheEnvironmentSays(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	t.Setenv("GOMAXPROCS", "1")
	addProcessor()
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("the environment's is %d, now %d", before, now)
	}
	t.Setenv("GOMAXPROCS", "")
	addProcessor()
	if now := runtime.GOMAXPROCS(0); now != before+1 {
		t.Errorf("%d, then %d", before, now)
	}
}
