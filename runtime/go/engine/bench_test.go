package engine

import (
	"context"
	"testing"
	"time"
)

// BenchmarkThreeSteps is start → three durable steps → result without HTTP, on SQLite
// with synchronous FULL.
func BenchmarkThreeSteps(b *testing.B) {
	for _, each := range []struct {
		name    string
		callers int
	}{{"1", 1}, {"64", 64}} {
		b.Run(each.name, func(b *testing.B) {
			of := sqlite(b)
			engine := openEngine(b, of, Options{}, threeSteps(b))
			b.ReportAllocs()
			b.SetParallelism((each.callers + 1) / 2)
			b.ResetTimer()
			b.RunParallel(func(loop *testing.PB) {
				for loop.Next() {
					run, _, err := engine.Begin(&StartRequest{Workflow: "three", Input: map[string]any{"n": 1.0}})
					if err == nil {
						run, err = engine.Wait(context.Background(), run, 30*time.Second)
					}
					if err != nil || !run.Ended() {
						b.Error("a run does not end", err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
		})
	}
}
