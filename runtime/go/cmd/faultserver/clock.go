package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

const (
	look    = 20 * time.Millisecond  // how often the file is read
	longest = 200 * time.Millisecond // a moved clock is noticed within that time
)

// movedClock is the wall clock plus as many milliseconds as a file says.
type movedClock struct {
	file  string
	moved atomic.Int64
}

func newMovedClock(file string) (*movedClock, error) {
	made := &movedClock{file: file}
	if err := made.read(); err != nil {
		return nil, err
	}
	go func() {
		for range time.Tick(look) {
			_ = made.read() // it is being written; the next look will do
		}
	}()
	return made, nil
}

func (m *movedClock) read() error {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	moved, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err == nil {
		m.moved.Store(moved)
	}
	return err
}

// Now is the moved time.
func (m *movedClock) Now() int64 { return time.Now().UnixMilli() + m.moved.Load() }

// CallAt may be early: who must not be looks at Now.
func (m *movedClock) CallAt(at int64, call func()) engine.Handle {
	delay := time.Duration(max(at-m.Now(), 0)) * time.Millisecond
	return alarm{time.AfterFunc(min(delay, longest), call)}
}

type alarm struct{ timer *time.Timer }

func (a alarm) Cancel() { a.timer.Stop() }
