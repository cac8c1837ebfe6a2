package store

import (
	"sync/atomic"
	"time"
)

const (
	// checkpointPause is the time between two checkpoints while there is something to
	// write.
	checkpointPause = 250 * time.Millisecond
	// longLog is the pages of the log (32 MiB) beyond which the writer helps to start it
	// anew.
	longLog = 8_192
)

// checkpoints moves the write-ahead log into the file, aside from commits: a checkpoint
// writes pages all over the file and waits for the disk, and inside a commit, as SQLite
// does it by itself, everybody who waits for that commit waits for it too.
//
// The log starts anew when a checkpoint has reached its end and nothing was written since.
// While commits follow each other closely that never happens; so when the log has become
// long, the writer does the rest itself, which then is short.
type checkpoints struct {
	path    string
	written chan struct{}
	closing chan struct{}
	ended   chan struct{}
	long    atomic.Bool
}

func newCheckpoints(path string) *checkpoints {
	c := &checkpoints{path, make(chan struct{}, 1), make(chan struct{}), make(chan struct{}), atomic.Bool{}}
	go c.work()
	return c
}

// committed: something was written. The writer calls it after the commit.
func (c *checkpoints) committed(writer *connection) {
	select {
	case c.written <- struct{}{}:
	default:
	}
	if c.long.CompareAndSwap(true, false) {
		_, _ = writer.checkpoint("PASSIVE")
	}
}

func (c *checkpoints) close() {
	close(c.closing)
	<-c.ended
}

func (c *checkpoints) work() {
	defer close(c.ended)
	var own *connection
	defer func() {
		if own != nil {
			own.close()
		}
	}()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-c.written:
		case <-c.closing:
			return
		}
		pause.Reset(checkpointPause)
		select {
		case <-pause.C:
		case <-c.closing:
			return
		}
		var err error
		if own == nil {
			own, err = connect(c.path)
		}
		var done checkpoint
		if err == nil {
			done, err = own.checkpoint("PASSIVE")
		}
		if err != nil {
			// a disk that is full or fails: commits tell of it, and the log keeps everything
			// until a later checkpoint works
			if own != nil {
				own.close()
				own = nil
			}
			continue
		}
		c.long.Store(done.pages > longLog)
	}
}

// checkpoint is what SQLite says of one: whether somebody was in its way, and how many
// pages the log has.
type checkpoint struct {
	blocked bool
	pages   int64
}

func (c *connection) checkpoint(mode string) (done checkpoint, err error) {
	err = c.query("PRAGMA wal_checkpoint("+mode+")", nil, func(row *statement) {
		done = checkpoint{row.columnInt(0) != 0, row.columnInt(1)}
	})
	return done, err
}
