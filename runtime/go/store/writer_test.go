package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// faulty fails as it is told to, and holds commits while its gate is shut.
type faulty struct {
	*Memory
	mutex   sync.Mutex
	fail    string
	gate    sync.Mutex
	batches []int
}

func (f *faulty) set(fail string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.fail = fail
}

func (f *faulty) Commit(writes []Write) error {
	f.gate.Lock()
	defer f.gate.Unlock()
	f.mutex.Lock()
	fail := f.fail
	f.batches = append(f.batches, len(writes))
	f.mutex.Unlock()
	if fail == "before" {
		return &Error{Message: "disk full"}
	}
	if fail == "bug" {
		panic("a defect of the store")
	}
	if err := f.Memory.Commit(writes); err != nil {
		return err
	}
	if fail == "after" {
		return &Error{Message: "timeout"}
	}
	return nil
}

// fates are what writes came to, in their order.
type fates struct {
	mutex sync.Mutex
	list  []error
}

func (f *fates) done(count int, err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for range count {
		f.list = append(f.list, err)
	}
}

func (f *fates) wait(t *testing.T, wanted int) []error {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		f.mutex.Lock()
		found := append([]error{}, f.list...)
		f.mutex.Unlock()
		if len(found) >= wanted {
			return found
		}
	}
	t.Fatal("the writer says nothing")
	return nil
}

func setting(name string) *Setting {
	value := "1"
	return &Setting{name, &value}
}

func TestWritesAreAcknowledgedInOrder(t *testing.T) {
	store, heard := &faulty{Memory: NewMemory()}, &fates{}
	writer := NewGroupWriter(store, heard.done)
	writer.Submit(begin("a"))
	for version := int64(2); version < 2_000; version++ {
		writer.Submit(advance("a", version))
	}
	for _, err := range heard.wait(t, 1_999) {
		if err != nil {
			t.Fatal(err)
		}
	}
	writer.Close()
	for _, size := range store.batches {
		if size > MaxBatch {
			t.Errorf("a batch of %d", size)
		}
	}
}

func TestWhatWaitsTogetherIsWrittenTogether(t *testing.T) {
	store, heard := &faulty{Memory: NewMemory()}, &fates{}
	writer := NewGroupWriter(store, heard.done)
	store.gate.Lock()
	for number := range 101 {
		writer.Submit(setting(fmt.Sprint(number)))
	}
	store.gate.Unlock()
	heard.wait(t, 101)
	writer.Close()
	if len(store.batches) > 3 {
		t.Errorf("%d transactions", len(store.batches))
	}
}

func TestAConflictRefusesOnlyItsOwnWrite(t *testing.T) {
	store, heard := &faulty{Memory: NewMemory()}, &fates{}
	store.gate.Lock()
	writer := NewGroupWriter(store, heard.done)
	for _, write := range []Write{begin("a"), advance("a", 7), begin("b"), advance("b", 2)} {
		writer.Submit(write)
	}
	store.gate.Unlock()
	found := heard.wait(t, 4)
	writer.Close()
	var conflict *Conflict
	if found[0] != nil || !errors.As(found[1], &conflict) || found[2] != nil || found[3] != nil {
		t.Errorf("%v", found)
	}
	same(t, versions(t, store, "b"), []int64{1, 2})
}

func TestNothingOvertakesAFailedBatch(t *testing.T) {
	for _, fault := range []string{"before", "after", "bug"} {
		t.Run(fault, func(t *testing.T) {
			store, heard := &faulty{Memory: NewMemory()}, &fates{}
			writer := NewGroupWriter(store, heard.done)
			store.set(fault)
			writer.Submit(begin("a"))
			heard.wait(t, 1)
			store.set("")
			writer.Submit(setting("small"))
			var failed *Error
			for _, err := range heard.wait(t, 2) {
				if !errors.As(err, &failed) {
					t.Error(err)
				}
			}
			if _, there, _ := store.Setting("small"); there {
				t.Error("a later write overtook the failed one")
			}
			writer.Resume()
			writer.Submit(setting("small"))
			if err := heard.wait(t, 3)[2]; err != nil {
				t.Error(err)
			}
			if _, there, _ := store.Setting("small"); !there {
				t.Error("the writer did not go on")
			}
			writer.Close()
		})
	}
}

func TestAFailureWhileSortingOutAConflictStopsTheRest(t *testing.T) {
	store := &failsThird{Memory: NewMemory()}
	heard := &fates{}
	failed := 0
	if CommitBatch(store, []Write{begin("a"), advance("a", 9), begin("b")}, heard.done, func(error) { failed++ }) {
		t.Error("the fate is not known")
	}
	var unknown *Error
	if heard.list[0] != nil || !errors.As(heard.list[1], &unknown) || !errors.As(heard.list[2], &unknown) || failed != 1 {
		t.Errorf("%v, failed %d times", heard.list, failed)
	}
	if row, _ := store.Run("b"); row != nil {
		t.Error("written behind a failure")
	}
}

// failsThird fails at the third commit, once: whoever went on behind it would succeed.
type failsThird struct {
	*Memory
	commits int
}

func (f *failsThird) Commit(writes []Write) error {
	if f.commits++; f.commits == 3 {
		return &Error{Message: "disk full"}
	}
	return f.Memory.Commit(writes)
}

func TestClosingWritesWhatIsQueued(t *testing.T) {
	store, heard := &faulty{Memory: NewMemory()}, &fates{}
	writer := NewGroupWriter(store, heard.done)
	store.gate.Lock()
	for number := range 10 {
		writer.Submit(setting(fmt.Sprint(number)))
	}
	store.gate.Unlock()
	writer.Close()
	if found := heard.wait(t, 10); len(found) != 10 {
		t.Errorf("%d of 10 were written", len(found))
	}
}
